"""One numeric array out of a MATLAB 5 file.

scipy.io.loadmat is not used: it crashes the process on damaged files (an unchecked index into its table of types), and
reads twice as much of NYU's labels as needed. Format: MathWorks, "MAT-File Format", 2014.
"""

from __future__ import annotations

import io
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lsps_core.files import require_file

_TYPES = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8", 12: "<i8", 13: "<u8"}
_MATRIX, _COMPRESSED = 14, 15
_NUMERIC_CLASSES = range(6, 16)
_MAX_VALUES = 1 << 26
"""Almost three times NYU's training labels; a larger declared size would only fill the memory."""
_MAX_HEADER_BYTES = 4096


class _Stream(Protocol):
    def read(self, count: int, /) -> bytes: ...


class _Inflated:
    """A compressed element, decompressed only as far as it is read."""

    def __init__(self, content: bytes) -> None:
        self._source, self._rest = zlib.decompressobj(), content

    def read(self, count: int, /) -> bytes:
        if count == 0:  # for zlib, 0 means no limit
            return b""
        found = self._source.decompress(self._rest, count)
        self._rest = self._source.unconsumed_tail
        return found


def read_array(path: Path, name: str) -> npt.NDArray[np.float64] | None:
    """The array `name` in its own shape, None if the file does not have it.

    ValueError, in one line, for anything but a whole MATLAB 5 file with a real, full, numeric array of that name.
    """
    try:
        require_file(path)
        with path.open("rb") as file:
            if file.read(128)[124:] != b"\x00\x01IM":
                raise ValueError("its header is not one")
            length = os.fstat(file.fileno()).st_size
            while tag := file.read(8):
                kind, size = struct.unpack("<II", tag)
                if size > length:
                    raise ValueError(f"an element of {size} bytes in a file of {length}")
                stream: _Stream = io.BytesIO(file.read(size))
                if kind == _COMPRESSED:
                    stream = _Inflated(stream.read(size))
                    kind, size = struct.unpack("<II", stream.read(8))
                if kind == _MATRIX and (shape := _shape(stream, name)) is not None:
                    return _values(stream, shape)
    except (OSError, ValueError, struct.error, zlib.error) as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())[:120]
        raise ValueError(f"{path} is not a MATLAB 5 file, or is truncated or damaged ({why}); copy it again") from error
    return None


def _shape(stream: _Stream, name: str) -> tuple[int, ...] | None:
    """The shape of the array whose element starts here, None if its name is not `name`."""
    flags, dimensions, found = (_element(stream)[1] for _ in range(3))
    if found.rstrip(b"\0") != name.encode():
        return None
    if len(flags) != 8 or flags[0] not in _NUMERIC_CLASSES or flags[1] & 0x08:
        raise ValueError(f"{name} is not an array of real numbers")
    shape = tuple(int(size) for size in np.frombuffer(dimensions, "<i4"))
    if min(shape, default=-1) < 0 or math.prod(shape) > _MAX_VALUES:
        raise ValueError(f"{name} declares the shape {list(shape)}")
    return shape


def _values(stream: _Stream, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    kind, content = _element(stream, 8 * math.prod(shape))
    if kind not in _TYPES:
        raise ValueError(f"numbers of the unknown type {kind}")
    return np.frombuffer(content, _TYPES[kind]).astype(np.float64).reshape(shape, order="F")


def _element(stream: _Stream, most_bytes: int = _MAX_HEADER_BYTES) -> tuple[int, bytes]:
    """The type and the bytes of the next part of an array."""
    tag = stream.read(8)
    kind, size = struct.unpack("<II", tag)
    if kind >> 16:  # up to 4 bytes are in the tag itself
        return kind & 0xFFFF, tag[4 : 4 + (kind >> 16)]
    if size > most_bytes:
        raise ValueError(f"a part of {size} bytes, where at most {most_bytes} are expected")
    content = stream.read(size)
    if len(content) != size:
        raise ValueError("it ends too early")
    stream.read(-size % 8)
    return kind, content
