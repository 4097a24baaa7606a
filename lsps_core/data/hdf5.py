"""Datasets of HDF5 files from anywhere, read without trust in what they declare.

HDF5 itself reads past the end of a chunk whose filter returns fewer bytes than its shape needs, follows links to other
files, and fills the memory with frames that were only declared. So compressed chunks are decoded here, and all sizes
are compared with the bytes that are stored.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from functools import partial
from itertools import product, repeat
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5z

_MOST_RATIO = 1032
"""Of deflate: a stored byte stands for at most so many."""
_MOST_SPARE_BYTES = 1 << 16
_CHECKSUM_BYTES = 4
_Array = npt.NDArray[Any]


def find_dataset(file: h5py.File, name: str) -> h5py.Dataset | None:
    """A dataset that lies in the file itself; None if nothing has this name.

    OSError if it is elsewhere or something else, or declares more than it can hold.
    """
    link = file.get(name, getlink=True)
    if link is None:
        return None
    dataset = file[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(dataset, h5py.Dataset):
        raise OSError(f"{name!r} is not a dataset but a {'link' if dataset is None else 'group'}")
    check_size(dataset)
    return dataset


def check_size(dataset: h5py.Dataset) -> None:
    """OSError if the dataset is in other files, or declares more bytes than those that it stores can stand for."""
    layout = dataset.id.get_create_plist()
    if layout.get_layout() == h5py.h5d.VIRTUAL or layout.get_external_count():
        raise OSError("its numbers are in other files")
    ratio = _MOST_RATIO if layout.get_nfilters() else 1
    declared = math.prod(dataset.shape or ()) * dataset.dtype.itemsize
    if declared > ratio * dataset.id.get_storage_size() + _MOST_SPARE_BYTES:
        what = f"{dataset.dtype} {list(dataset.shape)}"
        raise OSError(f"it declares {what} but has only {dataset.id.get_storage_size():,} bytes of it")


class CheckedDataset:
    """Reads rows of a dataset that passed `check_size`. OSError for damage.

    Chunks without a filter, and datasets without chunks, are read by HDF5, which finds them whole or fails. The last
    decoded chunk is kept: neighbouring rows are in it.
    """

    def __init__(self, dataset: h5py.Dataset) -> None:
        self._dataset = dataset
        self.shape: tuple[int, ...] = dataset.shape
        self.dtype = dataset.dtype
        self._chunk_shape: tuple[int, ...] = dataset.chunks or dataset.shape  # looking it up takes longer than a row
        self._other_offsets = tuple(map(range, repeat(0), self.shape[1:], self._chunk_shape[1:]))
        self._chunk_bytes = math.prod(self._chunk_shape) * self.dtype.itemsize
        self._filters = _filters(dataset)[::-1]
        if self._filters and self.dtype.hasobject:
            raise OSError("its texts have no fixed length and are compressed; write them without compression")
        self._last: tuple[tuple[int, ...], _Array] | None = None

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def is_compressed(self) -> bool:
        return bool(self._filters)

    def rows(self, start: int, stop: int) -> _Array:
        """A new array [stop - start, ...]; 0 <= start <= stop <= len."""
        if not self._filters:
            whole: _Array = self._dataset[start:stop]
            return whole
        found = np.empty((stop - start, *self.shape[1:]), self.dtype)
        sizes = self._chunk_shape
        for offset in product(range(start - start % sizes[0], stop, sizes[0]), *self._other_offsets):
            first = offset[0] - start
            columns = (slice(at, at + size) for at, size in zip(offset[1:], sizes[1:], strict=True))
            target = found[(slice(max(first, 0), first + sizes[0]), *columns)]  # NumPy cuts it at the end
            chunk = self._chunk(offset)[max(-first, 0) :]
            target[...] = chunk[tuple(map(slice, target.shape))]
        return found

    def _chunk(self, offset: tuple[int, ...]) -> _Array:
        last = self._last  # once: another thread may replace it
        if last is not None and last[0] == offset:
            return last[1]
        skipped, content = self._dataset.id.read_direct_chunk(offset)
        for number, decode in self._filters:
            if not skipped >> number & 1:
                content = decode(content, self._chunk_bytes + _CHECKSUM_BYTES)
        if len(content) != self._chunk_bytes:
            raise OSError(f"a chunk has {len(content)} bytes, not {self._chunk_bytes}")
        chunk = np.frombuffer(content, self.dtype).reshape(self._chunk_shape)
        self._last = offset, chunk
        return chunk


def check_chunks(dataset: h5py.Dataset) -> None:
    """OSError if HDF5 should not read the chunks of this dataset itself."""
    rows = CheckedDataset(dataset)
    if rows.is_compressed:
        rows.rows(0, len(rows))


_Decode = Callable[[bytes, int], bytes]
"""A chunk's bytes, and how many may result."""


def _filters(dataset: h5py.Dataset) -> list[tuple[int, _Decode]]:
    """In the order in which they were applied, with their numbers; OSError for one that is not decoded here."""
    layout = dataset.id.get_create_plist()
    found: list[tuple[int, _Decode]] = []
    for number in range(layout.get_nfilters()):
        code, _, _, name = layout.get_filter(number)
        if code == h5z.FILTER_DEFLATE:
            found.append((number, _inflate))
        elif code == h5z.FILTER_FLETCHER32:
            found.append((number, _without_checksum))
        elif code == h5z.FILTER_SHUFFLE:
            found.append((number, partial(_unshuffle, dataset.dtype.itemsize)))
        else:
            raise OSError(f"it is compressed by {name.decode(errors='replace')[:40]!r}; repack it: h5repack -f GZIP=1")
    return found


def _inflate(content: bytes, most_bytes: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(content, most_bytes + 1)
    except zlib.error as error:
        raise OSError(f"a chunk cannot be decompressed ({error})") from error
    if not stream.eof:
        raise OSError("a chunk is cut off, or has more bytes than its shape")
    return found


def _unshuffle(size: int, content: bytes, _: int) -> bytes:
    whole = len(content) - len(content) % size
    return np.frombuffer(content[:whole], np.uint8).reshape(size, -1).T.tobytes() + content[whole:]


def _without_checksum(content: bytes, _: int) -> bytes:
    """Checks and removes Fletcher's checksum of 16-bit words, modulo 65535 as HDF5 has it."""
    data, expected = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype(np.uint64)
    first = int(words.sum()) % 65535
    second = int(np.cumsum(words).sum() % np.uint64(65535))
    found = int.from_bytes(expected, "little")
    if len(expected) < _CHECKSUM_BYTES or (found % 65536 % 65535, (found >> 16) % 65535) != (first, second):
        raise OSError("a chunk's checksum is wrong")
    return data
