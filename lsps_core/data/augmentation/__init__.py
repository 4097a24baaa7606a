"""What a batch of crops may be changed by before a network reads it, on its device."""
