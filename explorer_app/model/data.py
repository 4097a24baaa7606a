"""Opened data and its frames, as shown by the strip: here a store; raw depth images are in `image_data`.

Imports HDF5 and SciPy, so the window imports it in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from explorer_app.model.crop import Crop
from explorer_app.model.depth_statistics import DepthCounts
from explorer_app.model.playing.frame_recorder import FrameRecorder
from explorer_app.model.pose_error import to_joints_mm
from lsps_core.camera import Camera
from lsps_core.config.model import Domain
from lsps_core.data.crop import crop_pixels
from lsps_core.data.frame import FrameSource, HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.store import FrameStore
from lsps_core.skeleton import Skeleton


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
    is_live: bool
    """The only frame is a camera's newest one."""
    recorder: FrameRecorder | None
    """Of a camera that is recorded."""
    is_frozen: bool
    has_failed: bool
    """Of a camera: its frame stays; it delivers nothing any more. False for all other data."""
    origin: tuple[Path, ...]
    """The opened paths: a store, or images and folders of them; empty for frames in memory."""

    def __len__(self) -> int: ...

    @property
    def times_s(self) -> npt.NDArray[np.float64] | None:
        """[N], seconds since the recording began; None if they are not known."""
        ...

    def view(self, index: int, before: FrameView | None = None) -> FrameView:
        """before: a frame shortly before, whose hand is followed; without one, raw images are searched for a hand."""
        ...

    def camera_of(self, index: int) -> FrameCamera:
        """The camera of a frame; of a raw image as it is before it is flipped."""
        ...

    def names(self) -> Sequence[str]:
        """Of all frames; call it in a thread."""
        ...

    def close(self) -> None: ...


class StoreData:
    """Frames of a FrameStore, or of any other FrameSource; FrameStoreError if its times cannot be read."""

    is_live = is_frozen = has_failed = False
    recorder: FrameRecorder | None = None

    def __init__(self, source: FrameSource, title: str) -> None:
        self._source = source
        self.title = title
        self.domain: Domain = "synthetic" if source.domain == "synthetic" else "real"
        self.skeleton = source.skeleton
        self.is_simulated = source.is_simulated
        self.is_annotated = source.skeleton is not None
        self.origin: tuple[Path, ...] = (source.path,) if isinstance(source, FrameStore) else ()
        self.times_s = source.times_s if isinstance(source, FrameStore) else None

    def __len__(self) -> int:
        return len(self._source)

    def view(self, index: int, _before: FrameView | None = None) -> FrameView:
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

    @property
    def fit_residual_mm(self) -> npt.NDArray[np.float32] | None:
        """[N] of a store that `lsps fit` made; None of others. Read once; call it in a thread."""
        return self._source.fit_residual_mm if isinstance(self._source, FrameStore) else None

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


@dataclass(frozen=True, eq=False)
class OpenedData:
    """Data and its first readable frame; `complaint` is the problem of the frames before it."""

    data: Data
    first: FrameView
    complaint: str = ""
