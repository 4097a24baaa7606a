"""Which files are recordings or depth images, and who reads them. Imports the readers when they are needed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lsps_core.errors import LspsError

if TYPE_CHECKING:
    from lsps_core.data.recordings.source import Recording

_READERS = {
    ".db3": "realsense:RealSenseRecording",
    ".bag": "realsense_bag:RealSenseBag",
    ".mkv": "azure_kinect:AzureKinectRecording",
}
"""Modules beside this one, and their classes."""
RECORDING_SUFFIXES = tuple(_READERS)
_PICTURES = (".png", ".npy", ".tif", ".tiff")


def is_recording(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in RECORDING_SUFFIXES


def open_recording(path: Path) -> Recording:
    """LspsError, in one line, if it is not a recording of depth, or is damaged."""
    module, _, name = _READERS[path.suffix.lower()].partition(":")
    reader: type[Recording] = getattr(import_module(f"lsps_core.data.recordings.{module}"), name)
    return reader.open(path)


def depth_files(paths: Iterable[Path]) -> list[Path]:
    """The files, and all depth images and recordings (by their names) in the folders among them.

    LspsError for a folder without any, or that cannot be read.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        suffixes = (*_PICTURES, *RECORDING_SUFFIXES)
        try:
            inside = sorted(file for file in path.iterdir() if file.suffix.lower() in suffixes)
        except OSError as error:
            raise LspsError(f"{path} cannot be read ({error.strerror})", "check who may access it") from error
        if not inside:
            raise LspsError(f"{path} has no depth images or recordings ({' '.join(suffixes)})", "give another folder")
        found += inside
    return found
