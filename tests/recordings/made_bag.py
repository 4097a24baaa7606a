"""Small ROS 1 bags as the RealSense SDK 2.57 writes them, by the standard library (and lz4) alone."""

from __future__ import annotations

import bz2
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from made_recordings import CAMERA

from lsps_core.camera import Camera

STREAM = "/device_0/sensor_0/Depth_0"
IMAGES, INFO = f"{STREAM}/image/data", f"{STREAM}/info/camera_info"
UNITS = "/device_0/sensor_0/option/Depth Units/value"
_CHUNK_FRAMES = 2

Message = tuple[str, int, bytes]
"""Topic, time in ns, content."""


def fields(**values: bytes) -> bytes:
    return b"".join(
        struct.pack("<I", len(name) + 1 + len(value)) + name.encode() + b"=" + value for name, value in values.items()
    )


def record(kind: int, content: bytes, **values: bytes) -> bytes:
    header = fields(op=bytes([kind]), **values)
    return struct.pack("<I", len(header)) + header + struct.pack("<I", len(content)) + content


def text(content: str) -> bytes:
    return struct.pack("<I", len(content)) + content.encode()


def image(counts: np.ndarray, encoding: str = "mono16", *, is_big: bool = False) -> bytes:
    """A sensor_msgs/Image."""
    height, width = counts.shape
    data = counts.astype(">u2" if is_big else "<u2").tobytes()
    head = struct.pack("<III", 1, 0, 33) + text("0") + struct.pack("<II", height, width) + text(encoding)
    return head + struct.pack("<BII", is_big, 2 * width, len(data)) + data


def camera_info(camera: Camera, width: int, height: int) -> bytes:
    """A sensor_msgs/CameraInfo, up to its K."""
    head = bytes(12) + text("") + struct.pack("<II", height, width) + text("None")
    matrix = (camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1)
    return head + struct.pack("<I5d", 5, *[0.0] * 5) + struct.pack("<9d", *matrix) + bytes(8 * 21)


def stamp(time_ns: int) -> bytes:
    return struct.pack("<II", *divmod(time_ns, 1_000_000_000))


def compressed(content: bytes, compression: str) -> bytes:
    if compression == "lz4":
        import lz4.frame

        return lz4.frame.compress(content)
    return bz2.compress(content) if compression == "bz2" else content


def chunk_of(messages: Sequence[Message], numbers: dict[str, int], compression: str) -> bytes:
    """A chunk and its indexes."""
    content, indexes = b"", dict.fromkeys((topic for topic, *_ in messages), b"")
    for topic, time_ns, data in messages:
        indexes[topic] += stamp(time_ns) + struct.pack("<I", len(content))
        content += record(2, data, conn=struct.pack("<I", numbers[topic]), time=stamp(time_ns))
    size = struct.pack("<I", len(content))
    chunk = record(5, compressed(content, compression), compression=compression.encode(), size=size)
    for topic, index in indexes.items():
        more = {"conn": struct.pack("<I", numbers[topic]), "count": struct.pack("<I", len(index) // 12)}
        chunk += record(4, index, ver=struct.pack("<I", 1), **more)
    return chunk


def assemble(chunks: Sequence[bytes], numbers: dict[str, int], *, repeats: int = 1, is_ended: bool = True) -> bytes:
    """A bag of chunks; repeats: how often each is listed."""
    places = [4117 + sum(map(len, chunks[:index])) for index in range(len(chunks))]
    listed = b"".join(
        record(7, fields(topic=topic.encode(), type=b"x/X", md5sum=b"0", message_definition=b""), **_of(number, topic))
        for topic, number in numbers.items()
    )
    for place in places * repeats:
        more = {"start_time": stamp(0), "end_time": stamp(0), "count": bytes(4)}
        listed += record(6, b"", ver=struct.pack("<I", 1), chunk_pos=struct.pack("<Q", place), **more)
    index = 4117 + sum(map(len, chunks)) if is_ended else 0
    counts = {"conn_count": struct.pack("<I", len(numbers)), "chunk_count": struct.pack("<I", len(chunks) * repeats)}
    header = fields(op=b"\3", index_pos=struct.pack("<Q", index), **counts)
    padding = 4117 - 13 - 8 - len(header)
    head = struct.pack("<I", len(header)) + header + struct.pack("<I", padding) + b" " * padding
    return b"#ROSBAG V2.0\n" + head + b"".join(chunks) + listed


def write_bag(
    path: Path,
    images: Sequence[np.ndarray],
    *,
    camera: Camera = CAMERA,
    unit_m: float = 0.000125,
    seconds: float = 1 / 30,
    compression: str = "none",
    contents: dict[str, bytes | None] | None = None,
) -> Path:
    """images: uint16 [H, W] counts. contents: of topics with another message than usual; None leaves the topic out."""
    height, width = images[0].shape
    known: dict[str, bytes | None] = {INFO: camera_info(camera, width, height), UNITS: struct.pack("<f", unit_m)}
    known |= contents or {}
    first = [(topic, 1, content) for topic, content in known.items() if content is not None]
    made = [(IMAGES, 3345 + round(index * seconds * 1e9), image(counts)) for index, counts in enumerate(images)]
    numbers = {topic: number for number, topic in enumerate([*(topic for topic, *_ in first), IMAGES])}
    parts = [made[start : start + _CHUNK_FRAMES] for start in range(0, len(made), _CHUNK_FRAMES)]
    parts[0] = [*first, *parts[0]]
    path.write_bytes(assemble([chunk_of(part, numbers, compression) for part in parts], numbers))
    return path


def _of(number: int, topic: str) -> dict[str, bytes]:
    return {"conn": struct.pack("<I", number), "topic": topic.encode()}
