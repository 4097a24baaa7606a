"""Small recordings as the RealSense SDK 2.59 writes them: .db3 files, by the standard library alone."""

from __future__ import annotations

import io
import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

from lsps_core.camera import Camera

STREAM = "/device_0/sensor_0/Depth_0"
UNITS = "/device_0/sensor_0/option/Depth_Units/value"
CAMERA = Camera(fx=475.5, fy=476.25, cx=313.5, cy=242.5)
SCHEMA = """
CREATE TABLE topics(id INTEGER PRIMARY KEY,name TEXT NOT NULL,type TEXT NOT NULL,serialization_format TEXT NOT NULL,
    offered_qos_profiles TEXT NOT NULL);
CREATE TABLE messages(id INTEGER PRIMARY KEY,topic_id INTEGER NOT NULL,timestamp INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX timestamp_idx ON messages (timestamp ASC);
"""


def text(content: str) -> bytes:
    """A std_msgs/String."""
    encoded = content.encode() + b"\0"
    return b"\0\1\0\0" + struct.pack("<I", len(encoded)) + encoded


def compressed(counts: np.ndarray) -> bytes:
    """A sensor_msgs/CompressedImage with a 16-bit PNG."""
    stream = io.BytesIO()
    Image.fromarray(counts).save(stream, "PNG", compress_level=1)
    kind = b"16UC1; compressedDepth png\0"
    head = struct.pack("<III", 0, 3345, 6) + b"Depth\0re" + struct.pack("<I", len(kind)) + kind + b"m"
    return b"\0\1\0\0" + head + struct.pack("<I", 12 + len(stream.getvalue())) + bytes(12) + stream.getvalue()


def uncompressed(counts: np.ndarray, encoding: str = "mono16") -> bytes:
    """A sensor_msgs/Image."""
    height, width = counts.shape
    kind = encoding.encode() + b"\0"
    head = struct.pack("<III", 0, 3345, 6) + b"Depth\0re" + struct.pack("<III", height, width, len(kind)) + kind + b"\0"
    head += bytes(-len(head) % 4) + struct.pack("<II", 2 * width, counts.nbytes)
    return b"\0\1\0\0" + head + counts.astype("<u2").tobytes()


def camera_text(camera: Camera, width: int, height: int) -> str:
    intrinsics = f"fx={camera.fx:.9g};ppx={camera.cx:.9g};fy={camera.fy:.9g};ppy={camera.cy:.9g}"
    return f"width={width};height={height};{intrinsics};model=None;coeffs=0,0,0,0,0"


def write_db3(
    path: Path,
    images: Sequence[np.ndarray],
    *,
    camera: Camera = CAMERA,
    unit_m: str = "0.000125",
    seconds: float = 1 / 30,
    is_compressed: bool = True,
    texts: dict[str, str] | None = None,
) -> Path:
    """images: uint16 [H, W] counts. texts: of topics with another text than usual; None leaves the topic out."""
    height, width = images[0].shape
    known: dict[str, str | None] = {"/device_0/info": "Name=made", f"{STREAM}/info": "encoding=Z16;fps=30"}
    known |= {f"{STREAM}/camera_info": camera_text(camera, width, height), UNITS: unit_m, **(texts or {})}
    image_type = "sensor_msgs/msg/CompressedImage" if is_compressed else "sensor_msgs/msg/Image"
    image_topic = f"{STREAM}/image/data{'/compressedDepth' if is_compressed else ''}"
    kinds = {name: "std_msgs/msg/String" for name, content in known.items() if content is not None}
    kinds |= {image_topic: image_type, f"{STREAM}/image/metadata": "std_msgs/msg/String"}
    numbers = {name: number for number, name in enumerate(kinds, 1)}
    messages = [(numbers[name], 0, text(content)) for name, content in known.items() if content is not None]
    for index, counts in enumerate(images):
        at = 3345 + round(index * seconds * 1e9)
        messages.append((numbers[image_topic], at, compressed(counts) if is_compressed else uncompressed(counts)))
        messages.append((numbers[f"{STREAM}/image/metadata"], at, text(f"Frame number={index + 1};")))
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(SCHEMA)
        rows = [(number, name, kinds[name], "cdr", "") for name, number in numbers.items()]
        file.executemany("INSERT INTO topics VALUES (?, ?, ?, ?, ?)", rows)
        file.executemany("INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)", messages)
    return path


def hand(shift: int = 0) -> np.ndarray:
    """A slab with fingers in counts of 0.125 mm, half a metre away."""
    depth = np.zeros((480, 640), np.uint16)
    rows, columns = np.mgrid[:480, :640]
    depth[(rows - 240) ** 2 + (columns - 320 - shift) ** 2 < 45**2] = 4000
    for column in (280, 300, 320, 340, 360):
        depth[120:220, column + shift - 7 : column + shift + 7] = 4000
    return depth
