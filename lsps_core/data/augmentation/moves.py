"""Rotate, shift and resize the cube of a batch: image, pose and centre together, on their device, as a camera would.

Three steps, in this order, all exact:

- the camera rotates about its optical axis, which rotates the scene by `angle_rad` (counter-clockwise in the image,
  y up): the pose, the centre, and the image about the middle of its crop;
- the cube moves by `translation_mm` in the rotated camera's frame while the hand does not: the pose shifts by
  -translation / half, normalised depth by -translation_z / half, and every ray is sampled from the old crop;
- the cube's edge is divided by `zoom`, so that the hand is `zoom` times as large in it.

Data outside the old cube is lost: beyond the old crop and behind its far face is background, and a reading that was
clipped to the old near face stays on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.data.crop import BACKGROUND


class Moves(NamedTuple):
    """Of each frame of a batch: angle_rad [B], translation_mm [B, 3], zoom [B]."""

    angle_rad: Tensor
    translation_mm: Tensor
    zoom: Tensor

    def share(self, frames: slice) -> Moves:
        """Those of some of the frames."""
        return Moves(*(values[frames] for values in self))


def sample_augmentation(
    batch: int,
    rotation_rad: float,
    translation_std_mm: float,
    zoom_std: float = 0.0,
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str = "cpu",
) -> Moves:
    """Draw angles uniform in ±rotation_rad, normal translations, and zooms whose logarithm is normal.

    Drawn on the generator's device and then moved, so that a CPU generator gives the same numbers for every device.
    """
    source = generator.device if generator is not None else torch.device("cpu")
    angle = (2 * torch.rand(batch, generator=generator, device=source) - 1) * rotation_rad
    translation = torch.randn(batch, 3, generator=generator, device=source) * translation_std_mm
    zoom = (torch.randn(batch, generator=generator, device=source) * zoom_std).exp()
    return Moves(angle.to(device), translation.to(device), zoom.to(device))


def augment(
    image: Tensor, pose: Tensor, center_mm: Tensor, half_mm: Tensor, moves: Moves
) -> tuple[Tensor, Tensor, Tensor]:
    """image [B, 1, S, S] normalised, pose [B, J, 3], center_mm [B, 3] -> the same three, moved; half_mm [B].

    NaN joints stay NaN. Resamples once, nearest neighbour.
    """
    turned_mm = _turn(center_mm, moves.angle_rad)
    moved_mm = turned_mm + moves.translation_mm
    new_pose = augment_pose(pose, half_mm, moves)
    grid = _old_coordinates(image.shape[-1], turned_mm, moved_mm, half_mm, moves)
    # grid_sample pads with 0, so the background is made 0 first
    found = functional.grid_sample(image - BACKGROUND, grid, mode="nearest", align_corners=False) + BACKGROUND
    shift, zoom = ((values[:, None, None, None]) for values in (moves.translation_mm[:, 2] / half_mm, moves.zoom))
    shifted = ((found - shift) * zoom).clamp(-1.0, 1.0)
    new_image = torch.where(found >= BACKGROUND, torch.full_like(found, BACKGROUND), shifted)
    return new_image, new_pose, moved_mm


def augment_pose(pose: Tensor, half_mm: Tensor, moves: Moves) -> Tensor:
    """`augment` for a pose without an image: pose [B, J, 3] -> pose [B, J, 3]."""
    moved = _turn(pose, moves.angle_rad[:, None]) - (moves.translation_mm / half_mm[:, None])[:, None, :]
    return moved * moves.zoom[:, None, None]


def rotate(image: Tensor, angle_rad: Tensor) -> Tensor:
    """The rotation of `augment` for an image [B, 1, S, S]; it does not depend on the cube's position."""
    center = image.new_tensor([0.0, 0.0, 1.0]).expand(len(image), 3)
    nowhere, same = image.new_zeros(len(image), 3), image.new_ones(len(image))
    return augment(image, nowhere[:, None], center, same, Moves(angle_rad, nowhere, same))[0]


def rotate_pose(pose: Tensor, angle_rad: Tensor) -> Tensor:
    """The same for a pose [B, J, 3]."""
    return _turn(pose, angle_rad[:, None])


def rotated_copies(image: Tensor, center: Tensor, count: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """`count` copies of images [B, 1, S, S] and cubes' centres [B, 3], evenly rotated all around, and their angles [B].

    First the image itself. Quarters are exact, others resample once, nearest neighbour.
    """
    for number in range(count):
        quarters, rest = divmod(4 * number, count)
        angle = image.new_full((len(image),), 2 * math.pi * number / count)
        between = rotate(image, image.new_full((len(image),), math.pi / 2 * rest / count)) if rest else image
        yield torch.rot90(between, quarters, dims=(2, 3)), rotate_pose(center[:, None], angle)[:, 0], angle


def _turn(points: Tensor, angle_rad: Tensor) -> Tensor:
    """points [..., 3] rotated about z by angle_rad [...]: x towards y."""
    cos, sin = angle_rad.cos(), angle_rad.sin()
    x, y, z = points.unbind(-1)
    return torch.stack([cos * x - sin * y, sin * x + cos * y, z], dim=-1)


def _old_coordinates(size: int, turned_mm: Tensor, moved_mm: Tensor, half_mm: Tensor, moves: Moves) -> Tensor:
    """[B, S, S, 2] for grid_sample (right, down): where in the old crop the ray of each new crop pixel lies.

    turned_mm and moved_mm [B, 3] are the cube's centre after the rotation and after the translation.
    """
    steps = (2 * torch.arange(size, device=half_mm.device, dtype=half_mm.dtype) + 1) / size - 1
    scale = turned_mm[:, 2] / moved_mm[:, 2]
    offset = (moved_mm[:, :2] * scale[:, None] - turned_mm[:, :2]) / half_mm[:, None]
    step, angle = (scale / moves.zoom)[:, None], moves.angle_rad[:, None, None]
    right, up = (offset[:, :1] + step * steps)[:, None], (offset[:, 1:] - step * steps)[..., None]
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos * right + sin * up, sin * right - cos * up], dim=-1)  # turned back, then y down
