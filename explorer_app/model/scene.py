"""The 3D skeleton as geometry: bones, their colours, and the eye that looks at them. Drawn by painter or OpenGL.

Points are [x right, y up, z away], in units of half the crop cube, which reaches from -1 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from explorer_app.model.colours import FINGER_COLOURS, Rgb
from lsps_core.skeleton import Skeleton

FloatArray = npt.NDArray[np.floating]

CUBE_CORNERS = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
CUBE_EDGES = tuple(
    (a, b) for a in range(8) for b in range(a + 1, 8) if np.abs(CUBE_CORNERS[a] - CUBE_CORNERS[b]).sum() == 2
)


@dataclass(frozen=True, eq=False)
class Figure:
    """One drawable skeleton: points [J, 3] or [J, 2], bones as pairs of joints, one colour a joint.

    A bone has its child's colour. Joints that are not known are NaN, and their bones are left out.
    """

    points: FloatArray
    bones: tuple[tuple[int, int], ...]
    colours: tuple[Rgb, ...]

    @property
    def known_bones(self) -> list[tuple[int, int]]:
        is_known = np.isfinite(self.points).all(axis=1)
        return [(parent, child) for parent, child in self.bones if is_known[parent] and is_known[child]]

    @property
    def known_joints(self) -> list[int]:
        return [int(joint) for joint in np.flatnonzero(np.isfinite(self.points).all(axis=1))]

    def is_same(self, other: Figure) -> bool:
        is_alike = (self.bones, self.colours) == (other.bones, other.colours)
        return is_alike and np.array_equal(self.points, other.points, equal_nan=True)

    def with_points(self, points: FloatArray) -> Figure:
        return replace(self, points=points)


def figure(skeleton: Skeleton, points: FloatArray, colour: Rgb | None = None) -> Figure:
    """A skeleton at points [J, 2 or 3], in the colours of its fingers or all in one `colour`."""
    colours = tuple(colour or FINGER_COLOURS[finger] for finger in skeleton.fingers)
    return Figure(np.asarray(points, dtype=np.float64), skeleton.bones, colours)


@dataclass(frozen=True)
class Orbit:
    """An eye that circles the cube's centre; the default is where the depth camera looks from.

    azimuth_deg turns the eye to the right around the upright axis, elevation_deg lifts it.
    """

    azimuth_deg: float = 0.0
    elevation_deg: float = 0.0
    distance: float = 5.4
    field_of_view_deg: float = 34.0

    def turned(self, right_deg: float, up_deg: float) -> Orbit:
        azimuth = (self.azimuth_deg + right_deg + 180.0) % 360.0 - 180.0
        return replace(self, azimuth_deg=azimuth, elevation_deg=min(max(self.elevation_deg + up_deg, -89.0), 89.0))

    def zoomed(self, factor: float) -> Orbit:
        return replace(self, distance=min(max(self.distance * factor, 2.0), 20.0))

    def project(self, points: FloatArray, width: float, height: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """points [N, 3] -> px [N, 2] in a width x height view, distance from the eye [N], px per unit there [N]."""
        azimuth, elevation = np.radians(self.azimuth_deg), np.radians(self.elevation_deg)
        x, y, z = np.moveaxis(np.asarray(points, dtype=np.float64), -1, 0)
        x, z = x * np.cos(azimuth) + z * np.sin(azimuth), z * np.cos(azimuth) - x * np.sin(azimuth)
        y, z = y * np.cos(elevation) + z * np.sin(elevation), z * np.cos(elevation) - y * np.sin(elevation)
        away = np.maximum(z + self.distance, 1e-3)
        scale = 0.5 * min(width, height) / np.tan(np.radians(self.field_of_view_deg / 2)) / away
        return np.stack([width / 2 + x * scale, height / 2 - y * scale], axis=-1), away, scale
