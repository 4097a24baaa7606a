"""Raw depth images that are opened: how each is read and cropped.

Imports HDF5 and SciPy, so the window imports it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from explorer_app.model.crop import Crop, Uvd, cube_box_px, has_same_depth
from explorer_app.model.data import FrameView, RawPicture
from explorer_app.model.depth_statistics import DepthCounts, count_depth
from explorer_app.model.opening import ImageSettings
from explorer_app.model.playing.frame_recorder import FrameRecorder
from explorer_app.model.raw_image import AnyImage, RecordedImage
from lsps_core.camera import Camera
from lsps_core.data.crop import crop as crop_image
from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.skeleton import Skeleton


class ImageData:
    """Raw depth images on disk; the hand is searched when one is shown, unless the user has placed the cube."""

    skeleton: Skeleton | None = None
    is_simulated = False
    is_annotated = False
    is_live = is_frozen = has_failed = False
    recorder: FrameRecorder | None = None

    def __init__(
        self,
        images: Sequence[AnyImage],
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
        recordings = {id(image.recording): image.recording for image in images if isinstance(image, RecordedImage)}
        is_recording = len(recordings) == 1 and all(isinstance(image, RecordedImage) for image in images)
        self.times_s = next(iter(recordings.values())).times_s if is_recording else None

    def __len__(self) -> int:
        return len(self.images)

    def view(self, index: int, before: FrameView | None = None) -> FrameView:
        is_hand = before is not None and before.data is self and not before.complaint
        last_mm = before.frame.center_mm if before is not None and is_hand else None
        return self._crop(index, self._crops.get(index) or Crop(settings=self.settings), last_mm=last_mm)

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

    def _crop(
        self,
        index: int,
        crop: Crop,
        before: RawPicture | None = None,
        last_mm: npt.NDArray[np.float32] | None = None,
    ) -> FrameView:
        """before: of the same image, read otherwise. last_mm [3]: where the hand was in another one, to be followed."""
        depth_mm, counts = self._read(index, crop.settings, before)
        camera, half_mm = crop.camera(depth_mm.shape[1]), crop.settings.cube_mm / 2
        center, note, complaint = crop.center_uvd, "placed by hand", ""
        if center is None:
            center, note, complaint = _find(depth_mm, camera, crop.settings.cube_mm, self.images[index].name, last_mm)
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


def _find(
    depth_mm: npt.NDArray[np.float32],
    camera: Camera,
    cube_mm: float,
    name: str,
    last_mm: npt.NDArray[np.float32] | None,
) -> tuple[Uvd, str, str]:
    """The hand's centre, how it was found, and a complaint; without a hand, the nearest object.

    last_mm: where it was in the frame before; it is looked for there first.
    """
    from lsps_core.data.hand_search import find_hand  # imports scipy, which only raw images need
    from lsps_core.data.recordings.follow import follow_hand

    try:
        found = None
        if last_mm is not None:
            with suppress(ValueError):  # it is lost, and found again
                found = follow_hand(depth_mm, camera, last_mm, cube_mm=cube_mm)
        found = found or find_hand(depth_mm, camera, cube_mm=cube_mm)
    except ValueError as error:
        is_near = depth_mm <= np.nanpercentile(depth_mm, 5)
        rows, columns = np.nonzero(is_near)
        center = (float(np.median(columns)), float(np.median(rows)), float(np.median(depth_mm[is_near])))
        return center, "no hand found; using the nearest object", f"{name}: {error}"
    u, v, d = camera.project(found.center_mm).tolist()
    return (u, v, d), found.note, ""
