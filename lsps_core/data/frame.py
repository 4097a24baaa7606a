"""One hand crop, and sources of hand crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class HandFrame:
    """A square depth crop of the cube of edge 2 * half_mm around center_mm.

    depth_mm: uint16 [S, S], mm from the camera, 0 = no reading or nothing inside the cube.
    center_mm: float32 [3], the cube's centre in the camera frame (x right, y up, z away).
    joints_mm: float32 [J, 3] in the camera frame, NaN where not annotated; None if the data set has no annotation.
    """

    depth_mm: npt.NDArray[np.uint16]
    center_mm: npt.NDArray[np.float32]
    half_mm: float
    joints_mm: npt.NDArray[np.float32] | None
    name: str


class FrameSource(Protocol):
    """A sequence of frames, each of its camera, and where annotated of one skeleton. `FrameStore` is the usual one."""

    @property
    def skeleton(self) -> Skeleton | None: ...

    @property
    def domain(self) -> str:
        """Which of the model's two depth domains the frames belong to: "real" or "synthetic"."""
        ...

    @property
    def is_simulated(self) -> bool:
        """True if the frames were rendered, also if they are used in place of real ones."""
        ...

    def __len__(self) -> int: ...

    def frame(self, index: int) -> HandFrame: ...

    def camera_of(self, index: int) -> FrameCamera: ...


@dataclass(frozen=True, kw_only=True)
class FrameList:
    """A FrameSource of frames in memory, such as single images that the user opened."""

    frames: tuple[HandFrame, ...]
    camera: Camera
    domain: str = "real"
    skeleton: Skeleton | None = None
    is_simulated: bool = False

    def __len__(self) -> int:
        return len(self.frames)

    def camera_of(self, _index: int) -> FrameCamera:
        return FrameCamera(camera=self.camera)

    def frame(self, index: int) -> HandFrame:
        """Frame `index`, counted from 0; IndexError outside the range."""
        if not 0 <= index < len(self.frames):
            raise IndexError(f"there is no frame {index}: the frames are 0 to {len(self.frames) - 1}")
        return self.frames[index]
