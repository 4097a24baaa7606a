"""The kinds of cameras that can be opened. Imports nothing: the command line and the menus need it at the start."""

CAMERAS = {"realsense": "RealSense"}
"""Titles by the names of the command line."""
