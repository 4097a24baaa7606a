"""Which files are recordings, and who reads them. Imports the readers when they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsps_core.data.recordings.realsense import RealSenseRecording

RECORDING_SUFFIXES = (".db3",)


def is_recording(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in RECORDING_SUFFIXES


def open_recording(path: Path) -> RealSenseRecording:
    """LspsError, in one line, if it is not a recording of depth, or is damaged."""
    from lsps_core.data.recordings.realsense import RealSenseRecording

    return RealSenseRecording.open(path)
