"""ROS 1 bags (.bag, version 2.0), read without trust in the file.

A bag is a row of records, each a header of named fields and data: chunks, which hold messages and may be compressed,
each followed by its indexes, and at the end the connections and the places of the chunks. Whatever a record declares
is compared with the bytes that are there; chunks must not overlap, or a small file could list messages without end.
The package rosbags reads bags too, but unpacks a chunk to whatever size, and reads one chunk as often as it is listed.
"""

from __future__ import annotations

import bz2
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from lsps_core.data.recordings.signature import checked_size
from lsps_core.errors import LspsError

MOST_BYTES = 1 << 26
"""Of one message or compressed chunk: 32 million pixels of 16 bits."""
_MOST_HEADER_BYTES = 1 << 16
_SIGNATURE = b"#ROSBAG V2.0\n"
_MESSAGE, _BAG, _INDEX, _CHUNK, _CHUNK_INFO, _CONNECTION = 2, 3, 4, 5, 6, 7
_ENTRY = np.dtype([("seconds", "<u4"), ("nanoseconds", "<u4"), ("offset", "<u4")])
_DAMAGE = (OSError, EOFError, ValueError, KeyError, MemoryError, RuntimeError, struct.error)
"""RuntimeError: of lz4."""

Header = dict[str, bytes]
Places = npt.NDArray[np.int64]
"""[N, 3]: of each message its time in ns, and where it is: the byte of the chunk, and the byte in the chunk."""


class _Records:
    """The records of a file or of a chunk; ValueError for one that is not all there."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self.size = file, size

    @property
    def at(self) -> int:
        return self._file.tell()

    def seek(self, at: int) -> None:
        if at > self.size:
            raise ValueError(f"it ends before byte {at}")
        self._file.seek(at)

    def skip(self, count: int) -> None:
        self.seek(self.at + count)

    def take(self, count: int) -> bytes:
        if self.at + count > self.size:
            raise ValueError("a record is cut off")
        return self._file.read(count)

    def number(self) -> int:
        return _number(self.take(4))

    def header(self) -> Header:
        """The values of the next record's header by name; `op` is always there. Its data are next."""
        content, at = self.take(_within(self.number(), _MOST_HEADER_BYTES)), 0
        fields: Header = {"op": b""}
        while at < len(content):
            length = _number(content[at : at + 4])
            name, _, value = content[at + 4 : at + 4 + length].partition(b"=")
            fields[name.decode(errors="replace")] = value
            at += 4 + length
        return fields

    def header_at(self, at: int, kind: int) -> Header:
        self.seek(at)
        header = self.header()
        if header["op"] != bytes([kind]):
            raise ValueError(f"no record of kind {kind} at byte {at}")
        return header


class BagFile:
    """An open bag; its errors are those of `open_bag`."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._records = _Records(file, size)

    def topics(self) -> dict[str, Places]:
        """The messages of each topic, in the order of time."""
        connections, chunks = self._summary()
        found: dict[str, list[Places]] = {name: [] for name in connections.values()}
        end = len(_SIGNATURE)
        for chunk in sorted(chunks):
            if chunk < end:
                raise ValueError("its chunks overlap")
            end = self._read_indexes(chunk, connections, found)
        return {name: _sorted(places) for name, places in found.items()}

    def message(self, chunk: int, offset: int) -> bytes:
        """The message at a place."""
        records = self._chunk(chunk)
        records.skip(offset)
        for _ in range(2):  # its connection may be before it
            kind = records.header()["op"]
            size = records.number()
            if kind == bytes([_MESSAGE]):
                return records.take(_within(size))
            records.skip(size)
        raise ValueError("a message is missing")

    def _chunk(self, at: int) -> _Records:
        """The records of a chunk, at their start."""
        records = self._records
        header = records.header_at(at, _CHUNK)
        size, kind = records.number(), header["compression"]
        if kind == b"none":
            return records
        content = _unpack(records.take(_within(size)), kind, _within(_number(header["size"])))
        return _Records(io.BytesIO(content), len(content))

    def _summary(self) -> tuple[dict[int, str], set[int]]:
        """The topic of each connection, and the places of the chunks, from the records behind the last chunk."""
        records = self._records
        start = _long(records.header_at(len(_SIGNATURE), _BAG)["index_pos"])
        if not start:
            raise ValueError("its recording was not ended: it has no index")
        connections: dict[int, str] = {}
        chunks: set[int] = set()
        records.seek(start)
        while records.at < records.size:
            header = records.header()
            if header["op"] == bytes([_CONNECTION]):
                connections[_number(header["conn"])] = header["topic"].decode(errors="replace")
            elif header["op"] == bytes([_CHUNK_INFO]):
                chunks.add(_long(header["chunk_pos"]))
            records.skip(records.number())
        return connections, chunks

    def _read_indexes(self, chunk: int, connections: dict[int, str], found: dict[str, list[Places]]) -> int:
        """Add the messages of one chunk, and return where its indexes end."""
        records = self._records
        records.header_at(chunk, _CHUNK)
        records.skip(records.number())
        while (end := records.at) < records.size:
            header = records.header()
            if header["op"] != bytes([_INDEX]):
                break
            entries = np.frombuffer(records.take(records.number()), _ENTRY)
            times = entries["seconds"].astype(np.int64) * 1_000_000_000 + entries["nanoseconds"]
            places = np.stack([times, np.full(len(times), chunk), entries["offset"].astype(np.int64)], axis=1)
            found[connections[_number(header["conn"])]].append(places)
        return end


@contextmanager
def open_bag(path: Path) -> Iterator[BagFile]:
    """Open a bag to read from it in this thread; LspsError, in one line, for other files and for damage."""
    size = checked_size(path, _SIGNATURE, "a ROS 1 bag", "give a .bag of the RealSense SDK")
    try:
        with path.open("rb") as file:
            yield BagFile(file, size)
    except LspsError:
        raise
    except ImportError as error:
        remedy = "pip install 'lsps-explorer[recordings]'"
        raise LspsError(f"{path} is compressed with LZ4, which needs the package lz4", remedy) from error
    except _DAMAGE as error:
        why = " ".join(str(error).split())[:120] or type(error).__name__
        raise LspsError(f"{path} is cut off or damaged ({why})", "copy it again, or record it again") from error


def _unpack(content: bytes, kind: bytes, size: int) -> bytes:
    """A compressed chunk, of at most `size` bytes."""
    if kind == b"bz2":
        return bz2.BZ2Decompressor().decompress(content, max_length=size)
    if kind == b"lz4":
        import lz4.frame

        unpacked: bytes = lz4.frame.LZ4FrameDecompressor().decompress(content, max_length=size)
        return unpacked
    raise ValueError(f"unknown compression {kind[:20]!r}")


def _number(content: bytes) -> int:
    value: int = struct.unpack("<I", content)[0]
    return value


def _long(content: bytes) -> int:
    value: int = struct.unpack("<Q", content)[0]
    return value


def _within(count: int, most: int = MOST_BYTES) -> int:
    if count > most:
        raise ValueError(f"{count} bytes in one record")
    return count


def _sorted(parts: list[Places]) -> Places:
    places = np.concatenate(parts) if parts else np.zeros((0, 3), np.int64)
    return places[np.argsort(places[:, 0], kind="stable")]
