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
    up, right = torch.meshgrid(-steps, steps, indexing="ij")
    distance, depth = center.norm(dim=1)[:, None, None], center[:, 2, None, None]
    shape = (len(image), size, size)
    rays = torch.stack([each.expand(shape) for each in (right, up, distance)], dim=-1) @ rotation.mT[:, None]
    sides = rays[..., :2] * (depth / rays[..., 2])[..., None]  # where they cross the old crop's plane
    grid = (sides - center[:, None, None, :2]) * sides.new_tensor([1.0, -1.0])
    # grid_sample pads with 0, so the background is made 0 first
    found = functional.grid_sample(image - BACKGROUND, grid, mode="nearest", align_corners=False)[:, 0] + BACKGROUND
    far = depth + found
    points = torch.cat([sides * (far / depth)[..., None], far[..., None]], dim=-1)
    turned = (points @ rotation[:, None])[..., 2] - distance
    return torch.where(found >= FAR_FACE, BACKGROUND, turned.clamp(-1, 1))[:, None], rotation
