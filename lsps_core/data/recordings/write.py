"""Write recordings in the layout of the RealSense SDK, for this program: the SDK needs more topics than these."""

from __future__ import annotations

import io
import sqlite3
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from lsps_core.camera import Camera
from lsps_core.errors import LspsError
from lsps_core.files import WriteError, kind_of, put_in_place
from lsps_core.part_files import new_part

_SCHEMA = (
    "CREATE TABLE topics(id INTEGER PRIMARY KEY,name TEXT NOT NULL,type TEXT NOT NULL,"
    "serialization_format TEXT NOT NULL,offered_qos_profiles TEXT NOT NULL)",
    "CREATE TABLE messages(id INTEGER PRIMARY KEY,topic_id INTEGER NOT NULL,timestamp INTEGER NOT NULL,"
    " data BLOB NOT NULL)",
    "CREATE INDEX timestamp_idx ON messages (timestamp ASC)",
)
_STREAM = "/device_0/sensor_0/Depth_0"
_TEXT, _IMAGE = "std_msgs/msg/String", "sensor_msgs/msg/CompressedImage"
_COMMIT_FRAMES = 30
_LEVEL = 1
"""Of deflate: four times as fast as the usual one, and a tenth larger."""


class RecordingWriter:
    """A .db3 that gets its name when it is closed with at least one frame; use it in one thread at a time."""

    def __init__(self, path: Path, camera: Camera, unit_mm: float) -> None:
        """WriteError, in one line, if it cannot be written; an existing file is replaced at the end."""
        self.path, self.frame_count = Path(path), 0
        self._camera, self._unit_mm = camera, unit_mm
        if kind_of(self.path) not in ("", "file"):
            raise WriteError(f"{path} is a {kind_of(self.path)}", "give the name of a file")
        try:
            self._part = new_part(self.path)
            self._part.open("xb").close()
        except OSError as error:
            raise WriteError(f"{path} cannot be written: {error.strerror}", "choose another folder") from error
        self._file = sqlite3.connect(self._part, check_same_thread=False)
        for statement in _SCHEMA:
            self._file.execute(statement)

    def append(self, counts: npt.NDArray[np.uint16], time_s: float) -> None:
        """An image [H, W] at seconds since the first one; WriteError if the disk is full."""
        image = _compressed(counts, time_s)
        try:
            if not self.frame_count:
                self._describe(*counts.shape)
            self._message(1, time_s, image)
            self.frame_count += 1
            if self.frame_count % _COMMIT_FRAMES == 0:
                self._file.commit()
        except (sqlite3.Error, OSError) as error:
            raise WriteError(f"{self.path} cannot be written: {error}", "free some space on its disk") from error

    def close(self) -> None:
        """Give it its name; without a frame nothing is left."""
        try:
            self._file.commit()
            self._file.close()
            if self.frame_count:
                put_in_place(self._part, self.path)
        except (sqlite3.Error, OSError) as error:
            raise WriteError(f"{self.path} cannot be written: {error}", "free some space on its disk") from error
        finally:
            with suppress(sqlite3.Error):
                self._file.close()
            with suppress(OSError):
                self._part.unlink(missing_ok=True)

    def _describe(self, height: int, width: int) -> None:
        camera = self._camera
        intrinsics = f"fx={camera.fx:.9g};ppx={camera.cx:.9g};fy={camera.fy:.9g};ppy={camera.cy:.9g}"
        texts = {
            f"{_STREAM}/info": "encoding=Z16;fps=30",
            f"{_STREAM}/camera_info": f"width={width};height={height};{intrinsics};model=None;coeffs=0,0,0,0,0",
            "/device_0/sensor_0/option/Depth_Units/value": f"{self._unit_mm / 1000:.9g}",
        }
        topics = [(f"{_STREAM}/image/data/compressedDepth", _IMAGE), *((name, _TEXT) for name in texts)]
        rows = [(number, name, kind, "cdr", "") for number, (name, kind) in enumerate(topics, 1)]
        self._file.executemany("INSERT INTO topics VALUES (?, ?, ?, ?, ?)", rows)
        for number, content in enumerate(texts.values(), 2):
            encoded = content.encode() + b"\0"
            self._message(number, 0.0, b"\0\1\0\0" + struct.pack("<I", len(encoded)) + encoded)

    def _message(self, topic: int, time_s: float, data: bytes) -> None:
        row = (topic, round(time_s * 1e9), data)
        self._file.execute("INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)", row)


def _compressed(counts: npt.NDArray[np.uint16], time_s: float) -> bytes:
    """A sensor_msgs/CompressedImage in CDR: time, the frame's name, the format, and the PNG behind 12 bytes."""
    if counts.dtype != np.uint16 or counts.ndim != 2:
        raise LspsError(f"an image of {counts.dtype} {list(counts.shape)} cannot be recorded", "give uint16 [H, W]")
    stream = io.BytesIO()
    Image.fromarray(counts).save(stream, "PNG", compress_level=_LEVEL)
    seconds, nanoseconds = divmod(round(time_s * 1e9), 1_000_000_000)
    kind = b"16UC1; compressedDepth png\0"
    head = struct.pack("<III", seconds, nanoseconds, 6) + b"Depth\0\0\0" + struct.pack("<I", len(kind)) + kind + b"\0"
    return b"\0\1\0\0" + head + struct.pack("<I", 12 + len(stream.getvalue())) + bytes(12) + stream.getvalue()
