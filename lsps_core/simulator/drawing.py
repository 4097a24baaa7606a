"""The synthetic depth image that a pose alone determines: of an average hand, with a forearm along its palm."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from lsps_core.config.model import IMAGE_SIZE
from lsps_core.data.crop import normalise
from lsps_core.simulator.hand import HandPose, forearm_direction
from lsps_core.simulator.render import cut_to_cube, render
from lsps_core.simulator.surface import (
    AVERAGE_RADII_MM,
    SphereMesh,
    average_half_mm,
    hand_surface,
    palm_rotation,
    with_forearm,
)
from lsps_core.simulator.views import straight_wrist_angles

_NEAREST_MM = 20.0
"""From the camera to a sphere's surface: what is nearer cannot be rendered."""


@torch.no_grad()
def draw_pose(pose: Tensor, center: Tensor) -> Tensor:
    """pose [B, 21, 3] of HAND21, center [B, 3] of the cubes from the camera, in half cubes -> image [B, 1, 128, 128].

    In [-1, 1]. The wrist is straight as by `--wrist straight`, which joints do not say.
    """
    half_mm = average_half_mm(pose)
    center_mm = center * half_mm[:, None]
    joints_mm = pose * half_mm[:, None, None] + center_mm[:, None]
    depth_mm = render(_surface(joints_mm), center_mm, half_mm, size=IMAGE_SIZE)
    return normalise(cut_to_cube(depth_mm, center_mm, half_mm), center_mm, half_mm)


def _surface(joints_mm: Tensor) -> SphereMesh:
    count, rotation = len(joints_mm), palm_rotation(joints_mm)
    hand = hand_surface(joints_mm, joints_mm.new_tensor(AVERAGE_RADII_MM).expand(count, -1))
    pose = HandPose(
        finger_angles_rad=joints_mm.new_zeros(count, 5, 4),
        wrist_angles_rad=straight_wrist_angles(rotation),
        rotation=rotation,
        wrist_mm=joints_mm[:, 0],
    )
    surface = with_forearm(hand, joints_mm, forearm_direction(pose))
    centers_mm = surface.centers_mm.clone()
    centers_mm[..., 2] = torch.maximum(centers_mm[..., 2], surface.radii_mm + _NEAREST_MM)
    return replace(surface, centers_mm=centers_mm)
