"""What each stage of a training does in a step."""
