"""Which files are recordings, and who reads them. Imports the readers when they are needed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsps_core.data.recordings.source import Recording

_READERS = {".db3": "realsense:RealSenseRecording", ".bag": "realsense_bag:RealSenseBag"}
"""Modules beside this one, and their classes."""
RECORDING_SUFFIXES = tuple(_READERS)


def is_recording(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in RECORDING_SUFFIXES


def open_recording(path: Path) -> Recording:
    """LspsError, in one line, if it is not a recording of depth, or is damaged."""
    module, _, name = _READERS[path.suffix.lower()].partition(":")
    reader: type[Recording] = getattr(import_module(f"lsps_core.data.recordings.{module}"), name)
    return reader.open(path)
