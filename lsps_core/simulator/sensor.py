"""Simulate the noise of a structured-light depth camera on a clean depth crop.

The camera's own pixels are at most half as wide as the crop's (475 px focal length, a 250 mm cube at 350 to 800 mm is
340 to 148 of its pixels wide, the crop has 128), so the noise is drawn at the crop's resolution with each length in
pixels scaled by the frame's ratio of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lsps_core.camera import SIMULATED
from lsps_core.data.resample import look_beside


@dataclass(frozen=True, kw_only=True)
class SensorNoise:
    """How bad the sensor is. Lengths named _px are in its own pixels; probabilities are of one crop pixel."""

    lateral_std_px: float = 0.5
    """White jitter of where a pixel looks; Barron & Malik 2013 use 0.5, Nguyen et al. 2012 measure 0.8 in all."""
    ragged_std_px: float = 1.1
    """Jitter shared by neighbours, mostly along rows: patterns are matched over windows, so edges fray in patches."""
    disparity_std: float = 1 / 6
    """Before rounding to whole disparities; Barron & Malik 2013."""
    axial_scale: float = 0.5
    """Of the axial noise that Nguyen et al. measured with a Kinect; resizing to the crop averages some of it away."""
    edge_jump_mm: float = 12.0
    """Neighbours that differ by more are an edge."""
    edge_dropout: float = 0.45
    """Of the farther pixel at an edge, more where the projector's shadow falls (its left)."""
    silhouette_dropout: float = 0.12
    flying: float = 0.12
    """Of an edge pixel to float between its two surfaces."""
    steep_rad: float = 1.25
    """Surfaces steeper than this return little light."""
    hole: float = 0.02
    """Of a patch of about 4 pixels to be missing inside the hand."""
    background_mm: tuple[float, float] = (150.0, 900.0)
    """Of what lies behind the hand, which flying pixels at its outline float towards."""


SENSOR_NOISE = SensorNoise()
_PATCH_PX = 4  # neighbours this far apart in the crop share ragged jitter and holes
_DISPARITY_MM = 351300.0  # baseline times focal length in mm and 1/8 px: Barron & Malik 2013, there in cm


def sense(
    clean_mm: Tensor,
    center_mm: Tensor,
    half_mm: Tensor,
    generator: torch.Generator,
    noise: SensorNoise = SENSOR_NOISE,
) -> Tensor:
    """clean_mm [B, S, S] as rendered (inf: nothing there), the crop's cube -> [B, S, S], 0 = no reading.

    Surfaces beyond the cube, the background included, are left in; see `render.cut_to_cube`.
    """
    batch, _, width = clean_mm.shape
    pixel_mm = (2 * half_mm / width)[:, None, None]  # a crop pixel's width at the cube's central depth
    sensor_px = pixel_mm * SIMULATED.fx / center_mm[:, 2, None, None]  # how many of the sensor's it covers
    low, high = noise.background_mm
    behind = low + (high - low) * torch.rand(batch, 1, 1, generator=generator, device=clean_mm.device)
    depth = torch.minimum(clean_mm, center_mm[:, 2, None, None] + behind)

    slant = _slant_rad(depth, pixel_mm / center_mm[:, 2, None, None])
    depth = _jittered(depth, noise.lateral_std_px / sensor_px, noise.ragged_std_px / sensor_px, generator)
    nearest, farthest, right = _neighbours(depth)
    chance = torch.rand(clean_mm.shape, generator=generator, device=clean_mm.device)
    lost = chance < _dropout(depth, nearest, farthest, right, slant, noise)
    lost |= _patches(clean_mm, generator) > _threshold(noise.hole)
    is_edge = (farthest - nearest) > noise.edge_jump_mm
    # `chance` is reused from its other end: lost pixels have small values, floating ones large values.
    share = ((1 - chance) / noise.flying).clamp(max=1)
    depth = torch.where(is_edge & (share < 1), torch.lerp(nearest, farthest, share.square()), depth)

    # One draw for both normal noises: a step of depth is disparity / depth steps of disparity.
    disparity = _DISPARITY_MM / depth
    std = ((_axial_std_mm(depth, slant, noise) * disparity / depth).square_() + noise.disparity_std**2).sqrt_()
    disparity += std * torch.randn(depth.shape, generator=generator, device=depth.device) + 0.5
    return (_DISPARITY_MM / disparity.round_()).masked_fill_(lost, 0)


def _slant_rad(depth_mm: Tensor, pixel_per_mm: Tensor) -> Tensor:
    """depth_mm [B, S, S], a pixel's width per mm of depth [B, 1, 1] -> angle between surface and image plane."""
    padded = torch.nn.functional.pad(depth_mm[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    # The smaller of the two one-sided slopes: at an outline the surface's own, not the jump's.
    x = torch.minimum((padded[:, 1:-1, 2:] - depth_mm).abs(), (depth_mm - padded[:, 1:-1, :-2]).abs())
    y = torch.minimum((padded[:, 2:, 1:-1] - depth_mm).abs(), (depth_mm - padded[:, :-2, 1:-1]).abs())
    return (torch.hypot(x, y) / (depth_mm * pixel_per_mm)).atan()


def _jittered(depth_mm: Tensor, white_std: Tensor, ragged_std: Tensor, generator: torch.Generator) -> Tensor:
    """depth_mm [B, S, S], standard deviations in crop pixels [B, 1, 1] -> each pixel's value from one near it."""
    white = white_std * torch.randn(depth_mm.shape, generator=generator, device=depth_mm.device)
    right_px = white + ragged_std * _patches(depth_mm, generator)
    # Stereo matches along rows: errors across them are smaller.
    return look_beside(depth_mm, right_px, 0.5 * ragged_std * _patches(depth_mm, generator))


def _neighbours(depth_mm: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """depth_mm [B, S, S] -> nearest and farthest of a pixel and its four neighbours, and the right neighbour."""
    padded = torch.nn.functional.pad(depth_mm[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    left, right = padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]
    above, below = padded[:, :-2, 1:-1], padded[:, 2:, 1:-1]
    nearest = torch.minimum(torch.minimum(left, right), torch.minimum(above, below)).minimum(depth_mm)
    farthest = torch.maximum(torch.maximum(left, right), torch.maximum(above, below)).maximum(depth_mm)
    return nearest, farthest, right


def _dropout(
    depth_mm: Tensor, nearest: Tensor, farthest: Tensor, right: Tensor, slant_rad: Tensor, noise: SensorNoise
) -> Tensor:
    """[B, S, S] each -> chance of no reading: beyond an edge, in the projector's shadow, on an outline, if steep."""
    is_beyond = depth_mm - nearest > noise.edge_jump_mm
    is_shadowed = depth_mm - right > noise.edge_jump_mm
    is_outline = farthest - depth_mm > noise.edge_jump_mm
    chance = noise.edge_dropout * (is_beyond.float() + is_shadowed.float()) + noise.silhouette_dropout * is_outline
    return chance + ((slant_rad - noise.steep_rad) * 3).clamp_(0, 0.8)


def _axial_std_mm(depth_mm: Tensor, slant_rad: Tensor, noise: SensorNoise) -> Tensor:
    """Nguyen, Izadi & Lovell 2012: grows with the squared distance and with slant, clamped below 80 degrees."""
    metres = depth_mm / 1000
    slant = slant_rad.clamp(max=1.4)
    steep = 0.1 / metres.sqrt() * (slant / (torch.pi / 2 - slant)).square()
    return noise.axial_scale * (1.2 + 1.9 * (metres - 0.4).square() + steep.clamp_(max=6.0))


def _patches(like: Tensor, generator: torch.Generator) -> Tensor:
    """Normal noise [B, S, S] that is shared by neighbours: a coarse grid, interpolated."""
    batch, *size = like.shape
    coarse = [-(-side // _PATCH_PX) for side in size]
    grid = torch.randn(batch, 1, *coarse, generator=generator, device=like.device)
    return torch.nn.functional.interpolate(grid, size=size, mode="bilinear", align_corners=False)[:, 0]


def _threshold(share: float) -> float:
    """The value above which `share` of the grid points of `_patches` lie."""
    return float(torch.special.ndtri(torch.tensor(1 - share, dtype=torch.float64)))
