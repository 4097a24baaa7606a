"""The .h5 file of hand frames: read one frame at a time, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lsps_core.config.model import DOMAINS
from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.hdf5 import CheckedDataset, check_chunks
from lsps_core.data.store_cameras import read_cameras
from lsps_core.data.store_format import FrameStoreError, open_store, reason
from lsps_core.data.store_groups import read_groups
from lsps_core.data.store_writer import FrameWriter
from lsps_core.errors import is_out_of_memory
from lsps_core.files import parse_json
from lsps_core.skeleton import Skeleton

__all__ = ["FrameStore", "FrameStoreError", "FrameWriter"]

_NAMES_AT_ONCE = 1 << 13

FloatArray = npt.NDArray[np.float32]
DepthArray = npt.NDArray[np.uint16]
Indices = slice | Sequence[int] | npt.NDArray[np.integer[Any]]


class FrameStore:
    """A store opened for reading: a FrameSource, usable from any thread (HDF5 calls are serialised by a lock).

    `path`, `skeleton` (None without annotation), `cameras` (of the frames), `domain`, `is_simulated`, `image_size` (S),
    `provenance` (what made it), `center_mm` float32 [N, 3] and `half_mm` float32 [N] are read on opening; the rest
    is read on demand. `camera` and `is_mirrored` are those of the first of its cameras, usually the only one.
    FrameStoreError, on opening or reading, for any problem of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._file = open_store(self.path)
        try:
            with self._reading("its chunks"):
                self._depth = CheckedDataset(self._file["depth"])
            self._name = self._file["name"].asstr()  # kept: creating one takes longer than reading a frame
            self.image_size = int(self._depth.shape[1])
            self._read_description()
            with self._reading("its cubes"):
                self.center_mm, self.half_mm = self._numbers("center_mm"), self._numbers("half_mm")
                check_chunks(self._file["name"])
            self._check_content()
        except BaseException:
            self._file.close()
            raise

    def _read_description(self) -> None:
        attributes = self._file.attrs
        try:
            self.domain = str(attributes["domain"])
            self.is_simulated = bool(attributes["simulated"])
            self.cameras = read_cameras(self._file, len(self._depth))
            self.camera = self.cameras.table[0].camera
            self.is_mirrored = self.cameras.table[0].is_mirrored
            skeleton = parse_json(attributes["skeleton"])
            self.skeleton = Skeleton.from_json(skeleton) if skeleton is not None else None
            self.provenance: dict[str, Any] = dict(parse_json(attributes["provenance"]))
        except (KeyError, TypeError, ValueError, OSError, OverflowError, AttributeError, IndexError) as error:
            message = f"{self.path}: its description cannot be read ({reason(error)}); write the store again"
            raise FrameStoreError(message) from error

    def _check_content(self) -> None:
        if self.domain not in DOMAINS:
            raise FrameStoreError(f"{self.path}: unknown domain {self.domain!r}, not one of {DOMAINS}; write it again")
        is_cube = np.isfinite(self.center_mm).all(axis=1) & (self.center_mm[:, 2] > 0)
        is_cube &= np.isfinite(self.half_mm) & (self.half_mm > 0)
        if not is_cube.all():
            raise FrameStoreError(f"{self.path}: frame {np.argmin(is_cube)} has an invalid cube; write the store again")
        found = self._file["joints_mm"].shape[1] if "joints_mm" in self._file else 0
        expected = self.skeleton.joint_count if self.skeleton is not None else 0
        if found != expected:
            raise FrameStoreError(
                f"{self.path}: dataset 'joints_mm' has {found} joints, the skeleton {expected}; write the store again"
            )

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        if not self._file:
            raise FrameStoreError(f"{self.path} was closed; open it again to read {what}")
        try:
            yield
        except (OSError, KeyError, RuntimeError, UnicodeDecodeError, TypeError, ValueError, MemoryError) as error:
            message = f"{self.path}: {what} cannot be read, the file is damaged ({reason(error)}); copy it again"
            if is_out_of_memory(error):
                message = f"{self.path}: no memory is left to read {what}; close other programs, or copy the file again"
            raise FrameStoreError(message) from error

    def _numbers(self, name: str) -> FloatArray:
        """A whole dataset as float32; OSError for damage and for an infinite number."""
        dataset = CheckedDataset(self._file[name])
        with np.errstate(over="ignore"):
            numbers: FloatArray = dataset.rows(0, len(dataset)).astype(np.float32)
        if np.isinf(numbers).any():
            raise OSError("a number is infinite")
        return numbers

    def __len__(self) -> int:
        return len(self.half_mm)

    def frame(self, index: int) -> HandFrame:
        """Frame `index`, counted from 0; IndexError outside the range."""
        self._check_range(index, index)
        joints = self.joints_mm
        with self._reading(f"frame {index}"):
            return HandFrame(
                depth_mm=self._depth.rows(index, index + 1)[0],
                center_mm=self.center_mm[index].copy(),
                half_mm=float(self.half_mm[index]),
                joints_mm=joints[index].copy() if joints is not None else None,
                name=str(self._name[index]),
            )

    def camera_of(self, index: int) -> FrameCamera:
        return self.cameras.of_frame(index)

    def depth_mm(self, indices: Indices) -> DepthArray:
        """uint16 [n, S, S] of a slice or of any indices, repeated and unordered ones too; IndexError beyond the end."""
        with self._reading("depth"):
            if isinstance(indices, slice):
                start, stop, step = indices.indices(len(self))
                if step == 1:
                    return self._depth.rows(start, max(start, stop))
                indices = range(start, stop, step)
            unique, places = np.unique(np.asarray(indices, dtype=np.int64), return_inverse=True)
            found = np.empty((len(unique), self.image_size, self.image_size), dtype=np.uint16)
            if len(unique):
                self._check_range(int(unique[0]), int(unique[-1]))
                starts = [0, *(np.flatnonzero(np.diff(unique) != 1) + 1), len(unique)]
                for start, stop in pairwise(starts):  # neighbours in one read
                    found[start:stop] = self._depth.rows(int(unique[start]), int(unique[stop - 1]) + 1)
            picked: DepthArray = found[places]
            return picked

    def _check_range(self, first: int, last: int) -> None:
        if not 0 <= first <= last < len(self):
            wrong = first if first < 0 else last
            raise IndexError(f"{self.path} has no frame {wrong}: its frames are 0 to {len(self) - 1}")

    @cached_property
    def joints_mm(self) -> FloatArray | None:
        """float32 [N, J, 3], NaN where not annotated; None without a skeleton. Read once, then kept."""
        if self.skeleton is None:
            return None
        with self._reading("its joints"):
            return self._numbers("joints_mm")

    @cached_property
    def fit_residual_mm(self) -> FloatArray | None:
        """float32 [N] of a store whose joints `lsps fit` made: how far each fitted hand is from the measured depth, NaN
        where a frame has too few points; None in every other store. Read once, then kept.
        """
        if "fit_residual_mm" not in self._file:
            return None
        with self._reading("its residuals"):
            return self._numbers("fit_residual_mm")

    @cached_property
    def times_s(self) -> npt.NDArray[np.float64] | None:
        """float64 [N] of a store that was made of one recording or by a camera: seconds since the recording began, not
        decreasing; None in every other store. Read once, then kept.
        """
        if "time_s" not in self._file:
            return None
        with self._reading("its times"):
            dataset = CheckedDataset(self._file["time_s"])
            times_s: npt.NDArray[np.float64] = dataset.rows(0, len(dataset)).astype(np.float64)
            if not (np.isfinite(times_s).all() and (np.diff(times_s) >= 0).all()):
                raise OSError("they are not in order")
        return times_s

    @cached_property
    def groups(self) -> dict[str, npt.NDArray[np.str_]]:
        """The group of each frame [N] by the name of a division, such as "view" or "camera"; empty in a store without.
        Read once, then kept.
        """
        with self._reading("its groups"):
            return read_groups(self.path, self._file)

    @cached_property
    def names(self) -> list[str]:
        """The name of every frame. Read once, then kept."""
        with self._reading("its names"):  # in parts: other threads wait for each
            starts = range(0, len(self), _NAMES_AT_ONCE)
            return [str(name) for start in starts for name in self._name[start : start + _NAMES_AT_ONCE]]

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
