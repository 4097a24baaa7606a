"""Teach a model the hands and the camera of a few annotated frames."""
