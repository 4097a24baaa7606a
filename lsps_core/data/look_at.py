"""The view of a camera that is turned until it looks at the middle of a frame's cube.

Frames are crops of images in which a hand may be anywhere. Beside the optical axis rays are tilted, in half of
SimHand's frames by more than 0.2: what lies half a cube behind the middle is then seen a tenth of a cube beside its
place, and the crop does not show by how much. In this view the ray through the middle is not tilted.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.data.crop import BACKGROUND, FAR_FACE

USUAL_DISTANCE = 5.0
"""Of a cube from the camera, in half cubes, where it is not known: 0.6 m for a usual one."""


def usual_center(batch: Tensor) -> Tensor:
    """[B, ...] -> [B, 3]: the centre of a cube on the optical axis, from the camera, in half cubes."""
    return batch.new_tensor([0.0, 0.0, USUAL_DISTANCE]).expand(len(batch), 3)


def rotation_to(center: Tensor) -> Tensor:
    """center [B, 3] -> [B, 3, 3]: the smallest rotation of the optical axis onto it."""
    x, y, z = functional.normalize(center, dim=1).unbind(dim=1)
    none = torch.zeros_like(x)
    across = torch.stack([none, none, x, none, none, y, -x, -y, none], dim=1).view(-1, 3, 3)
    rotation: Tensor = torch.eye(3).to(center) + across + across @ across / (1 + z)[:, None, None]
    return rotation


def look_at(image: Tensor, center: Tensor) -> tuple[Tensor, Tensor]:
    """image [B, 1, S, S] in [-1, 1], center [B, 3] -> the turned camera's image, and its rotation [B, 3, 3].

    center: of the cube, from the camera, in half cubes. A pose in the turned camera's axes times `rotation.mT` is the
    pose in the frame's axes. Resamples once, nearest neighbour; beyond the crop is background.
    """
    rotation, size = rotation_to(center), image.shape[-1]
    steps = (2 * torch.arange(size, device=image.device) + 1) / size - 1
    distance, depth = center.norm(dim=1)[:, None, None], center[:, 2, None, None]
    right, up, ahead = rotation[..., None, None].unbind(dim=2)  # the turned camera's axes, [B, 3, 1, 1] each
    rays = right * steps + up * -steps[:, None] + ahead * distance[:, None]  # [B, 3, S, S]
    sides = rays[:, :2] * (depth[:, None] / rays[:, 2:])  # where they cross the old crop's plane
    grid = (sides - center[:, :2, None, None]) * sides.new_tensor([1.0, -1.0])[:, None, None]
    # grid_sample pads with 0, so the background is made 0 first
    lifted = functional.grid_sample(image - BACKGROUND, grid.movedim(1, 3), mode="nearest", align_corners=False)
    found = lifted[:, 0] + BACKGROUND
    scale = (ahead[:, :2] * sides).sum(dim=1) / depth + ahead[:, 2]  # of old depths along the turned camera's axis
    turned = (depth + found) * scale - distance
    return torch.where(found >= FAR_FACE, BACKGROUND, turned.clamp(-1, 1))[:, None], rotation
