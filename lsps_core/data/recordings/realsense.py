"""Recordings of Intel's RealSense SDK: ROS 2 bags in SQLite, .db3, with depth as 16-bit PNG or uncompressed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.importing.pictures import decode_png
from lsps_core.data.recordings.ros2_bag import Bag, Topic, open_bag
from lsps_core.data.recordings.ros_messages import Cdr, checked_unit_mm, image_of
from lsps_core.data.recordings.source import Recording
from lsps_core.errors import LspsError

_DEPTH = re.compile(r"(/device_\d+/sensor_\d+)/Depth_\d+/image/data(/compressedDepth)?")
_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 1024
"""Of a compressed message, before its PNG; about 60 are in use."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RealSenseRecording(Recording):
    """A .db3. rows [N]: the messages of the frames."""

    rows: npt.NDArray[np.int64]

    @classmethod
    def open(cls, path: Path) -> RealSenseRecording:
        """LspsError, in one line, if it is not a recording of depth, or is damaged."""
        path = Path(path)
        with open_bag(path) as bag:
            topics = bag.topics()
            name, found = _depth_messages(path, bag, topics)
            stream = name.partition("/image/")[0]
            camera, size_px = _camera(path, bag, topics, f"{stream}/camera_info")
            unit_mm = _unit_mm(path, bag, topics, f"{stream.rpartition('/')[0]}/option/Depth_Units/value")
        times, rows = np.array(found, dtype=np.int64).T
        times_s = (times.astype(np.float64) - float(times[0])) / 1e9
        return cls(path=path, camera=camera, unit_mm=unit_mm, size_px=size_px, times_s=times_s, rows=rows)

    def _read(self, index: int, name: str) -> npt.NDArray[np.uint16]:
        with open_bag(self.path) as bag:
            message = bag.message(int(self.rows[index]))
        return _decode(message, name)


def _depth_messages(path: Path, bag: Bag, topics: dict[str, Topic]) -> tuple[str, list[tuple[int, int]]]:
    """The first stream of depth that has messages: its topic, and (time, row) of each message."""
    for name in sorted(filter(_DEPTH.fullmatch, topics)):
        found = bag.times(topics[name])
        if found:
            return name, found
    raise LspsError(f"{path} has no depth images", "record the depth stream, with the RealSense SDK 2.58 or newer")


def _text(bag: Bag, topics: dict[str, Topic], name: str) -> str:
    """The only text of a topic; "" if there is none."""
    return Cdr(bag.first(topics[name])).text() if name in topics else ""


def _camera(path: Path, bag: Bag, topics: dict[str, Topic], name: str) -> tuple[Camera, tuple[int, int]]:
    """The camera, and width and height of its images; the message is "width=640;height=480;fx=…;fy=…;ppx=…;ppy=…"."""
    values = dict(part.partition("=")[::2] for part in _text(bag, topics, name).split(";"))
    try:
        fx, fy, cx, cy = (float(values[key]) for key in ("fx", "fy", "ppx", "ppy"))
        width, height = (int(values[key][:6]) for key in ("width", "height"))
        return Camera(fx=fx, fy=fy, cx=cx, cy=cy), (width, height)
    except (KeyError, ValueError) as error:
        raise LspsError(f"{path} does not say which camera recorded it ({error})", "record it again") from error


def _unit_mm(path: Path, bag: Bag, topics: dict[str, Topic], name: str) -> float:
    """From the message, which is in metres."""
    text = _text(bag, topics, name)
    try:
        metres = float(text)
    except ValueError:
        metres = 0.0
    return checked_unit_mm(path, metres, text)


def _decode(message: bytes, name: str) -> npt.NDArray[np.uint16]:
    start = message.find(_PNG, 0, _HEADER_BYTES)
    if start >= 0:
        return decode_png(message[start:], name)
    try:
        return _image(Cdr(message))
    except ValueError as error:
        raise LspsError(f"{name} is not a depth image ({error})", "record it again") from error


def _image(fields: Cdr) -> npt.NDArray[np.uint16]:
    """An uncompressed `sensor_msgs/Image`."""
    fields.number(), fields.number(), fields.text()  # its time and the name of its coordinates
    return image_of(fields)
