"""A run's folder, without torch: its file names, its lock, its record of events."""
