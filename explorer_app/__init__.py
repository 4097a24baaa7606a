"""The desktop app over `lsps_core`."""
