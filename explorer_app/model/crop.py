"""Where a raw image is cropped, and how it was read: everything that the inspector can change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from explorer_app.model.opening import ImageSettings
from lsps_core.camera import Camera
from lsps_core.data.crop import cube_window

Uvd = tuple[float, float, float]
Box = tuple[float, float, float, float]

SMALLEST_CUBE_MM, LARGEST_CUBE_MM = 50.0, 1000.0
NEAREST_MM, FARTHEST_MM = 50.0, 20_000.0


@dataclass(frozen=True, kw_only=True)
class Crop:
    """How one raw image becomes a frame.

    center_uvd: the cube's centre (column px, row px, depth mm) in the image, flipped if the settings say so; None
    for the position of the found hand.
    """

    settings: ImageSettings
    center_uvd: Uvd | None = None

    def camera(self, width_px: int) -> Camera:
        """The camera of the image, flipped if the image is."""
        camera = self.settings.camera
        return camera.mirrored(width_px) if self.settings.is_mirrored else camera

    def with_center(self, center_uvd: Uvd) -> Crop:
        """Move the cube; its depth is clamped to a camera's range."""
        u, v, d = center_uvd
        return replace(self, center_uvd=(u, v, min(max(d, NEAREST_MM), FARTHEST_MM)))

    def with_cube_mm(self, cube_mm: float) -> Crop:
        """Set the cube's edge, within the sizes for a hand."""
        cube_mm = min(max(cube_mm, SMALLEST_CUBE_MM), LARGEST_CUBE_MM)
        return replace(self, settings=replace(self.settings, cube_mm=cube_mm))

    def with_settings(self, settings: ImageSettings, width_px: int) -> Crop:
        """Change the settings: the cube stays on its pixels, or is found again if the depths change."""
        center = self.center_uvd
        if not has_same_depth(self.settings, settings):
            center = None
        elif center is not None and settings.is_mirrored != self.settings.is_mirrored:
            center = (width_px - 1 - center[0], *center[1:])
        return Crop(settings=settings, center_uvd=center)


def has_same_depth(a: ImageSettings, b: ImageSettings) -> bool:
    """Whether a file has the same depths with both, except for a flip."""
    return (a.unit_mm, a.nyu_packed) == (b.unit_mm, b.nyu_packed)


def cube_box_px(crop: Crop, width_px: int) -> Box:
    """The window (u0, v0, u1, v1) of a placed cube in an image of that width."""
    camera = crop.camera(width_px)
    return cube_window(camera, camera.unproject(np.array(crop.center_uvd)), crop.settings.cube_mm / 2)


def cube_faces_px(crop: Crop, width_px: int) -> npt.NDArray[np.floating]:
    """A placed cube's near and far face in the image: [2, 4, 2] column and row, corner by corner around.

    A near face behind the camera is drawn just in front of it.
    """
    camera = crop.camera(width_px)
    x, y, z = camera.unproject(np.array(crop.center_uvd))
    half = crop.settings.cube_mm / 2
    corners = np.array([x, y]) + half * np.array([(-1, 1), (1, 1), (1, -1), (-1, -1)])
    faces = [np.column_stack([corners, np.full(4, depth)]) for depth in (max(z - half, z / 10), z + half)]
    return camera.project(np.array(faces))[..., :2]
