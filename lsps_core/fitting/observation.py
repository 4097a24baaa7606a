"""What a fit takes from a depth crop: points, the depth of each pixel, and the way to the silhouette."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.data.crop import FAR_FACE

POINT_COUNT = 700
"""Depth points that a fit compares with the hand; a usual hand fills some 4000 pixels."""
_COARSE = 2
"""Pixels to an edge of those in which the silhouette's distances are kept."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """B crops. Points and depths are relative to the cube's centre, in mm, with the camera's axes.

    points_mm [B, P, 3] and is_point [B, P]: an even choice of the measured points; False where a frame has fewer.
    picture [B]: which of F pictures each crop is of. depth_mm [F, S, S] of those: inf where nothing was measured;
    nearest_px [F, s, s, 2]: of each coarse pixel the (column, row) of the nearest one with a reading, in coarse pixels.
    center_mm [B, 3] and half_mm [B]: the cube.
    """

    points_mm: Tensor
    is_point: Tensor
    picture: Tensor
    depth_mm: Tensor
    nearest_px: Tensor
    center_mm: Tensor
    half_mm: Tensor

    def __getitem__(self, index: Tensor | slice) -> Observation:
        """Some of the crops, or one several times; the pictures stay, and are not copied."""
        own = ("points_mm", "is_point", "picture", "center_mm", "half_mm")
        return replace(self, **{name: getattr(self, name)[index] for name in own})

    def with_points(self, count: int) -> Observation:
        """Only the first `count` points, which are spread as evenly as all are."""
        return replace(self, points_mm=self.points_mm[:, :count], is_point=self.is_point[:, :count])

    def look_up(self, values: Tensor, pixel: Tensor) -> Tensor:
        """values [F, s, s, C] of the pictures, pixel [B, K, 2] (column, row) -> [B, K, C], the border's outside."""
        size = values.shape[1]
        column, row = pixel.round().clamp(0, size - 1).long().unbind(dim=-1)
        place = (self.picture[:, None] * size + row) * size + column
        return values.flatten(0, 2)[place]


def observe(image: Tensor, center_mm: Tensor, half_mm: Tensor, point_count: int = POINT_COUNT) -> Observation:
    """image [B, 1, S, S] as `normalise` makes it, center_mm [B, 3], half_mm [B] -> what it says.

    A pixel on the cube's near face was clipped there, so its depth is not known: it counts as measured for the
    silhouette, not as a point.
    """
    flat = image[:, 0]
    is_measured = flat < FAR_FACE
    depth = torch.where(is_measured, flat * half_mm[:, None, None], torch.inf)
    points = crop_points(torch.where(is_measured, depth, 0), center_mm, half_mm).flatten(1, 2)
    chosen, is_point = _choose((is_measured & (flat > -1)).flatten(1), point_count)
    return Observation(
        points_mm=points.gather(1, chosen[..., None].expand(-1, -1, 3)),
        is_point=is_point,
        picture=torch.arange(len(image), device=image.device),
        depth_mm=depth,
        nearest_px=nearest_pixels(functional.max_pool2d(is_measured[:, None].float(), _COARSE)[:, 0] > 0),
        center_mm=center_mm,
        half_mm=half_mm,
    )


def crop_points(depth_mm: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """depth_mm [B, S, S] relative to the centre, center_mm [B, 3], half_mm [B] -> [B, S, S, 3], also relative to it."""
    size = depth_mm.shape[-1]
    across = (2 * torch.arange(size, device=depth_mm.device, dtype=depth_mm.dtype) + 1) / size - 1
    scale = 1 + depth_mm / center_mm[:, 2, None, None]
    x, y = center_mm[:, 0, None, None], center_mm[:, 1, None, None]
    reach = half_mm[:, None, None] * across
    return torch.stack([(x + reach) * scale - x, (y - reach.mT) * scale - y, depth_mm], dim=-1)


def crop_pixels(points_mm: Tensor, center_mm: Tensor, half_mm: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """points_mm [B, K, 3] relative to the centre -> (column, row) [B, K, 2] in px, and a pixel's width there in mm.

    Inverts `crop_points`. Points that are not in front of the camera are taken as just in front of it.
    """
    ratio = (1 + points_mm[..., 2] / center_mm[:, None, 2]).clamp(min=0.05)
    at = (points_mm[..., :2] + center_mm[:, None, :2]) / ratio[..., None] - center_mm[:, None, :2]
    at = at / half_mm[:, None, None] * at.new_tensor([1.0, -1.0])
    return ((at + 1) * size - 1) / 2, ratio * (2 * half_mm / size)[:, None]


def nearest_pixels(mask: Tensor) -> Tensor:
    """mask [B, s, s] -> [B, s, s, 2]: (column, row) of the nearest True pixel; far outside where there is none."""
    size = mask.shape[-1]
    place = torch.arange(size, device=mask.device, dtype=torch.float32)
    far = 4.0 * size
    left = torch.where(mask, place, -far).cummax(dim=2).values
    right = torch.where(mask, place, far).flip(2).cummin(dim=2).values.flip(2)
    column = torch.where(place - left <= right - place, left, right)  # the nearest in its own row
    rise = (place[:, None] - place).square()  # [row, other row]
    squared = rise[:, :, None] + (column - place).square()[:, None]
    row = squared.argmin(dim=2)
    return torch.stack([column.gather(1, row), row.float()], dim=-1)


def _choose(is_valid: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """is_valid [B, K] -> (places [B, count] of valid ones, which of them are), in an order that leaves no part out."""
    total = is_valid.shape[1]
    order = torch.randperm(total, generator=torch.Generator().manual_seed(0)).to(is_valid.device)
    shuffled = is_valid[:, order]
    number = shuffled.cumsum(dim=1)
    target = torch.where(shuffled & (number <= count), number - 1, count)
    places = order.new_zeros(len(is_valid), count + 1).scatter_(1, target, order.expand(len(is_valid), -1))
    is_one = torch.arange(count, device=is_valid.device) < number[:, -1:]
    return places[:, :count], is_one
