"""Recordings of Azure Kinect and of Orbbec's cameras like it: Matroska, .mkv, with depth that is not compressed.

The distortion of the lens is undone, so that images are those of a pinhole: 14° beside the middle it moves a hand by
2.5 px and makes it 6 % shorter.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.recordings.lens import Lens
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
_NUMBERS = 14
_LEAST_RADIUS, _USUAL_RADIUS = 1e-4, 1.7
"""0 stands for one that was not measured, as in the SDK, which takes that of 120° then."""
_MOST_TIME_NS = 1e18


@dataclass(frozen=True, kw_only=True, eq=False)
class AzureKinectRecording(Recording):
    """An .mkv. lens: what the images were recorded through. places [N, 2]: the first byte of each, and its length."""

    lens: Lens
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
        lens = _lens(path, found, size_px)
        return cls(
            path=path,
            camera=lens.camera,
            lens=lens,
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
        return self.lens.undistorted(np.frombuffer(content, ">u2").reshape(height, width).astype(np.uint16))


def _depth_track(path: Path, found: Matroska) -> Track:
    track = next((track for track in found.tracks if track.text("name") == _TRACK), None)
    if track is None or not track.blocks:
        raise LspsError(f"{path} has no depth images of an Azure Kinect", "record the depth stream")
    if track.values.get("private", b"")[16:20] != _GREY_16:
        raise LspsError(f"{path} has depth in a format that is not 16-bit grey", "record it again")
    return track


def _lens(path: Path, found: Matroska, size_px: tuple[int, int]) -> Lens:
    """From the calibration, which is in shares of the sensor's image."""
    if size_px not in _MODES:
        sizes = ", ".join(f"{width} x {height}" for width, height in _MODES)
        what = f"{path} has depth of {size_px[0]} x {size_px[1]}, which no mode of an Azure Kinect has"
        raise LspsError(what, f"record {sizes}")
    side, (left, top) = _MODES[size_px]
    try:
        content = found.attachments[_CALIBRATION].rstrip(b"\0").decode()
        (cx, cy, fx, fy, *radial, x0, y0, p2, p1), radius = _parameters(parse_json(content))
        return Lens(
            camera=Camera(fx=fx * side, fy=fy * side, cx=cx * side - left - 0.5, cy=cy * side - top - 0.5),
            radial=tuple(radial),  # type: ignore[arg-type]  # six of the fourteen
            tangential=(p1, p2),
            center=(x0, y0),
            radius=radius,
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        why = " ".join(str(error).split())[:100]
        raise LspsError(f"{path} does not say which camera recorded it ({why})", "record it again") from error


def _parameters(calibration: Any) -> tuple[list[float], float]:
    """The fourteen numbers of the depth camera, and up to which radius they are valid."""
    for camera in calibration["CalibrationInformation"]["Cameras"]:
        if camera["Location"] == _LENS:
            numbers = [float(number) for number in camera["Intrinsics"]["ModelParameters"][:_NUMBERS]]
            if len(numbers) < _NUMBERS:
                raise ValueError("its depth camera has too few numbers")
            radius = float(camera.get("MetricRadius", 0))
            return numbers, radius if radius > _LEAST_RADIUS else _USUAL_RADIUS
    raise ValueError("no depth camera in its calibration")
