"""The plan of an import: its images, their labels, and how an image becomes a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_SIZE, crop, cube_window
from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importing.pictures import Depth, Window
from lsps_core.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """One image to import: its file, the frame's name (group/rest), and the cube's half edge.

    center_mm [3], None to search for the hand; joints_mm [J, 3], None without annotation. Both in the camera frame of
    the finished store. box_px: u, v, width and height of a bounding box in the picture as `read` returns it; without a
    center_mm the hand is searched in there. camera: if it is not the plan's. groups: the shot's group in each of the
    plan's divisions. time_s: since the recording began, if all shots are of one. read: if the image is one of many in
    its file, or is read unlike the plan's; picklable.
    """

    path: Path
    name: str
    half_mm: float
    center_mm: FloatArray | None = None
    joints_mm: FloatArray | None = None
    box_px: tuple[int, int, int, int] | None = None
    camera: FrameCamera | None = None
    groups: tuple[str, ...] = ()
    time_s: float | None = None
    read: Callable[[Window | None], Depth] | None = None


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """Everything that an import needs, in a form that can be sent to other processes.

    shots: `Shots`, or a tuple of a few.
    read: a picklable function, (file, the needed window) -> depth in mm [H, W], ValueError on failure.
    label: a picklable function that reads a shot's own label file: the shot with joints and centre, None for a frame
    without a hand, ValueError on failure. mirrored_width_px: of images that are flipped left to right after reading;
    `camera`, centres and joints are already flipped. divisions: what the shots are grouped by, some of DIVISIONS.
    settings: identify the import, besides the shots; they are kept in the store's provenance. refused: one line for
    each frame that was rejected by its labels. note: a line for the user, or empty.
    """

    shots: Sequence[Shot]
    read: Callable[[Path, Window | None], Depth]
    camera: Camera
    settings: dict[str, Any]
    label: Callable[[Shot], Shot | None] | None = None
    skeleton: Skeleton | None = None
    domain: str = "real"
    is_simulated: bool = False
    mirrored_width_px: int | None = None
    divisions: tuple[str, ...] = ()
    refused: tuple[str, ...] = field(default=())
    note: str = ""

    @cached_property
    def _own_camera(self) -> FrameCamera:
        width_px = self.mirrored_width_px
        return FrameCamera(camera=self.camera, is_mirrored=width_px is not None, width_px=width_px)

    def camera_of(self, shot: Shot) -> FrameCamera:
        return shot.camera or self._own_camera

    def frame(self, shot: Shot) -> HandFrame | None:
        """Read and crop one of the shots; None without a hand; ValueError, in one line that names the file."""
        labelled = shot if self.label is None else self.label(shot)
        return None if labelled is None else self._cut(labelled)

    def _cut(self, shot: Shot) -> HandFrame:
        used = self.camera_of(shot)
        try:
            window = _window(shot, used)
            depth = self.read(shot.path, window) if shot.read is None else shot.read(window)
            if shot.box_px is not None and shot.center_mm is None:
                depth = _inside(depth, shot.box_px)
            if used.is_mirrored:
                if used.width_px not in (None, depth.shape[1]):
                    raise ValueError(
                        f"it is {depth.shape[1]} px wide, not {used.width_px} as the first; import it alone"
                    )
                depth = depth[:, ::-1]
            center = shot.center_mm
            if center is None:
                from lsps_core.data.hand_search import find_hand  # imports scipy, which most imports do not need

                center = find_hand(depth, used.camera, cube_mm=2 * shot.half_mm).center_mm
            return cut_frame(depth, used.camera, center, shot.half_mm, joints_mm=shot.joints_mm, name=shot.name)
        except ValueError as error:
            line = " ".join(str(error).split())
            image = f"{shot.path}" if shot.read is None else f"{shot.path}, {shot.name}"
            raise ValueError(line if str(shot.path) in line else f"{image}: {line}") from error


def _window(shot: Shot, used: FrameCamera) -> Window | None:
    """The part of the image file that a shot's crop needs; None if the hand must be searched."""
    if shot.center_mm is None:
        return None
    u0, v0, u1, v1 = cube_window(used.camera, shot.center_mm, shot.half_mm)
    if used.is_mirrored and used.width_px is not None:
        u0, u1 = used.width_px - 1 - u1, used.width_px - 1 - u0
    return Window(floor(u0) - 1, floor(v0) - 1, ceil(u1) + 2, ceil(v1) + 2)


def _inside(depth_mm: Depth, box_px: tuple[int, int, int, int]) -> Depth:
    """The depth image with no reading outside the box."""
    u, v, width, height = box_px
    kept = np.zeros_like(depth_mm)
    part = slice(max(v, 0), max(v + height, 0)), slice(max(u, 0), max(u + width, 0))
    kept[part] = depth_mm[part]
    return kept


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
    """The frame of one cube, cropped out of depth_mm [H, W]; ValueError if the cube is empty."""
    center = np.asarray(center_mm, dtype=np.float32)
    cut = crop(depth_mm, camera, center, half_mm, size)
    if not cut.any():
        where = ", ".join(f"{value:.0f}" for value in center)
        raise ValueError(f"nothing is inside the cube of {2 * half_mm:g} mm around ({where}) mm; give another centre")
    joints = None if joints_mm is None else np.asarray(joints_mm, dtype=np.float32)
    return HandFrame(depth_mm=cut, center_mm=center, half_mm=half_mm, joints_mm=joints, name=name)
