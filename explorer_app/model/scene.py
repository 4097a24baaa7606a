"""The 3D skeleton as geometry: bones, colours and the camera. Drawn by painter or OpenGL.

Points are [x right, y up, z away], in units of half the crop cube, which spans -1 to 1.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

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

    A bone has its child's colour. Unknown joints are NaN, and their bones are left out.
    """

    points: FloatArray
    bones: tuple[tuple[int, int], ...]
    colours: tuple[Rgb, ...]

    @property
    def known_bones(self) -> list[tuple[int, int]]:
        known = set(self.known_joints)
        return [(parent, child) for parent, child in self.bones if parent in known and child in known]

    @property
    def known_joints(self) -> list[int]:
        return [int(joint) for joint in np.flatnonzero(np.isfinite(self.points).all(axis=1))]

    def is_same(self, other: Figure) -> bool:
        is_alike = (self.bones, self.colours) == (other.bones, other.colours)
        return is_alike and np.array_equal(self.points, other.points, equal_nan=True)

    def with_points(self, points: FloatArray) -> Figure:
        return replace(self, points=points)


BONE_RADIUS, JOINT_RADIUS = 0.022, 0.036
"""Of a bone's tube and a joint's ball in 3D, in half cube edges."""
REFERENCE_THICKNESS = 0.5
"""A skeleton that another is compared with is that much thinner."""
OUTLINE: Rgb = (20, 20, 24)


def far_to_near(figure: Figure, away: Sequence[float], joint_radius: float = JOINT_RADIUS) -> list[tuple[int, int]]:
    """In which order to draw bones, as pairs of joints, and joints, as pairs of the same; away [J] from the eye.

    A joint is as near as the front of its ball, so that it covers the bones that end in it.
    """
    parts = [((away[a] + away[b]) / 2, a, b) for a, b in figure.known_bones]
    parts += [(away[joint] - joint_radius, joint, joint) for joint in figure.known_joints]
    return [(start, end) for _, start, end in sorted(parts, reverse=True)]


def strokes(figure: Figure, width: float) -> list[tuple[Rgb, float, list[tuple[int, int]]]]:
    """Bones that are drawn over a picture, as (colour, width, bones), the first at the bottom.

    One dark outline of them all, a unit wider on each side, so that they stand out from every depth; then each colour.
    """
    bones: defaultdict[Rgb, list[tuple[int, int]]] = defaultdict(list)
    for parent, child in figure.known_bones:
        bones[figure.colours[child]].append((parent, child))
    outline = (OUTLINE, width + 2, [bone for group in bones.values() for bone in group])
    return [outline, *((colour, width, group) for colour, group in bones.items())]


def figure(skeleton: Skeleton, points: FloatArray, colour: Rgb | None = None) -> Figure:
    """A skeleton at points [J, 2 or 3], in the colours of its fingers or all in one `colour`."""
    colours = tuple(colour or FINGER_COLOURS[finger] for finger in skeleton.fingers)
    return Figure(np.asarray(points, dtype=np.float64), skeleton.bones, colours)


@dataclass(frozen=True)
class Orbit:
    """A camera orbiting the cube's centre; the default is the depth camera's direction.

    azimuth_deg rotates the camera to the right around the vertical axis, elevation_deg raises it; pan shifts the image
    to the right and up, in half cube edges.
    """

    azimuth_deg: float = 0.0
    elevation_deg: float = 0.0
    distance: float = 5.4
    pan: tuple[float, float] = (0.0, 0.0)
    is_orthographic: bool = False
    field_of_view_deg: float = 29.0

    def turned(self, right_deg: float, up_deg: float) -> Orbit:
        azimuth = (self.azimuth_deg + right_deg + 180.0) % 360.0 - 180.0
        return replace(self, azimuth_deg=azimuth, elevation_deg=min(max(self.elevation_deg + up_deg, -89.0), 89.0))

    def zoomed(self, factor: float) -> Orbit:
        return replace(self, distance=min(max(self.distance * factor, 2.0), 20.0))

    def panned(self, right_px: float, down_px: float, width: float, height: float) -> Orbit:
        """Pan so that points at the centre's depth follow the mouse, within limits."""
        unit = self._px_per_unit(width, height)
        right, up = (
            min(max(value, -2.0), 2.0) for value in (self.pan[0] + right_px / unit, self.pan[1] - down_px / unit)
        )
        return replace(self, pan=(right, up))

    @cached_property
    def axes(self) -> FloatArray:
        """[3, 3], rows: right, up and away of the camera in scene coordinates."""
        azimuth, elevation = math.radians(self.azimuth_deg), math.radians(self.elevation_deg)
        ca, sa, ce, se = math.cos(azimuth), math.sin(azimuth), math.cos(elevation), math.sin(elevation)
        return np.array([[ca, 0.0, sa], [-sa * se, ce, ca * se], [-sa * ce, -se, ca * ce]])

    def project(self, points: FloatArray, width: float, height: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """points [N, 3] -> px [N, 2] in a width x height view, distance from the camera [N], px per unit there [N]."""
        seen = np.asarray(points, dtype=np.float64) @ self.axes.T
        away = np.maximum(seen[..., 2] + self.distance, 1e-3)
        unit = self._px_per_unit(width, height)
        scale = np.full_like(away, unit) if self.is_orthographic else unit * self.distance / away
        px = (seen[..., :2] + self.pan) * (scale[..., None] * (1.0, -1.0)) + (width / 2, height / 2)
        return px, away, scale

    def unproject(self, px: FloatArray, away: FloatArray, width: float, height: float) -> FloatArray:
        """px [N, 2] at distances from the camera [N] -> points [N, 3]; the inverse of `project`."""
        px, away = np.asarray(px, dtype=np.float64), np.asarray(away, dtype=np.float64)
        scale = self._px_per_unit(width, height) * (
            np.ones_like(away) if self.is_orthographic else self.distance / away
        )
        x = (px[..., 0] - width / 2) / scale - self.pan[0]
        y = (height / 2 - px[..., 1]) / scale - self.pan[1]
        return np.stack([x, y, away - self.distance], axis=-1) @ self.axes

    def moved(self, point: FloatArray, right_px: float, down_px: float, width: float, height: float) -> FloatArray:
        """The new position of a point [3] that follows the mouse at its distance from the camera."""
        px, away, _ = self.project(np.asarray(point)[None], width, height)
        place: FloatArray = self.unproject(px + np.array([right_px, down_px]), away, width, height)[0]
        return place

    def pick(self, points: FloatArray, px: tuple[float, float], width: float, height: float) -> int | None:
        """Index of the point of [N, 3] nearest to a px of the view, within PICK_PX."""
        dots, _, _ = self.project(points, width, height)
        gaps = np.where(np.isfinite(dots).all(axis=1), np.linalg.norm(dots - px, axis=1), np.inf)
        if len(gaps) == 0 or gaps.min() > PICK_PX:
            return None
        return int(gaps.argmin())

    def has_same_side(self, other: Orbit) -> bool:
        """True if both have the same direction, at any distance."""
        return (self.azimuth_deg, self.elevation_deg) == (other.azimuth_deg, other.elevation_deg)

    def _px_per_unit(self, width: float, height: float) -> float:
        """At the cube's centre."""
        half_angle = math.radians(self.field_of_view_deg / 2)
        return 0.5 * min(width, height) / math.tan(half_angle) / self.distance


PICK_PX = 10.0

PRESETS = {
    "Camera": Orbit(),
    "Top": Orbit(elevation_deg=90.0),
    "Side": Orbit(azimuth_deg=90.0),
    "Oblique": Orbit(azimuth_deg=38.0, elevation_deg=24.0, distance=6.2, pan=(0.0, 0.16)),
}
"""View directions by name; the first is that of the depth camera."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Lines [N, 2, 3]: every centimetre, and every five."""

    fine: FloatArray
    coarse: FloatArray


NO_GRID = Grid(np.empty((0, 2, 3)), np.empty((0, 2, 3)))


@lru_cache(maxsize=16)
def grid(half_mm: float, orbit: Orbit) -> Grid:
    """From the middle, on the face of the cube behind the hand."""
    away = orbit.axes[2]
    wall = int(np.abs(away).argmax())
    return Grid(*(_lines(wall, float(np.sign(away[wall])), step_mm / half_mm) for step_mm in (10.0, 50.0)))


def _lines(wall: int, side: float, step: float) -> FloatArray:
    reach = int(1 / step + 1e-6)
    offsets = np.arange(-reach, reach + 1) * step
    across = [axis for axis in range(3) if axis != wall]
    lines = np.full((2, len(offsets), 2, 3), side)
    for group, (fixed, running) in enumerate((across, across[::-1])):
        lines[group, :, :, fixed] = offsets[:, None]
        lines[group, :, :, running] = (-1.0, 1.0)
    return lines.reshape(-1, 2, 3)
