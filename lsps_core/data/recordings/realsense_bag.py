"""Recordings of older versions of Intel's RealSense SDK: ROS 1 bags, .bag, with depth that is not compressed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.recordings.ros1_bag import BagFile, Places, open_bag
from lsps_core.data.recordings.ros_messages import Fields, checked_unit_mm, image_of
from lsps_core.data.recordings.source import Recording
from lsps_core.errors import LspsError

_DEPTH = re.compile(r"(/device_\d+/sensor_\d+)/Depth_\d+/image/data")
_UNITS = ("Depth Units", "Depth_Units")
_DIGITS = 7
"""Of the unit, which is a float32 in metres."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RealSenseBag(Recording):
    """A .bag. places [N, 2]: the chunks of the frames' messages, and where they are in there."""

    places: npt.NDArray[np.int64]

    @classmethod
    def open(cls, path: Path) -> RealSenseBag:
        """LspsError, in one line, if it is not a recording of depth, or is damaged."""
        path = Path(path)
        with open_bag(path) as bag:
            topics = bag.topics()
            name = next((name for name in sorted(filter(_DEPTH.fullmatch, topics)) if len(topics[name])), None)
            if name is None:
                raise LspsError(f"{path} has no depth images of a RealSense camera", "record the depth stream")
            stream = name.removesuffix("/image/data")
            camera, size_px = _camera(path, bag, topics.get(f"{stream}/info/camera_info"))
            options = f"{stream.rpartition('/')[0]}/option"
            unit = next(filter(None, (_first(bag, topics.get(f"{options}/{each}/value")) for each in _UNITS)), b"")
        times = topics[name][:, 0].astype(np.float64)
        return cls(
            path=path,
            camera=camera,
            unit_mm=_unit_mm(path, unit),
            size_px=size_px,
            times_s=(times - times[0]) / 1e9,
            places=topics[name][:, 1:],
        )

    def _read(self, index: int, name: str) -> npt.NDArray[np.uint16]:
        chunk, offset = map(int, self.places[index])
        with open_bag(self.path) as bag:
            fields = Fields(bag.message(chunk, offset))
        try:
            _skip_header(fields)
            return image_of(fields)
        except ValueError as error:
            raise LspsError(f"{name} is not a depth image ({error})", "record it again") from error


def _first(bag: BagFile, places: Places | None) -> bytes:
    """The first message of a topic; b"" if there is none."""
    return b"" if places is None or not len(places) else bag.message(int(places[0, 1]), int(places[0, 2]))


def _skip_header(fields: Fields) -> None:
    fields.number(), fields.number(), fields.number(), fields.text()  # number, time, and the name of its coordinates


def _camera(path: Path, bag: BagFile, places: Places | None) -> tuple[Camera, tuple[int, int]]:
    """The camera, and width and height of its images, from a `sensor_msgs/CameraInfo`."""
    fields = Fields(_first(bag, places))
    try:
        _skip_header(fields)
        height, width, _model = fields.number(), fields.number(), fields.text()
        fields.doubles(fields.number())  # of its distortion
        fx, _, cx, _, fy, cy, *_ = fields.doubles(9)
        return Camera(fx=fx, fy=fy, cx=cx, cy=cy), (width, height)
    except ValueError as error:
        raise LspsError(f"{path} does not say which camera recorded it ({error})", "record it again") from error


def _unit_mm(path: Path, message: bytes) -> float:
    metres = Fields(message).float32() if len(message) == 4 else 0.0
    return checked_unit_mm(path, float(f"{metres:.{_DIGITS}g}"), f"{metres:g}")
