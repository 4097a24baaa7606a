"""The layout of a store on disk, and the check of files that are opened as one."""

from __future__ import annotations

import errno
import math
import os
import struct
from pathlib import Path

import h5py

from lsps_core.data.hdf5 import find_dataset
from lsps_core.errors import LspsError
from lsps_core.files import kind_of, require_file

FORMAT = "lsps-frames"
FORMAT_VERSION = 1
_NEWEST_VERSION = 2
"""Of stores with several cameras, see `store_cameras`."""

_HEAD_BYTES = 1 << 16
_MOST_PIXELS = 1 << 25
_MOST_CHUNK_BYTES = 1 << 28
_MOST_NAME_BYTES = 1 << 12
_NEEDED, _OPTIONAL = ("depth", "center_mm", "half_mm", "name"), ("joints_mm", "fit_residual_mm", "time_s")
_WRITTEN_BY = "give a store written by {simulate} or {import}"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FrameStoreError(LspsError):
    """One line: the problem, the file, and what to do."""


def reason(error: BaseException) -> str:
    """The system's error text in plain words; HDF5 puts the error number inside its message."""
    text = " ".join(str(error).split())
    for number in _DISK_FULL:
        if getattr(error, "errno", None) == number or f"errno = {number}," in text:
            return f"{os.strerror(number)}; free some space and try again"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return text[:200]


def open_store(path: Path) -> h5py.File:
    """Open a store to read. FrameStoreError if version, datasets, types or shapes are wrong."""
    file = _open_hdf5(path)
    try:
        _check_version(path, file)
        _check_datasets(path, file)
    except FrameStoreError:
        file.close()
        raise
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        file.close()
        raise FrameStoreError(f"{path} is damaged ({reason(error)}); copy it again") from error
    return file


def _open_hdf5(path: Path) -> h5py.File:
    if kind_of(path) == "folder":
        raise FrameStoreError(f"{path} is a folder, not a store of frames; give the .h5 file")
    try:
        require_file(path, FrameStoreError)
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except FileNotFoundError:
        raise FrameStoreError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise FrameStoreError(f"{path} cannot be read ({reason(error)}); check who may access it") from error
    if is_empty:
        raise FrameStoreError(f"{path} is empty; copy it again")
    if not h5py.is_hdf5(path):
        raise FrameStoreError(f"{path} is not an HDF5 file", _WRITTEN_BY)
    _check_heap(path)
    try:
        # a finished store is only replaced, never changed, so no lock is needed (and network disks have none)
        return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError) as error:
        raise FrameStoreError(f"{path} is cut off or damaged ({reason(error)}); copy it again") from error


def _check_heap(path: Path) -> None:
    """Walk through the heap of the attributes' texts, which `FrameWriter` puts first and HDF5 gives no checksum.

    With a damaged object size, HDF5 would loop for ever ("HDF5 File Format Specification", III.E).
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    start = head.find(b"GCOL")
    if start < 0:
        return
    (size,) = struct.unpack_from("<Q", head, start + 8)
    place, end = start + 16, min(start + size, len(head))
    while place + 16 <= end:
        number, length = struct.unpack_from("<H6xQ", head, place)
        step = 16 + length + -length % 8 if number else length  # object 0 is the free space
        if step < 16 or place + step > start + size:
            raise FrameStoreError(f"{path} is damaged (its description lies in pieces); copy it again")
        place += step


def _check_version(path: Path, file: h5py.File) -> None:
    version = int(file.attrs.get("format_version", FORMAT_VERSION))
    if not FORMAT_VERSION <= version <= _NEWEST_VERSION:
        age = "a newer" if version > _NEWEST_VERSION else "an unknown"
        raise FrameStoreError(
            f"{path} was written by {age} version of this program: it has format version {version}, this program "
            f"reads {FORMAT_VERSION} and {_NEWEST_VERSION}; update the program or write the store again"
        )


def _check_datasets(path: Path, file: h5py.File) -> None:
    found = {name: dataset for name in (*_NEEDED, *_OPTIONAL) if (dataset := find_dataset(file, name)) is not None}
    for name in _NEEDED:
        if name not in found:
            raise FrameStoreError(f"{path} has no dataset {name!r}, so it is not a store of frames; write it again")
    if file.attrs.get("format") != FORMAT:
        raise FrameStoreError(f"{path} is HDF5 but not marked as {FORMAT!r}", _WRITTEN_BY)
    depth = found["depth"]  # kept: looking a dataset up takes longer than its check
    if depth.dtype != "uint16" or depth.ndim != 3 or depth.shape[1] != depth.shape[2] or 0 in depth.shape:
        raise FrameStoreError(f"{path}: dataset 'depth' is {_describe(depth)}, not uint16 [N, S, S]; write it again")
    if h5py.check_string_dtype(found["name"].dtype) is None:
        raise FrameStoreError(f"{path}: dataset 'name' is {_describe(found['name'])}, not text; write it again")
    shapes = {"center_mm": (len(depth), 3), "half_mm": (len(depth),), "name": (len(depth),)}
    if "joints_mm" in found:
        joints = found["joints_mm"]
        shapes["joints_mm"] = (len(depth), joints.shape[1] if joints.ndim == 3 else 0, 3)
    shapes |= {name: (len(depth),) for name in ("fit_residual_mm", "time_s") if name in found}
    for name, shape in shapes.items():
        dataset = found[name]
        if dataset.shape != shape or 0 in shape or (name != "name" and dataset.dtype.kind != "f"):
            wanted = "text" if name == "name" else "float32"
            sizes = list(shape) if 0 not in shape else [len(depth), "J", 3]
            raise FrameStoreError(
                f"{path}: dataset {name!r} is {_describe(dataset)}, not {wanted} {sizes} to go with "
                f"{len(depth)} frames; write it again"
            )
    _check_sizes(path, depth, found["name"])


def _check_sizes(path: Path, depth: h5py.Dataset, name: h5py.Dataset) -> None:
    """Reject frames, chunks and names larger than any camera's: each is read whole."""
    chunk = math.prod(depth.chunks or ()) * depth.dtype.itemsize
    if math.prod(depth.shape[1:]) > _MOST_PIXELS or chunk > _MOST_CHUNK_BYTES or name.dtype.itemsize > _MOST_NAME_BYTES:
        raise FrameStoreError(
            f"{path} declares frames of {_describe(depth)}; no camera has such frames, write it again"
        )


def _describe(dataset: h5py.Dataset) -> str:
    return f"{dataset.dtype} {list(dataset.shape)}"
