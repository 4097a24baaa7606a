"""Recordings of Azure Kinect and of Orbbec's cameras like it: Matroska, .mkv, with depth that is not compressed.

The lens is taken for a pinhole. Its distortion is not undone: 3 % of the distance from the middle, 17° beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.recordings.matroska import Matroska, Track, read_matroska
from lsps_core.data.recordings.source import Recording
from lsps_core.errors import LspsError
from lsps_core.files import parse_json, require_file

_KIND, _REMEDY = "a Matroska file", "give an .mkv of an Azure Kinect"
_TRACK, _CALIBRATION, _LENS = "DEPTH", "calibration.json", "CALIBRATION_CameraLocationD0"
_GREY_16 = b"b16g"
"""16 bits, the higher byte first."""
_MODES = {
    (640, 576): (1024, (192, 180)),
    (320, 288): (512, (96, 90)),
    (512, 512): (512, (0, 0)),
    (1024, 1024): (1024, (0, 0)),
}
"""By width and height: the size of the sensor's image, and where in there the recorded one begins."""
_MOST_TIME_NS = 1e18


@dataclass(frozen=True, kw_only=True, eq=False)
class AzureKinectRecording(Recording):
    """An .mkv. places [N, 2]: the first byte of each image, and its length."""

    places: npt.NDArray[np.int64]

    @classmethod
    def open(cls, path: Path) -> AzureKinectRecording:
        """LspsError, in one line, if it is not a recording of depth, or is damaged."""
        path = Path(path)
        found = read_matroska(path, _KIND, _REMEDY)
        track = _depth_track(path, found)
        size_px = track.number("width"), track.number("height")
        blocks = np.array(sorted(track.blocks), dtype=np.int64)
        times_ns = (blocks[:, 0] - blocks[0, 0]).astype(np.float64) * found.tick_ns
        if not times_ns[-1] < _MOST_TIME_NS:
            raise LspsError(f"{path} has impossible times", "record it again")
        return cls(
            path=path,
            camera=_camera(path, found, size_px),
            unit_mm=1.0,
            size_px=size_px,
            times_s=times_ns / 1e9,
            places=blocks[:, 1:],
        )

    def _read(self, index: int, name: str) -> npt.NDArray[np.uint16]:
        start, length = map(int, self.places[index])
        width, height = self.size_px
        if length != 2 * width * height:
            raise LspsError(f"{name} is not a depth image ({length} bytes)", "record it again")
        try:
            require_file(self.path)
            with self.path.open("rb") as file:
                file.seek(start)
                content = file.read(length)
        except OSError as error:
            raise LspsError(f"{name} cannot be read ({error.strerror})", "check who may access it") from error
        if len(content) < length:
            raise LspsError(f"{name} is cut off", "copy it again, or record it again")
        return np.frombuffer(content, ">u2").reshape(height, width).astype(np.uint16)


def _depth_track(path: Path, found: Matroska) -> Track:
    track = next((track for track in found.tracks if track.text("name") == _TRACK), None)
    if track is None or not track.blocks:
        raise LspsError(f"{path} has no depth images of an Azure Kinect", "record the depth stream")
    if track.values.get("private", b"")[16:20] != _GREY_16:
        raise LspsError(f"{path} has depth in a format that is not 16-bit grey", "record it again")
    return track


def _camera(path: Path, found: Matroska, size_px: tuple[int, int]) -> Camera:
    """From the calibration, which is in shares of the sensor's image."""
    if size_px not in _MODES:
        sizes = ", ".join(f"{width} x {height}" for width, height in _MODES)
        what = f"{path} has depth of {size_px[0]} x {size_px[1]}, which no mode of an Azure Kinect has"
        raise LspsError(what, f"record {sizes}")
    side, (left, top) = _MODES[size_px]
    try:
        content = found.attachments[_CALIBRATION].rstrip(b"\0").decode()
        cx, cy, fx, fy = _lens(parse_json(content))
        return Camera(fx=fx * side, fy=fy * side, cx=cx * side - left - 0.5, cy=cy * side - top - 0.5)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        why = " ".join(str(error).split())[:100]
        raise LspsError(f"{path} does not say which camera recorded it ({why})", "record it again") from error


def _lens(calibration: Any) -> tuple[float, float, float, float]:
    """cx, cy, fx, fy of the depth camera."""
    for camera in calibration["CalibrationInformation"]["Cameras"]:
        if camera["Location"] == _LENS:
            cx, cy, fx, fy = map(float, camera["Intrinsics"]["ModelParameters"][:4])
            return cx, cy, fx, fy
    raise ValueError("no depth camera in its calibration")
