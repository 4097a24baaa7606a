"""A run's folder, known without torch: names of its files, its lock, its record of events."""
