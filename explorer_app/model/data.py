"""Opened data and its frames, as the strip shows them: a store, or raw depth images read when they are stepped to.

Imports HDF5 and SciPy, so the window has it imported by a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from explorer_app.model.comparison import to_joints_mm
from explorer_app.model.opening import IMAGE_SUFFIXES, ImageSettings
from lsps_core.camera import Camera
from lsps_core.config import Domain
from lsps_core.data.crop import crop_pixels
from lsps_core.data.frame import FrameSource, HandFrame
from lsps_core.data.importers.frames import frame_from_depth, read_depth
from lsps_core.data.store import FrameStore
from lsps_core.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class RawPicture:
    """The whole depth image that a frame was cut from, in mm (NaN = no reading).

    near_mm, far_mm: what the colours should span. box_px: the cube's window (u0, v0, u1, v1). note: how it was found.
    """

    depth_mm: npt.NDArray[np.float32]
    near_mm: float
    far_mm: float
    box_px: tuple[float, float, float, float]
    note: str


@dataclass(frozen=True, eq=False)
class FrameView:
    """One frame of opened data, and the raw image it comes from where there is one."""

    data: Data
    index: int
    frame: HandFrame
    raw: RawPicture | None = None

    @property
    def input_mm(self) -> npt.NDArray[np.float32]:
        """The crop as depth from the cube's centre, NaN = nothing there."""
        depth = self.frame.depth_mm.astype(np.float32)
        return np.where(depth > 0, depth - self.frame.center_mm[2], np.float32(np.nan))

    def pixels_of(self, pose: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """pose [J, 3] -> column and row [J, 2] in the crop."""
        frame = self.frame
        points_mm = to_joints_mm(pose, frame)
        return crop_pixels(points_mm, self.data.camera, frame.center_mm, frame.half_mm, frame.depth_mm.shape[-1])


class Data(Protocol):
    """What the strip steps through."""

    title: str
    camera: Camera
    domain: Domain
    skeleton: Skeleton | None
    is_simulated: bool
    is_annotated: bool
    origin: tuple[Path, ...]
    """What was opened: a store, or images and folders of them; empty for frames in memory."""

    def __len__(self) -> int: ...

    def view(self, index: int) -> FrameView: ...

    def close(self) -> None: ...


class StoreData:
    """Frames of a FrameStore, or of any other FrameSource."""

    def __init__(self, source: FrameSource, title: str) -> None:
        self._source = source
        self.title = title
        self.camera = source.camera
        self.domain: Domain = "synthetic" if source.domain == "synthetic" else "real"
        self.skeleton = source.skeleton
        self.is_simulated = source.is_simulated
        self.is_annotated = source.skeleton is not None
        self.origin = (source.path,) if isinstance(source, FrameStore) else ()

    def __len__(self) -> int:
        return len(self._source)

    def view(self, index: int) -> FrameView:
        return FrameView(self, index, self._source.frame(index))

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


class ImageData:
    """Raw depth images on disk; the hand is looked for when one is shown."""

    skeleton = None
    is_simulated = False
    is_annotated = False

    def __init__(self, paths: Sequence[Path], settings: ImageSettings, origin: Sequence[Path] = ()) -> None:
        self.paths = tuple(paths)
        self.origin = tuple(origin) or self.paths
        self.settings = settings
        self.camera = settings.camera
        self.domain = settings.domain
        self.title = self.paths[0].name if len(self.paths) == 1 else f"{len(self.paths)} images"

    def __len__(self) -> int:
        return len(self.paths)

    def view(self, index: int) -> FrameView:
        settings, path = self.settings, self.paths[index]
        depth_mm = read_depth(path, unit_mm=settings.unit_mm, nyu_packed=settings.nyu_packed)
        frame, found = frame_from_depth(depth_mm, settings.camera, cube_mm=settings.cube_mm, name=path.name)
        raw_mm = np.where(depth_mm > 0, depth_mm, np.nan).astype(np.float32)
        near_mm, far_mm = (float(value) for value in np.nanpercentile(raw_mm, (1, 95)))
        raw = RawPicture(raw_mm, near_mm, max(far_mm, near_mm + 1), found.box_px, found.note)
        return FrameView(self, index, frame, raw)

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True, eq=False)
class OpenedData:
    """Data and its first readable frame; `complaint` says what was wrong with those before it."""

    data: Data
    first: FrameView
    complaint: str = ""


def open_store(path: Path, index: int = 0) -> OpenedData:
    """Open a store of frames at one of them; ValueError with one line where it is none."""
    data = StoreData(FrameStore(path), path.name)
    try:
        _check_index(data, index, path)
        return OpenedData(data, data.view(index))
    except ValueError:
        data.close()
        raise


def _check_index(data: Data, index: int, path: Path) -> None:
    if not 0 <= index < len(data):
        raise ValueError(f"{path} has no frame {index + 1}, its last is {len(data)}; choose another frame")


def open_images(paths: Sequence[Path], settings: ImageSettings, index: int = 0) -> OpenedData:
    """Open images and folders of images at the first from `index` on that can be read; ValueError where none can."""
    data = ImageData(_image_files(paths), settings, paths)
    complaint = ""
    _check_index(data, index, data.origin[0])
    for number in range(index, len(data)):
        try:
            return OpenedData(data, data.view(number), complaint)
        except ValueError as error:
            complaint = complaint or str(error)
    raise ValueError(complaint)


def _image_files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        try:
            inside = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error
        if not inside:
            raise ValueError(f"{path} holds no depth images ({' '.join(IMAGE_SUFFIXES)})")
        files.extend(inside)
    return files
