"""What an import is before it runs: which pictures, what is known about each, and how one becomes a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_SIZE, crop
from lsps_core.data.frame import HandFrame
from lsps_core.data.importers.pictures import Depth
from lsps_core.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture to import: its file, the frame's name (group/rest), and the cube's half edge.

    center_mm [3], None to search for the hand; joints_mm [J, 3], None without annotation. Both in the camera frame of
    the finished store.
    """

    path: Path
    name: str
    half_mm: float
    center_mm: FloatArray | None = None
    joints_mm: FloatArray | None = None


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """All that an import needs to know, ready to be sent to other processes.

    read: a picklable function, file -> depth in mm [H, W], ValueError where it cannot. is_mirrored: pictures are
    flipped left to right after reading, and `camera`, centres and joints are the flipped ones already. settings: what,
    besides the shots, makes two imports different; they go into the store's provenance. refused: one line for each
    frame that the labels already ruled out.
    """

    shots: tuple[Shot, ...]
    read: Callable[[Path], Depth]
    camera: Camera
    settings: dict[str, Any]
    skeleton: Skeleton | None = None
    domain: str = "real"
    is_simulated: bool = False
    is_mirrored: bool = False
    refused: tuple[str, ...] = field(default=())

    def frame(self, shot: Shot) -> HandFrame:
        """Read and crop one of the shots; ValueError, in one line that names the file, where that cannot be."""
        try:
            depth = self.read(shot.path)
            if self.is_mirrored:
                depth = depth[:, ::-1]
            center = shot.center_mm
            if center is None:
                from lsps_core.data.hand_search import find_hand  # scipy, which most imports do without

                center = find_hand(depth, self.camera, cube_mm=2 * shot.half_mm).center_mm
            return cut_frame(depth, self.camera, center, shot.half_mm, joints_mm=shot.joints_mm, name=shot.name)
        except ValueError as error:
            line = " ".join(str(error).split())
            raise ValueError(line if str(shot.path) in line else f"{shot.path}: {line}") from error


def cut_frame(
    depth_mm: npt.NDArray[np.uint16] | FloatArray,
    camera: Camera,
    center_mm: FloatArray,
    half_mm: float,
    *,
    joints_mm: FloatArray | None = None,
    name: str = "",
    size: int = DEFAULT_SIZE,
) -> HandFrame:
    """The frame of one cube, cropped out of depth_mm [H, W]; ValueError where nothing is inside the cube."""
    center = np.asarray(center_mm, dtype=np.float32)
    cut = crop(depth_mm, camera, center, half_mm, size)
    if not cut.any():
        where = ", ".join(f"{value:.0f}" for value in center)
        raise ValueError(f"nothing is inside the cube of {2 * half_mm:g} mm around ({where}) mm; give another centre")
    joints = None if joints_mm is None else np.asarray(joints_mm, dtype=np.float32)
    return HandFrame(depth_mm=cut, center_mm=center, half_mm=half_mm, joints_mm=joints, name=name)
