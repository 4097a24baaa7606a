"""Simulate or import hand depth data, train the tri-domain model, evaluate it and generate from it. No Qt."""

__version__ = "0.1.0"
