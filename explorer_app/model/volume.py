"""What stands in the cube besides the bones: the hand's volume, and the depth image as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from explorer_app.model.colours import DEPTH_TABLE
from explorer_app.model.mesh import Mesh, sphere_mesh
from lsps_core.camera import SIMULATED, Camera
from lsps_core.data.crop import uncrop_pixels
from lsps_core.skeleton import HAND21, Skeleton

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView

FloatArray = npt.NDArray[np.floating]

_COLOUR = (0.6, 0.62, 0.66)
_CLOUD_ALPHA = 0.5
_MIDDLE_KNUCKLE = HAND21.joints.index("middle_mcp")
_USUAL_CENTER_MM = (0.0, 0.0, 500.0)
"""A decoded picture has no place before a camera; hands are held about here."""


class Points(NamedTuple):
    """positions [N, 3] in half cube edges, colours [N, 4] in 0..1."""

    positions: npt.NDArray[np.float32]
    colours: npt.NDArray[np.float32]


def has_volume(skeleton: Skeleton) -> bool:
    """Only where the skeleton is the one that the simulator puts its skin on."""
    return skeleton.joints == HAND21.joints


def volume(pose: FloatArray) -> Mesh:
    """pose [21, 3] of HAND21 -> the simulator's skin around it, as thick as fits the length of the palm."""
    import torch  # a pose that was decoded brought it along

    from lsps_core.simulator.surface import AVERAGE_RADII_MM, ROOTS_MM, hand_surface

    palm = float(np.linalg.norm(pose[_MIDDLE_KNUCKLE] - pose[0]))
    radii = torch.tensor([AVERAGE_RADII_MM]) * (palm / float(np.linalg.norm(ROOTS_MM[2])))
    surface = hand_surface(torch.from_numpy(np.float32(pose))[None], radii)
    centers, thickness = surface.centers_mm[0].numpy(), surface.radii_mm[0].numpy()
    return sphere_mesh(centers, thickness, surface.cones.numpy(), _COLOUR)


def cloud_of_frame(view: FrameView) -> Points:
    """An opened frame's depth image."""
    frame = view.frame
    return _cloud(view.input_mm, view.data.camera, frame.center_mm, frame.half_mm)


def cloud_of_picture(depth_mm: FloatArray, half_mm: float) -> Points:
    """A decoded picture, mm from the cube's centre [S, S]."""
    return _cloud(depth_mm, SIMULATED, np.array(_USUAL_CENTER_MM), half_mm)


def _cloud(depth_mm: FloatArray, camera: Camera, center_mm: FloatArray, half_mm: float) -> Points:
    size = depth_mm.shape[-1]
    is_hand = np.abs(depth_mm) <= half_mm  # False for NaN as well
    is_hand &= np.indices(depth_mm.shape).sum(axis=0) % 2 == 0  # every other one, so that the bones show between them
    rows, columns = np.nonzero(is_hand)
    deep_mm = depth_mm[rows, columns] + center_mm[2]
    points_mm = uncrop_pixels(np.stack([columns, rows], axis=-1), deep_mm, camera, center_mm, half_mm, size)
    points = (points_mm - center_mm) / half_mm
    entries = ((1 - points[:, 2]) / 2 * 255).clip(0, 255).astype(np.uint8)
    colours = np.concatenate([DEPTH_TABLE[entries] / 255, np.full((len(points), 1), _CLOUD_ALPHA)], axis=1)
    return Points(points.astype(np.float32), colours.astype(np.float32))
