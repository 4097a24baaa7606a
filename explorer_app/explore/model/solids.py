"""Skeletons and hands as triangles, for OpenGL: balls and the cones between them, with their normals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from explorer_app.model.colours import DEPTH_TABLE
from explorer_app.model.scene import Figure
from lsps_core.camera import SIMULATED, Camera
from lsps_core.data.crop import uncrop_pixels
from lsps_core.skeleton import HAND21, Skeleton

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView
    from explorer_app.model.hand.model import Pictures

FloatArray = npt.NDArray[np.floating]

_COLOUR = (0.6, 0.62, 0.66)
_CLOUD_ALPHA = 0.5
_USUAL_CENTER_MM = (0.0, 0.0, 500.0)
"""Assumed distance of a decoded image, which has no camera position: hands are usually about here."""


class Points(NamedTuple):
    """positions [N, 3] in half cube edges, colours [N, 4] in 0..1."""

    positions: npt.NDArray[np.float32]
    colours: npt.NDArray[np.float32]


def has_volume(skeleton: Skeleton) -> bool:
    """Only for the simulator's own skeleton."""
    return skeleton.joints == HAND21.joints


def volume(pose: FloatArray) -> Mesh:
    """pose [21, 3] of HAND21 -> the simulator's skin around it, scaled with the length of the palm."""
    import torch  # already imported if a pose was decoded

    from lsps_core.simulator.surface import AVERAGE_RADII_MM, average_half_mm, hand_surface

    joints = torch.from_numpy(np.float32(pose))[None]
    surface = hand_surface(joints, torch.tensor([AVERAGE_RADII_MM]) / average_half_mm(joints))
    centers, thickness = surface.centers_mm[0].numpy(), surface.radii_mm[0].numpy()
    return sphere_mesh(centers, thickness, surface.cones.numpy(), _COLOUR)


def cloud_of_frame(view: FrameView) -> Points:
    """An opened frame's depth image."""
    frame = view.frame
    return _cloud(view.input_mm, view.camera, frame.center_mm, frame.half_mm)


def cloud_of_picture(depth_mm: FloatArray, half_mm: float) -> Points:
    """A decoded image, mm from the cube's centre [S, S]."""
    return _cloud(depth_mm, SIMULATED, np.array(_USUAL_CENTER_MM), half_mm)


class Cloud:
    """The points of a frame, else of a decoded image; computed once for each."""

    def __init__(self) -> None:
        self._last: tuple[object, Points] | None = None

    def points(self, view: FrameView | None, pictures: Pictures | None, half_mm: float | None) -> Points | None:
        """half_mm: of the model; None without one."""
        source = view or pictures
        if self._last is not None and self._last[0] is source:
            return self._last[1]
        if view is not None:
            self._last = (view, cloud_of_frame(view))
        elif pictures is not None and half_mm is not None:
            self._last = (pictures, cloud_of_picture(pictures.synthetic, half_mm))
        else:
            return None
        return self._last[1]


def _cloud(depth_mm: FloatArray, camera: Camera, center_mm: FloatArray, half_mm: float) -> Points:
    size = depth_mm.shape[-1]
    is_hand = np.abs(depth_mm) <= half_mm  # False for NaN as well
    is_hand &= np.indices(depth_mm.shape).sum(axis=0) % 2 == 0  # every other point, so that the bones show between them
    rows, columns = np.nonzero(is_hand)
    deep_mm = depth_mm[rows, columns] + center_mm[2]
    points_mm = uncrop_pixels(np.stack([columns, rows], axis=-1), deep_mm, camera, center_mm, half_mm, size)
    points = (points_mm - center_mm) / half_mm
    entries = ((1 - points[:, 2]) / 2 * 255).clip(0, 255).astype(np.uint8)
    colours = np.concatenate([DEPTH_TABLE[entries] / 255, np.full((len(points), 1), _CLOUD_ALPHA)], axis=1)
    return Points(points.astype(np.float32), colours.astype(np.float32))


_SIDES = 12
_RINGS = 7


@dataclass(frozen=True, eq=False)
class Mesh:
    """vertices and normals [V, 3], colours [V, 4] in 0..1, faces [F, 3]."""

    vertices: FloatArray
    normals: FloatArray
    colours: FloatArray
    faces: npt.NDArray[np.uint32]


def mesh(figure: Figure, bone_radius: float, joint_radius: float) -> Mesh | None:
    """Triangles of a figure with points [J, 3]; None if no joint is known."""
    bones, joints = figure.known_bones, figure.known_joints
    if not joints:
        return None
    colours = np.array(figure.colours, dtype=np.float32) / 255
    parts = [_balls(figure.points[joints], np.full(len(joints), joint_radius), colours[joints])]
    if bones:
        starts, ends = (figure.points[[bone[side] for bone in bones]] for side in (0, 1))
        radii = np.full(len(bones), bone_radius)
        parts.append(_cones(starts, ends, radii, radii, colours[[child for _, child in bones]]))
    return _joined(parts)


def sphere_mesh(
    centers: FloatArray, radii: FloatArray, pairs: npt.NDArray[np.integer], colour: tuple[float, float, float]
) -> Mesh:
    """Spheres at centers [N, 3] with radii [N], and the round cones between pairs [M, 2] of them."""
    first, second = pairs.T
    along = centers[second] - centers[first]
    length = np.maximum(np.linalg.norm(along, axis=1), 1e-9)
    # a round cone touches its spheres off their widest circle
    sine = ((radii[first] - radii[second]) / length).clip(-1, 1)
    cosine = np.sqrt(1 - sine**2)
    unit = along / length[:, None]
    starts, ends = (centers[end] + unit * (radii[end] * sine)[:, None] for end in (first, second))
    colours = np.tile(np.array(colour, dtype=np.float32), (max(len(centers), len(pairs)), 1))
    cones = _cones(starts, ends, radii[first] * cosine, radii[second] * cosine, colours[: len(pairs)], sine)
    return _joined([_balls(centers, radii, colours[: len(centers)]), cones])


def _joined(parts: list[Mesh]) -> Mesh:
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.colours for part in parts]),
        np.concatenate([part.faces + np.uint32(offset) for part, offset in zip(parts, offsets, strict=True)]),
    )


def _cones(
    starts: FloatArray,
    ends: FloatArray,
    start_radii: FloatArray,
    end_radii: FloatArray,
    colours: FloatArray,
    sine: FloatArray | float = 0.0,
) -> Mesh:
    """[B, 3] to [B, 3]: open tubes, closed by the balls at their ends. sine [B]: of the slope of their normals."""
    along = ends - starts
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    helper = np.where(np.abs(along[:, :1]) < 0.9, np.array([[1.0, 0, 0]]), np.array([[0, 1.0, 0]]))
    side = np.cross(along, helper)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    other = np.cross(along, side)
    angle = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)[None, :, None]
    outward = np.cos(angle) * side[:, None] + np.sin(angle) * other[:, None]
    rings = [
        ends_of[:, None] + radii[:, None, None] * outward
        for ends_of, radii in ((starts, start_radii), (ends, end_radii))
    ]
    lean = np.broadcast_to(sine, len(starts))[:, None, None]
    normals = np.sqrt(1 - lean**2) * outward + lean * along[:, None]
    vertices = np.stack(rings, axis=1)
    return _instances(vertices.reshape(len(starts), -1, 3), np.tile(normals, (1, 2, 1)), colours, _grid(2))


def _balls(centers: FloatArray, radii: FloatArray, colours: FloatArray) -> Mesh:
    normals = np.broadcast_to(_sphere(), (len(centers), _SIDES * _RINGS, 3))
    return _instances(centers[:, None] + radii[:, None, None] * normals, normals, colours, _grid(_RINGS))


def _instances(vertices: FloatArray, normals: FloatArray, colours: FloatArray, faces: npt.NDArray[np.uint32]) -> Mesh:
    """The same faces for each of [N, V, 3]; colours [N, 3]."""
    count, size = vertices.shape[:2]
    opaque = np.concatenate([colours, np.ones((count, 1), np.float32)], axis=1)
    shifted = faces[None] + (np.arange(count, dtype=np.uint32) * np.uint32(size))[:, None, None]
    return Mesh(
        np.ascontiguousarray(vertices.reshape(-1, 3), dtype=np.float32),
        np.ascontiguousarray(normals.reshape(-1, 3), dtype=np.float32),
        np.repeat(opaque, size, axis=0),
        shifted.reshape(-1, 3),
    )


@cache
def _sphere() -> FloatArray:
    polar, around = np.meshgrid(
        np.linspace(0, np.pi, _RINGS), np.linspace(0, 2 * np.pi, _SIDES, endpoint=False), indexing="ij"
    )
    points = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1)
    return points.reshape(-1, 3).astype(np.float32)


@cache
def _grid(rings: int) -> npt.NDArray[np.uint32]:
    """Faces between `rings` rings of vertices, closed around."""
    ring, side = np.meshgrid(np.arange(rings - 1), np.arange(_SIDES), indexing="ij")
    a, b = ring * _SIDES + side, ring * _SIDES + (side + 1) % _SIDES
    faces = np.stack([np.stack([a, b, a + _SIDES], -1), np.stack([b, b + _SIDES, a + _SIDES], -1)], axis=2)
    return faces.reshape(-1, 3).astype(np.uint32)
