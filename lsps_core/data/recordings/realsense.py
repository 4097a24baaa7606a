"""Recordings of Intel's RealSense SDK: ROS 2 bags in SQLite, .db3, with depth as 16-bit PNG or uncompressed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.importing.pictures import decode_png
from lsps_core.data.recordings.ros2_bag import Bag, Cdr, Topic, open_bag
from lsps_core.data.recordings.source import DepthFrame, Recorded
from lsps_core.errors import LspsError

DB3_SUFFIX = ".db3"
_DEPTH = re.compile(r"(/device_\d+/sensor_\d+)/Depth_\d+/image/data(/compressedDepth)?")
_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 1024
"""Of a compressed message, before its PNG; about 60 are in use."""
_MOST_UNIT_MM = 100.0
_ENCODINGS = ("mono16", "16UC1")


@dataclass(frozen=True, kw_only=True, eq=False)
class RealSenseRecording(Recorded):
    """A recording; it keeps no file open, so that frames can be read in any thread or process.

    size_px: width and height. times_s [N]: since the first frame. rows [N]: the messages of the frames.
    """

    path: Path
    camera: Camera
    unit_mm: float
    size_px: tuple[int, int]
    times_s: npt.NDArray[np.float64]
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
        return cls(
            path=path,
            camera=camera,
            unit_mm=unit_mm,
            size_px=size_px,
            times_s=(times.astype(np.float64) - float(times[0])) / 1e9,
            rows=rows,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def name(self, index: int) -> str:
        return f"{self.path.name} {index + 1}"

    def counts(self, index: int) -> npt.NDArray[np.uint16]:
        """The image [H, W] as it was recorded; LspsError, in one line, if it cannot be read."""
        with open_bag(self.path) as bag:
            message = bag.message(int(self.rows[index]))
        name = f"{self.path}, frame {index + 1},"
        counts = _decode(message, name)
        if counts.shape != self.size_px[::-1]:
            raise LspsError(f"{name} has the shape {list(counts.shape)}, not that of its camera", "record it again")
        return counts

    def frame(self, index: int) -> DepthFrame:
        return DepthFrame(
            counts=self.counts(index),
            unit_mm=self.unit_mm,
            camera=self.camera,
            time_s=float(self.times_s[index]),
            name=self.name(index),
        )


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
        unit_mm = float(text) * 1000
    except ValueError:
        unit_mm = 0.0
    if not 0 < unit_mm < _MOST_UNIT_MM:
        raise LspsError(f"{path} does not say what unit its depth has ({text[:40]!r})", "record it again")
    return unit_mm


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
    height, width, encoding = fields.number(), fields.number(), fields.text()
    order, step, data = (">u2" if fields.byte() else "<u2"), fields.number(), fields.block()
    if encoding not in _ENCODINGS or step < 2 * width or step % 2 or len(data) != step * height:
        raise ValueError(f"{width} x {height}, {encoding[:20]!r}, {len(data)} bytes")
    return np.frombuffer(data, order).reshape(height, step // 2)[:, :width].astype(np.uint16)
