"""The serialised messages of ROS 1 and ROS 2: their fields, and the depth images among them."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from lsps_core.errors import LspsError

_ENCODINGS = ("mono16", "16UC1")
_MOST_UNIT_MM = 100.0


class Fields:
    """Reads the fields of a message one after the other; ValueError beyond its end. As they are in ROS 1."""

    _order = "<"
    _alignment = 1

    def __init__(self, message: bytes) -> None:
        self._data = memoryview(message)
        self._at = 0

    def number(self) -> int:
        """Of 32 bits."""
        self._at += -self._at % self._alignment
        value: int = struct.unpack(f"{self._order}I", self._take(4))[0]
        return value

    def byte(self) -> int:
        return self._take(1)[0]

    def float32(self) -> float:
        value: float = struct.unpack(f"{self._order}f", self._take(4))[0]
        return value

    def doubles(self, count: int) -> tuple[float, ...]:
        return struct.unpack(f"{self._order}{count}d", self._take(8 * count))

    def block(self) -> memoryview:
        return self._take(self.number())

    def text(self) -> str:
        return bytes(self.block()).rstrip(b"\0").decode(errors="replace")

    def _take(self, count: int) -> memoryview:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise ValueError("a message is cut off")
        self._at += count
        return part


class Cdr(Fields):
    """As they are in ROS 2: behind four bytes that give their order, and 32-bit numbers aligned."""

    _alignment = 4

    def __init__(self, message: bytes) -> None:
        super().__init__(message[4:])
        self._order = "<" if message[1:2] == b"\1" else ">"


def image_of(fields: Fields) -> npt.NDArray[np.uint16]:
    """The rest of an uncompressed `sensor_msgs/Image`, behind its header; ValueError if it is not a depth image."""
    height, width, encoding = fields.number(), fields.number(), fields.text()
    order, step, data = (">u2" if fields.byte() else "<u2"), fields.number(), fields.block()
    if encoding not in _ENCODINGS or step < 2 * width or step % 2 or len(data) != step * height:
        raise ValueError(f"{width} x {height}, {encoding[:20]!r}, {len(data)} bytes")
    return np.frombuffer(data, order).reshape(height, step // 2)[:, :width].astype(np.uint16)


def checked_unit_mm(name: object, metres: float, text: str) -> float:
    """The unit of a recording's depth; LspsError if a camera cannot have it. text: as the recording gives it."""
    if not 0 < 1000 * metres < _MOST_UNIT_MM:
        raise LspsError(f"{name} does not say what unit its depth has ({text[:40]!r})", "record it again")
    return 1000 * metres
