"""The points that a depth image measures: what its crop's camera adds to the image."""

from __future__ import annotations

import torch
from torch import Tensor

from lsps_core.data.crop import FAR_FACE

USUAL_DISTANCE = 5.0
"""Of a cube from the camera, in half cubes, where it is not known: 0.6 m for a usual one."""


def usual_center(batch: Tensor) -> Tensor:
    """[B, ...] -> [B, 3]: the centre of a cube on the optical axis, from the camera, in half cubes."""
    return batch.new_tensor([0.0, 0.0, USUAL_DISTANCE]).expand(len(batch), 3)


def points(image: Tensor, center: Tensor) -> Tensor:
    """image [B, 1, S, S] in [-1, 1] -> [B, 3, S, S]: depth, right and up of the measured points, in half cubes.

    center [B, 3]: of the cube, from the camera, in half cubes. Beside the optical axis rays are tilted: by 0.2, as half
    of all frames are, a fingertip half a cube behind the centre lies a tenth of a cube beside where the crop shows it,
    and nothing else in the image tells. Background is at 0 in right and up.
    """
    depth = image[:, 0]
    measured = crop_points(depth, center, center.new_ones(len(center))).movedim(3, 1)
    is_hand = image < FAR_FACE
    return torch.cat([image, measured[:, :2] * is_hand], dim=1)


def crop_points(depth_mm: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """depth_mm [B, S, S] relative to the centre, center_mm [B, 3], half_mm [B] -> [B, S, S, 3], also relative to it."""
    size = depth_mm.shape[-1]
    across = (2 * torch.arange(size, device=depth_mm.device, dtype=depth_mm.dtype) + 1) / size - 1
    scale = 1 + depth_mm / center_mm[:, 2, None, None]
    x, y = center_mm[:, 0, None, None], center_mm[:, 1, None, None]
    reach = half_mm[:, None, None] * across
    return torch.stack([(x + reach) * scale - x, (y - reach.mT) * scale - y, depth_mm], dim=-1)
