"""The workspaces, by the names that the window shows and the preferences keep."""

from __future__ import annotations

EXPLORE, INSPECT, TRAIN = "Explore", "Inspect", "Train"
