"""Writing the .h5 file of hand frames: whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.config.model import DOMAINS
from lsps_core.data.crop import DEFAULT_SIZE
from lsps_core.data.frame_cameras import FrameCameras
from lsps_core.data.patient_file import PatientFile
from lsps_core.data.store_cameras import write_cameras
from lsps_core.data.store_chunks import CHUNK_FRAMES, DEFLATE_LEVEL, unpack_depth
from lsps_core.data.store_format import FORMAT, FORMAT_VERSION, FrameStoreError, reason
from lsps_core.data.store_groups import write_groups
from lsps_core.files import kind_of, put_in_place
from lsps_core.part_files import new_part
from lsps_core.skeleton import Skeleton

_SMALL_CHUNK_FRAMES = 1024
_NAME_CHUNK = 256  # a name is read with every frame


def _text(name: str) -> bytes:
    """A file name may contain bytes that are not text, which HDF5 rejects."""
    return str(name).encode("utf-8", "replace").replace(b"\0", b"?")


class FrameWriter:
    """Writes a store beside `path` and renames it if the `with` block succeeds; otherwise leaves nothing behind.

        with FrameWriter(path, domain="real", camera=NYU) as writer:
            writer.append(depth_mm=depth_mm, center_mm=center_mm, half_mm=150.0, names=names)

    Until the block ends, more may be set: `provenance`; `fit_residual_mm`, a number for each frame of a store whose
    joints are fitted; `times_s`, of each frame of a sequence, not decreasing; `groups`, by the name of a division of
    the frames, one of DIVISIONS, the group of each frame; and `cameras`, which gives each frame its own camera in place
    of `camera` and `is_mirrored`. `scratch` is a folder on the same disk for the unfinished file, which the caller
    clears if the process is killed.

    FrameStoreError for an existing `path` (unless `overwrite`), a folder or disk that cannot be written, frames that do
    not fit the declared size and skeleton, and a store without any frame.
    """

    def __init__(
        self,
        path: Path,
        *,
        domain: str,
        camera: Camera,
        skeleton: Skeleton | None = None,
        is_simulated: bool = False,
        is_mirrored: bool = False,
        image_size: int = DEFAULT_SIZE,
        provenance: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        scratch: Path | None = None,
    ) -> None:
        self.path = Path(path)
        self.skeleton = skeleton
        self.image_size = image_size
        self.frame_count = 0
        self.provenance: dict[str, Any] = dict(provenance or {})
        self.fit_residual_mm: list[float] = []
        self.times_s: list[float] = []
        self.groups: dict[str, list[str]] = {}
        self.cameras: FrameCameras | None = None
        self._names: list[bytes] = []
        self._datasets: dict[str, h5py.Dataset] = {}
        self._overwrite = overwrite
        if domain not in DOMAINS:
            raise FrameStoreError(f"{self.path}: the domain is {domain!r}; it must be one of {DOMAINS}")
        self._check_target()
        self._part_path = new_part(self.path, scratch)
        self._attributes: dict[str, Any] = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "domain": domain,
            "simulated": is_simulated,
            "mirrored": is_mirrored,
            "skeleton": json.dumps(skeleton.to_json() if skeleton is not None else None),
            "camera": json.dumps(camera.to_json()),
        }
        self._raw: PatientFile | None = None
        self._file: h5py.File | None = None

    def _check_target(self) -> None:
        kind = kind_of(self.path)
        if kind not in ("", "file"):
            raise FrameStoreError(f"{self.path} is a {kind}; give the name of a new .h5 file")
        if self.path.exists() and not self._overwrite:
            raise FrameStoreError(f"{self.path} exists already and was not changed; give another name or remove it")
        if not self.path.parent.is_dir():
            raise FrameStoreError(f"{self.path} cannot be written: its folder does not exist; create it first")

    def __enter__(self) -> Self:
        try:
            with self._writing():
                self._raw = PatientFile(self._part_path, "xb+")
                self._file = self._create(self._raw)
        except BaseException:
            self._discard()
            raise
        return self

    def _create(self, raw: PatientFile) -> h5py.File:
        size = self.image_size
        columns: dict[str, tuple[tuple[int, ...], Any]] = {
            "center_mm": ((3,), np.float32),
            "half_mm": ((), np.float32),
        }
        if self.skeleton is not None:
            columns["joints_mm"] = ((self.skeleton.joint_count, 3), np.float32)
        # 1.10 files take descriptions above 64 KB and find chunks faster than older ones
        file = h5py.File(raw, "w", libver=("v110", "v110"))
        file.attrs.update(self._attributes)
        frames = {"shape": (0, size, size), "maxshape": (None, size, size), "chunks": (CHUNK_FRAMES, size, size)}
        file.create_dataset("depth", dtype="<u2", **frames, compression="gzip", compression_opts=DEFLATE_LEVEL)
        for name, (shape, dtype) in columns.items():
            sizes = {"shape": (0, *shape), "maxshape": (None, *shape), "chunks": (_SMALL_CHUNK_FRAMES, *shape)}
            file.create_dataset(name, dtype=dtype, **sizes)
        self._datasets = {name: file[name] for name in ("depth", *columns)}  # looking it up takes longer than writing
        return file

    def append(
        self,
        *,
        depth_mm: npt.NDArray[np.uint16],
        center_mm: npt.ArrayLike,
        half_mm: npt.ArrayLike,
        names: Sequence[str],
        joints_mm: npt.ArrayLike | None = None,
    ) -> None:
        """Add n frames: depth_mm uint16 [n, S, S], center_mm [n, 3], half_mm [n] or one number, n names.

        joints_mm [n, J, 3], NaN where not annotated; without it, the frames of a store with a skeleton are not
        annotated.
        """
        depth = np.asarray(depth_mm)
        if depth.dtype != np.uint16:
            raise FrameStoreError(f"{self.path}: depth of type {depth.dtype} does not fit; give whole mm as uint16")
        shape = (len(names), self.image_size, self.image_size)
        if depth.shape != shape:
            raise self._misfit("depth", depth.shape, shape)
        with self._adding(names, center_mm, half_mm, joints_mm) as dataset:
            dataset[self.frame_count :] = depth

    def append_packed(
        self,
        *,
        chunks: Sequence[bytes],
        center_mm: npt.ArrayLike,
        half_mm: npt.ArrayLike,
        names: Sequence[str],
        joints_mm: npt.ArrayLike | None = None,
    ) -> None:
        """Like `append`, for depth compressed by `pack_depth`; copied unchanged where chunk boundaries agree."""
        if self.frame_count % CHUNK_FRAMES:
            depth = unpack_depth(chunks, len(names), self.image_size)
            self.append(depth_mm=depth, center_mm=center_mm, half_mm=half_mm, names=names, joints_mm=joints_mm)
            return
        expected = -(-len(names) // CHUNK_FRAMES)
        if len(chunks) != expected:
            raise self._misfit("chunks", (len(chunks),), (expected,))
        with self._adding(names, center_mm, half_mm, joints_mm) as dataset:
            for index, chunk in enumerate(chunks):
                dataset.id.write_direct_chunk((self.frame_count + index * CHUNK_FRAMES, 0, 0), chunk)

    @contextmanager
    def _adding(
        self, names: Sequence[str], center_mm: npt.ArrayLike, half_mm: npt.ArrayLike, joints_mm: npt.ArrayLike | None
    ) -> Iterator[h5py.Dataset]:
        """Extend the datasets and write all columns except depth."""
        if self._file is None:
            raise FrameStoreError(f"{self.path} is not open for writing; append inside a `with` block")
        columns = self._checked(center_mm, half_mm, names, joints_mm)
        with self._writing():
            for dataset in self._datasets.values():
                dataset.resize(self.frame_count + len(names), axis=0)
            for name, values in columns.items():
                self._datasets[name][self.frame_count :] = values
            yield self._datasets["depth"]
        self._names += [_text(name) for name in names]
        self.frame_count += len(names)

    def _checked(
        self, center_mm: npt.ArrayLike, half_mm: npt.ArrayLike, names: Sequence[str], joints_mm: npt.ArrayLike | None
    ) -> dict[str, npt.NDArray[Any]]:
        """The columns of a batch besides depth, converted; FrameStoreError for a wrong type or shape."""
        count, half = len(names), np.asarray(half_mm, dtype=np.float32)
        center = np.asarray(center_mm, dtype=np.float32)
        columns = {"center_mm": center, "half_mm": np.full(count, half) if half.ndim == 0 else half}
        shapes: dict[str, tuple[int, ...]] = {"center_mm": (count, 3), "half_mm": (count,)}
        if self.skeleton is not None:
            shapes["joints_mm"] = (count, self.skeleton.joint_count, 3)
            is_given = joints_mm is not None
            columns["joints_mm"] = np.asarray(
                joints_mm if is_given else np.full(shapes["joints_mm"], np.nan), np.float32
            )
        elif joints_mm is not None:
            raise FrameStoreError(
                f"{self.path}: joints were given for a store without a skeleton; declare the skeleton"
            )
        for name, shape in shapes.items():
            if columns[name].shape != shape:
                raise self._misfit(name, columns[name].shape, shape)
        is_cube = np.isfinite(center).all(axis=1) & (center[:, 2] > 0) & (columns["half_mm"] > 0)
        if not is_cube.all():
            raise FrameStoreError(f"{self.path}: {names[int(np.argmin(is_cube))]!r} has an invalid cube")
        return columns

    def _misfit(self, name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> FrameStoreError:
        return FrameStoreError(f"{self.path}: {name} is {list(found)}, not {list(expected)} to match the names")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._discard()

    def _finish(self) -> None:
        if self.frame_count == 0:
            raise FrameStoreError(f"{self.path} was not written: it would have no frames")
        assert self._file is not None
        assert self._raw is not None
        with self._writing():
            self._write_texts(self._file)
            self._file.close()
        with self._writing():
            os.fsync(self._raw.fileno())
            self._raw.close()
            self._check_target()
            put_in_place(self._part_path, self.path)

    def _write_texts(self, file: h5py.File) -> None:
        """Names and provenance, of fixed length: HDF5 has no checksum for the heap of variable-length texts."""
        dtype = h5py.string_dtype("utf-8", max(map(len, self._names)) or 1)
        chunks = (min(_NAME_CHUNK, self.frame_count),)
        file.create_dataset("name", data=np.array(self._names, dtype=dtype), chunks=chunks)
        for name, numbers, kind in (
            ("fit_residual_mm", self.fit_residual_mm, np.float32),
            ("time_s", self.times_s, np.float64),
        ):
            if numbers and len(numbers) != self.frame_count:
                raise self._misfit(name, (len(numbers),), (self.frame_count,))
            if numbers:
                file.create_dataset(name, data=np.array(numbers, kind))
        if self.cameras is not None:
            if len(self.cameras.index) != self.frame_count:
                raise self._misfit("cameras", self.cameras.index.shape, (self.frame_count,))
            write_cameras(file, self.cameras)
        if self.groups:
            write_groups(self.path, file, self.groups, self.frame_count)
        file.attrs["provenance"] = np.bytes_(json.dumps(self.provenance, default=str))

    def _discard(self) -> None:
        with suppress(OSError, RuntimeError):
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            if self._raw is not None:
                self._raw.close()
        with suppress(OSError):
            self._part_path.unlink()
        self._file = self._raw = None
        self._datasets = {}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
            if self._raw is not None and self._raw.error is not None:
                raise self._raw.error
        except (OSError, RuntimeError) as error:
            raise FrameStoreError(f"{self.path} cannot be written: {reason(error)}") from error
