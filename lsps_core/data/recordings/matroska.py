"""Matroska files (.mkv) with uncompressed video, read without trust in the file: where each image is, and attachments.

The file is walked once, from element to element; nothing is decoded, and only short elements are read. FFmpeg reads
these files as well, but has no way to any one image but decoding, and many more formats that a file could choose.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lsps_core.data.recordings.signature import checked_size
from lsps_core.errors import LspsError

_SIGNATURE = b"\x1a\x45\xdf\xa3"
_SEGMENT, _INFO, _TRACKS, _TRACK, _VIDEO = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0
_CLUSTER, _GROUP, _ATTACHMENTS, _ATTACHED = 0x1F43B675, 0xA0, 0x1941A469, 0x61A7
_ENTERED = frozenset((_SEGMENT, _INFO, _TRACKS, _TRACK, _VIDEO, _CLUSTER, _GROUP, _ATTACHMENTS, _ATTACHED))
_NUMBER, _NAME, _WIDTH, _HEIGHT, _CODEC, _PRIVATE = 0xD7, 0x536E, 0xB0, 0xBA, 0x86, 0x63A2
_SCALE, _TIME, _BLOCKS, _FILE_NAME, _FILE_DATA = 0x2AD7B1, 0xE7, (0xA1, 0xA3), 0x466E, 0x465C
_TRACK_FIELDS = {
    _NUMBER: "number",
    _NAME: "name",
    _WIDTH: "width",
    _HEIGHT: "height",
    _CODEC: "codec",
    _PRIVATE: "private",
}
_LACED = 0x06
_MOST_BYTES = 1 << 20
"""Of an attachment; those of a camera have some 10 kB. Names and numbers are shorter yet."""
_MOST_NUMBER = 1 << 62
_MOST_ELEMENTS = 4_000_000
"""Some hours of a camera at 30 images a second."""


@dataclass
class Track:
    """values: by `_TRACK_FIELDS`, as they are in the file. blocks: of each image its time in ticks, and its first byte
    and its length."""

    values: dict[str, bytes] = field(default_factory=dict)
    blocks: list[tuple[int, int, int]] = field(default_factory=list)

    def number(self, name: str) -> int:
        return int.from_bytes(self.values.get(name, b""), "big")

    def text(self, name: str) -> str:
        return self.values.get(name, b"").rstrip(b"\0").decode(errors="replace")


@dataclass
class Matroska:
    """tick_ns: of the times. attachments: by name."""

    tick_ns: int = 1_000_000
    tracks: list[Track] = field(default_factory=list)
    attachments: dict[str, bytes] = field(default_factory=dict)


def read_matroska(path: Path, kind: str, remedy: str) -> Matroska:
    """LspsError, in one line, for other files and for damage. kind, remedy: as in `checked_size`."""
    size = checked_size(path, _SIGNATURE, kind, remedy)
    try:
        with path.open("rb") as file:
            return _Walk(file, size).run()
    except (OSError, ValueError, struct.error, MemoryError) as error:
        why = " ".join(str(error).split())[:120] or type(error).__name__
        raise LspsError(f"{path} is cut off or damaged ({why})", "copy it again, or record it again") from error


class _Walk:
    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size
        self._found = Matroska()
        self._by_number: dict[int, Track] = {}
        self._time = 0
        self._file_name = ""

    def run(self) -> Matroska:
        for kind, at, size in self._elements():
            if kind == _TRACK:
                self._found.tracks.append(Track())
            elif kind in _BLOCKS:
                self._take_block(at, size)
            elif kind in _TRACK_FIELDS and self._found.tracks:
                self._found.tracks[-1].values[_TRACK_FIELDS[kind]] = self._read(size)
            elif kind == _TIME:
                self._time = self._number(size)
            elif kind == _SCALE:
                self._found.tick_ns = self._number(size)
            elif kind == _FILE_NAME:
                self._file_name = self._read(size).rstrip(b"\0").decode(errors="replace")
            elif kind == _FILE_DATA and size <= _MOST_BYTES:
                self._found.attachments[self._file_name] = self._read(size)
        return self._found

    def _elements(self) -> Iterator[tuple[int, int, int]]:
        """Each element: its kind, the first byte of its content, which is read next, and its size."""
        at = 0
        for _ in range(_MOST_ELEMENTS):
            if at >= self._size:
                return
            self._file.seek(at)
            kind, width = self._variable(keeps_mark=True)
            length, more = self._variable()
            at += width + more
            is_entered = kind in _ENTERED
            if not is_entered and at + length > self._size:
                raise ValueError("an element is cut off")
            yield kind, at, length
            at += 0 if is_entered else length
        raise ValueError("it has too many elements")

    def _take_block(self, at: int, size: int) -> None:
        number, width = self._variable()
        head = self._file.read(3)
        offset, flags = struct.unpack(">hB", head)
        track = self._track(number)
        if track is not None and not flags & _LACED:
            track.blocks.append((self._time + offset, at + width + 3, size - width - 3))

    def _track(self, number: int) -> Track | None:
        if number not in self._by_number:
            found = next((track for track in self._found.tracks if track.number("number") == number), None)
            if found is None:
                return None
            self._by_number[number] = found
        return self._by_number[number]

    def _variable(self, keeps_mark: bool = False) -> tuple[int, int]:
        """A number whose first byte gives its width in bytes, and that width."""
        first = self._file.read(1)
        if not first or not first[0]:
            raise ValueError("no element where one should be")
        width = 9 - first[0].bit_length()
        rest = self._file.read(width - 1)
        if len(rest) < width - 1:
            raise ValueError("an element is cut off")
        mark = 0 if keeps_mark else 1 << (8 - width)
        return int.from_bytes(bytes([first[0] - mark]) + rest, "big"), width

    def _number(self, size: int) -> int:
        value = int.from_bytes(self._read(size), "big")
        if value >= _MOST_NUMBER:
            raise ValueError(f"a number of {size} bytes")
        return value

    def _read(self, size: int) -> bytes:
        if size > _MOST_BYTES:
            raise ValueError(f"{size} bytes where a name or a number should be")
        return self._file.read(size)
