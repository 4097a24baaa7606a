"""Opened data and its frames, as shown by the strip: a store, or raw depth images that are read on demand.

Imports HDF5 and SciPy, so the window imports it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from explorer_app.error_words import line_of
from explorer_app.model.crop import Crop, Uvd, cube_box_px, has_same_depth
from explorer_app.model.depth_statistics import DepthCounts, count_depth
from explorer_app.model.opening import ImageSettings
from explorer_app.model.pose_error import to_joints_mm
from explorer_app.model.raw_image import RawImage, list_images
from lsps_core.camera import Camera
from lsps_core.config import Domain
from lsps_core.data.crop import crop as crop_image
from lsps_core.data.crop import crop_pixels
from lsps_core.data.frame import FrameSource, HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.store import FrameStore
from lsps_core.skeleton import Skeleton

_TRIES = 10
"""Number of images that are searched for a hand on opening: with a wrong unit, none has one."""


@dataclass(frozen=True, eq=False)
class RawPicture:
    """The whole depth image of a frame, in mm (NaN = no reading), flipped if its crop says so.

    near_mm, far_mm: the range of the colours. box_px: the cube's window (u0, v0, u1, v1). note: how it was found.
    crop: how it was read and where it was cropped, with the cube's centre. counts: of the whole image.
    """

    depth_mm: npt.NDArray[np.float32]
    near_mm: float
    far_mm: float
    box_px: tuple[float, float, float, float]
    note: str
    crop: Crop
    counts: DepthCounts


@dataclass(frozen=True, eq=False)
class FrameView:
    """One frame of opened data, and its raw image if there is one.

    complaint: one line if no hand was found in that image, and the cube is around the nearest object.
    """

    data: Data
    index: int
    frame: HandFrame
    raw: RawPicture | None = None
    complaint: str = ""

    @property
    def camera(self) -> Camera:
        """The camera of this frame, flipped if the raw image is."""
        if self.raw is None:
            return self.data.camera_of(self.index).camera
        return self.raw.crop.camera(self.raw.depth_mm.shape[1])

    @property
    def frame_camera(self) -> FrameCamera:
        """The same, and whether and how the image was flipped."""
        if self.raw is None:
            return self.data.camera_of(self.index)
        is_mirrored = self.raw.crop.settings.is_mirrored
        width_px = self.raw.depth_mm.shape[1] if is_mirrored else None
        return FrameCamera(camera=self.camera, is_mirrored=is_mirrored, width_px=width_px)

    @property
    def input_mm(self) -> npt.NDArray[np.float32]:
        """The crop as depth from the cube's centre, NaN = nothing there."""
        depth = self.frame.depth_mm.astype(np.float32)
        return np.where(depth > 0, depth - self.frame.center_mm[2], np.float32(np.nan))

    def pixels_of(self, pose: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """pose [J, 3] -> column and row [J, 2] in the crop."""
        frame = self.frame
        points_mm = to_joints_mm(pose, frame)
        return crop_pixels(points_mm, self.camera, frame.center_mm, frame.half_mm, frame.depth_mm.shape[-1])


class Data(Protocol):
    """The data interface of the strip."""

    title: str
    domain: Domain
    skeleton: Skeleton | None
    is_simulated: bool
    is_annotated: bool
    origin: tuple[Path, ...]
    """The opened paths: a store, or images and folders of them; empty for frames in memory."""

    def __len__(self) -> int: ...

    def view(self, index: int) -> FrameView: ...

    def camera_of(self, index: int) -> FrameCamera:
        """The camera of a frame; of a raw image as it is before it is flipped."""
        ...

    def names(self) -> Sequence[str]:
        """Of all frames; call it in a thread."""
        ...

    def close(self) -> None: ...


class StoreData:
    """Frames of a FrameStore, or of any other FrameSource."""

    def __init__(self, source: FrameSource, title: str) -> None:
        self._source = source
        self.title = title
        self.domain: Domain = "synthetic" if source.domain == "synthetic" else "real"
        self.skeleton = source.skeleton
        self.is_simulated = source.is_simulated
        self.is_annotated = source.skeleton is not None
        self.origin: tuple[Path, ...] = (source.path,) if isinstance(source, FrameStore) else ()

    def __len__(self) -> int:
        return len(self._source)

    def view(self, index: int) -> FrameView:
        return FrameView(self, index, self._source.frame(index))

    def camera_of(self, index: int) -> FrameCamera:
        return self._source.camera_of(index)

    def names(self) -> Sequence[str]:
        source = self._source
        return source.names if isinstance(source, FrameStore) else [self.view(i).frame.name for i in range(len(self))]

    @cached_property
    def poses(self) -> npt.NDArray[np.float32] | None:
        """The annotations of all frames as poses [N, J, 3], NaN if not annotated; None without annotation.

        Read once; call it in a thread.
        """
        source = self._source
        if not isinstance(source, FrameStore) or source.joints_mm is None:
            return None
        return (source.joints_mm - source.center_mm[:, None]) / source.half_mm[:, None, None]

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


class ImageData:
    """Raw depth images on disk; the hand is searched when one is shown, unless the user has placed the cube."""

    skeleton: Skeleton | None = None
    is_simulated = False
    is_annotated = False

    def __init__(
        self,
        images: Sequence[RawImage],
        settings: ImageSettings,
        origin: Sequence[Path] = (),
        crops: Mapping[int, Crop] | None = None,
    ) -> None:
        self.images = tuple(images)
        self.origin = tuple(origin) or tuple(dict.fromkeys(image.path for image in images))
        self.settings = settings
        self.domain = settings.domain
        files = {image.path for image in images}
        self.title = images[0].path.name if len(files) == 1 else f"{len(images)} images"
        self._crops = dict(crops or {})

    def __len__(self) -> int:
        return len(self.images)

    def view(self, index: int) -> FrameView:
        return self._crop(index, self._crops.get(index) or Crop(settings=self.settings))

    @property
    def crops(self) -> dict[int, Crop]:
        """How single images are read and cropped, by index, if the user has changed it."""
        return dict(self._crops)

    def recrop(self, view: FrameView, crop: Crop) -> FrameView:
        """Read or crop the image of `view` differently, and remember it; ValueError if it cannot be read."""
        cropped_view = self._crop(view.index, crop, view.raw)
        self._crops[view.index] = crop
        return cropped_view

    def use_for_all(self, settings: ImageSettings) -> None:
        """Read all images with these settings; cubes placed by the user are kept if they remain valid."""
        self.settings = settings
        kept = {
            index: crop for index, crop in self._crops.items() if crop.center_uvd and _agree(crop.settings, settings)
        }
        self._crops = {index: replace(crop, settings=settings) for index, crop in kept.items()}

    def camera_of(self, index: int) -> FrameCamera:
        crop = self._crops.get(index)
        return FrameCamera(camera=(crop.settings if crop else self.settings).camera)

    def names(self) -> Sequence[str]:
        return [image.name for image in self.images]

    def close(self) -> None:
        """No file is kept open."""

    def _crop(self, index: int, crop: Crop, before: RawPicture | None = None) -> FrameView:
        depth_mm, counts = self._read(index, crop.settings, before)
        camera, half_mm = crop.camera(depth_mm.shape[1]), crop.settings.cube_mm / 2
        center, note, complaint = crop.center_uvd, "placed by hand", ""
        if center is None:
            center, note, complaint = _find(depth_mm, camera, crop.settings.cube_mm, self.images[index].name)
        crop = replace(crop, center_uvd=center)
        center_mm = camera.unproject(np.array(center)).astype(np.float32)
        frame = HandFrame(
            depth_mm=crop_image(depth_mm, camera, center_mm, half_mm),
            center_mm=center_mm,
            half_mm=half_mm,
            joints_mm=None,
            name=self.images[index].name,
        )
        colours = (counts.near_mm, max(counts.far_mm, counts.near_mm + 1))
        raw = RawPicture(depth_mm, *colours, cube_box_px(crop, depth_mm.shape[1]), note, crop, counts)
        return FrameView(self, index, frame, raw, complaint)

    def _read(
        self, index: int, settings: ImageSettings, before: RawPicture | None
    ) -> tuple[npt.NDArray[np.float32], DepthCounts]:
        """The image with these settings; read from the file only if it differs from the previous one."""
        if before is None or not has_same_depth(before.crop.settings, settings):
            depth_mm = self.images[index].read(settings)
            return depth_mm[:, ::-1] if settings.is_mirrored else depth_mm, count_depth(depth_mm)
        is_flipped = before.crop.settings.is_mirrored != settings.is_mirrored
        return before.depth_mm[:, ::-1] if is_flipped else before.depth_mm, before.counts


def _agree(a: ImageSettings, b: ImageSettings) -> bool:
    """Whether a pixel and its depth have the same meaning with both settings."""
    return has_same_depth(a, b) and a.is_mirrored == b.is_mirrored


def _find(depth_mm: npt.NDArray[np.float32], camera: Camera, cube_mm: float, name: str) -> tuple[Uvd, str, str]:
    """The hand's centre, how it was found, and a complaint; without a hand, the nearest object."""
    from lsps_core.data.hand_search import find_hand  # imports scipy, which only raw images need

    try:
        found = find_hand(depth_mm, camera, cube_mm=cube_mm)
    except ValueError as error:
        is_near = depth_mm <= np.nanpercentile(depth_mm, 5)
        rows, columns = np.nonzero(is_near)
        center = (float(np.median(columns)), float(np.median(rows)), float(np.median(depth_mm[is_near])))
        return center, "no hand found; using the nearest object", f"{name}: {error}"
    u, v, d = camera.project(found.center_mm).tolist()
    return (u, v, d), found.note, ""


@dataclass(frozen=True, eq=False)
class OpenedData:
    """Data and its first readable frame; `complaint` is the problem of the frames before it."""

    data: Data
    first: FrameView
    complaint: str = ""


def open_store(path: Path, index: int = 0) -> OpenedData:
    """Open a store at one of its frames; ValueError, in one line, for other files."""
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


def open_images(
    paths: Sequence[Path], settings: ImageSettings, index: int = 0, crops: Mapping[int, Crop] | None = None
) -> OpenedData:
    """Open images, files and folders of images, at the first one from `index` with a hand.

    crops: earlier changes to single images.
    If none of the first few has a hand, the first readable one. ValueError, in one line, if there is none.
    """
    images, complaints = list_images(paths)
    if not images:
        raise ValueError(complaints[0])
    data = ImageData(images, settings, paths, crops)
    _check_index(data, index, paths[0])
    readable: list[FrameView] = []
    for number in range(index, len(data)):
        try:
            readable.append(data.view(number))
        except ValueError as error:
            complaints.append(line_of(error))
            continue
        if not readable[-1].complaint or len(readable) == _TRIES:
            break
    if not readable:
        raise ValueError(complaints[0])
    is_found = not readable[-1].complaint
    return OpenedData(data, readable[-1 if is_found else 0], complaints[0] if complaints else "")
