"""Raw depth images in files of several formats, also many in one HDF5 file or in a recording.

Imports HDF5: use it in threads only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import h5py
import numpy as np
import numpy.typing as npt

from explorer_app.error_words import line_of
from explorer_app.model.opening import IMAGE_SUFFIXES, STORE_SUFFIXES, ImageSettings, is_plain_hdf5
from lsps_core.data.hdf5 import CheckedDataset, check_size
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.recordings.opening import is_recording, open_recording
from lsps_core.data.recordings.source import Recording
from lsps_core.files import kind_of, require_file

_USUAL_NAME = "depth"
_DAMAGE = (OSError, KeyError, RuntimeError, ValueError, TypeError, MemoryError)
_MOST_PX = 1 << 25
_LEAST_PX = 16
"""A smaller array is not an image, but labels or intrinsics."""


@dataclass(frozen=True)
class RawImage:
    """A file, or one image of an HDF5 dataset: row `row` of [N, H, W], None for [H, W]."""

    path: Path
    dataset: str | None = None
    row: int | None = None

    @property
    def name(self) -> str:
        return self.path.name if self.row is None else f"{self.path.name} {self.row + 1}"

    def read(self, settings: ImageSettings) -> npt.NDArray[np.float32]:
        """Depth in mm [H, W], NaN = no reading, not flipped; ValueError, in one line, if it cannot be read."""
        if self.dataset is not None:
            depth = self._read_hdf5() * np.float32(settings.unit_mm)
        else:
            depth = read_depth(self.path, unit_mm=settings.unit_mm, nyu_packed=settings.nyu_packed).astype(np.float32)
        return with_gaps(depth, self.path, self.name)

    def _read_hdf5(self) -> npt.NDArray[np.float32]:
        require_file(self.path)
        try:
            with h5py.File(self.path, "r", locking=False) as file:
                dataset = file[self.dataset]
                check_size(dataset)
                first = self.row or 0
                values = CheckedDataset(dataset).rows(first, len(dataset) if self.row is None else first + 1)
                values = values if self.row is None else values[0]
        except _DAMAGE as error:
            raise ValueError(f"{self.path} cannot be read ({_brief(error)}); copy it again") from error
        with np.errstate(invalid="ignore", over="ignore"):
            return values.astype(np.float32)


@dataclass(frozen=True, eq=False)
class RecordedImage:
    """A frame of a recording."""

    recording: Recording
    index: int

    @property
    def path(self) -> Path:
        return self.recording.path

    @property
    def name(self) -> str:
        return self.recording.name(self.index)

    def read(self, settings: ImageSettings) -> npt.NDArray[np.float32]:
        """As `RawImage.read`."""
        depth = self.recording.counts(self.index) * np.float32(settings.unit_mm)
        return with_gaps(depth, self.path, self.name)


class AnyImage(Protocol):
    """`RawImage`, `RecordedImage`, or the image of a camera."""

    @property
    def path(self) -> Path: ...

    @property
    def name(self) -> str: ...

    def read(self, settings: ImageSettings) -> npt.NDArray[np.float32]: ...


def with_gaps(depth: npt.NDArray[np.float32], path: Path, name: str) -> npt.NDArray[np.float32]:
    """Depth with NaN where there is no reading; ValueError if there is none at all."""
    depth[~(np.isfinite(depth) & (depth > 0))] = np.nan
    if np.isnan(depth).all():
        raise ValueError(f"{path.parent / name} has no reading at all; give another image")
    return depth


def list_images(paths: Sequence[Path]) -> tuple[list[AnyImage], list[str]]:
    """All images in these files and folders, and one line for each path without any."""
    images: list[AnyImage] = []
    complaints: list[str] = []
    for path in paths:
        try:
            for file in _files_in(path):
                images.extend(_images_in(file))
        except ValueError as error:
            complaints.append(line_of(error))
    return images, complaints


def _files_in(path: Path) -> list[Path]:
    if kind_of(path) != "folder":
        return [path]
    try:
        inside = sorted(path.iterdir())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error
    files = [file for file in inside if file.suffix.lower() in IMAGE_SUFFIXES]
    files += [file for file in inside if file.suffix.lower() in STORE_SUFFIXES and is_plain_hdf5(file)]
    if not files:
        raise ValueError(f"{path} holds no depth images ({' '.join((*IMAGE_SUFFIXES, *STORE_SUFFIXES))})")
    return files


def _images_in(file: Path) -> Sequence[AnyImage]:
    if is_recording(file):
        recording = open_recording(file)
        return [RecordedImage(recording, index) for index in range(len(recording))]
    return _images_in_hdf5(file) if file.suffix.lower() in STORE_SUFFIXES else [RawImage(file)]


def _images_in_hdf5(path: Path) -> list[RawImage]:
    """The images of the dataset named depth, else of the only one that fits."""
    require_file(path)
    try:
        with h5py.File(path, "r", locking=False) as file:
            shapes = _image_shapes(file)
    except _DAMAGE as error:
        raise ValueError(f"{path} is cut off or damaged ({_brief(error)}); copy it again") from error
    named = [name for name in shapes if name.rsplit("/", 1)[-1].lower() == _USUAL_NAME]
    usable = named or list(shapes)
    if len(usable) != 1:
        what = f"several candidates ({', '.join(usable[:4])})" if usable else "none"
        raise ValueError(
            f"{path} should hold one dataset of depth, [H, W] or [N, H, W], but has {what}; name it 'depth'"
        )
    shape = shapes[usable[0]]
    if math.prod(shape[-2:]) > _MOST_PX or (len(shape) == 3 and shape[0] > path.stat().st_size):
        raise ValueError(f"{path} declares images of shape {list(shape)} but does not contain them; copy it again")
    rows: Sequence[int | None] = range(shape[0]) if len(shape) == 3 else (None,)
    return [RawImage(path, usable[0], row) for row in rows]


def _image_shapes(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """Every dataset that may contain depth images, with its shape."""
    shapes: dict[str, tuple[int, ...]] = {}

    def look(name: str | bytes, item: object) -> None:
        if isinstance(name, bytes):  # it is not UTF-8
            return
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "uif" and item.dtype.itemsize > 1:
            shape = item.shape or ()
            if len(shape) in (2, 3) and 0 not in shape and min(shape[-2:]) >= _LEAST_PX:
                shapes[name] = shape

    file.visititems(look)
    return shapes


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
