"""Faults that depth cameras have in general, for a batch of crops on its device: random ones at random strengths.

They are for networks that read images, so that they do not rely on clean ones. They belong to no camera: the
simulator's cameras are in `lsps_core.simulator.cameras`. Strengths differ from image to image, from none to the
constants here, which are shares of the image's edge or of half the cube (1.0, usually 125 mm).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.data.crop import BACKGROUND
from lsps_core.data.resample import look_beside

_JITTER = 0.010
"""of the image's edge: outlines are moved by a random number of pixels, up to 1.3 px of 128 (standard deviation)"""
_NOISE, _WAVES = 0.03, 0.03
"""of depth: of each pixel, and of patches of a sixteenth of the edge, up to 4 mm (standard deviation)"""
_EDGE = 0.12
"""15 mm: a step of depth is an edge"""
_LOST, _FLYING = 0.6, 0.25
"""share of the pixels at edges without a reading, and of those with one in between"""
_HOLES = 0.10
"""share of all pixels in holes"""
_CUT_SHARE, _LONGEST_CUT = 0.3, 0.35
"""share of images with a rectangle cut out, and its longest edge"""
_PATCHES = 16


def degrade(image: Tensor, generator: torch.Generator) -> Tensor:
    """image [B, 1, S, S] as `normalise` makes it -> the same with faults; generator: on the image's device.

    Outlines are moved, readings at edges are lost or lie between near and far, depth is noisy, there are holes, and a
    part may be missing.
    """
    draw = _Draw(image, generator)
    image = _jitter(image, draw)
    image = _break_edges(image, draw)
    is_hand = image < BACKGROUND
    noise = draw.strength(_NOISE) * draw.normal() + draw.strength(_WAVES) * draw.smooth()
    image = (image + noise).clamp(-1.0, 1.0)
    holes = draw.smooth() < torch.special.ndtri(draw.strength(_HOLES))  # the share's quantile; -inf for none
    is_read = is_hand & ~holes & ~_rectangles(image, draw)
    return torch.where(is_read, image, torch.full_like(image, BACKGROUND))


class _Draw:
    """Random fields of a batch [B, 1, S, S] and random numbers of its images [B, 1, 1, 1]."""

    def __init__(self, image: Tensor, generator: torch.Generator) -> None:
        self.batch, self.size, self.device = len(image), image.shape[-1], image.device
        self._generator = generator

    def uniform(self, *size: int) -> Tensor:
        return torch.rand(self.batch, *size, generator=self._generator, device=self.device)

    def strength(self, most: float) -> Tensor:
        """Uniform in 0 to `most`, of each image."""
        return most * self.uniform(1, 1, 1)

    def normal(self) -> Tensor:
        size = (self.batch, 1, self.size, self.size)
        return torch.randn(size, generator=self._generator, device=self.device)

    def smooth(self) -> Tensor:
        """Normal noise of patches, with about unit variance."""
        size = (self.batch, 1, _PATCHES, _PATCHES)
        patches = torch.randn(size, generator=self._generator, device=self.device)
        field = functional.interpolate(patches, size=(self.size, self.size), mode="bilinear", align_corners=False)
        return field * 1.5  # linear interpolation takes a part of the variance


def _jitter(image: Tensor, draw: _Draw) -> Tensor:
    """Take each pixel from near its place."""
    reach = draw.strength(_JITTER) * draw.size
    down_px, right_px = ((reach * draw.normal())[:, 0] for _ in range(2))
    return look_beside(image[:, 0], right_px, down_px)[:, None]


def _break_edges(image: Tensor, draw: _Draw) -> Tensor:
    """Lose readings on both sides of an edge, or put them between near and far."""
    far, near = (_of_neighbours(image, choose) for choose in (torch.maximum, torch.minimum))
    is_edge = (far - near > _EDGE) & (image < BACKGROUND)
    chance, lost, flying = draw.uniform(1, draw.size, draw.size), draw.strength(_LOST), draw.strength(_FLYING)
    between = torch.lerp(near, far, draw.uniform(1, draw.size, draw.size))
    image = torch.where(is_edge & (chance > 1 - flying), between, image)
    return torch.where(is_edge & (chance < lost), torch.full_like(image, BACKGROUND), image)


def _of_neighbours(image: Tensor, choose: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The largest or smallest of each pixel and the eight around it; several times as fast as `max_pool2d` on a CPU."""
    for dim in (2, 3):
        pairs = choose(image.narrow(dim, 0, image.shape[dim] - 1), image.narrow(dim, 1, image.shape[dim] - 1))
        count = pairs.shape[dim]
        between = choose(pairs.narrow(dim, 0, count - 1), pairs.narrow(dim, 1, count - 1))
        image = torch.cat([pairs.narrow(dim, 0, 1), between, pairs.narrow(dim, count - 1, 1)], dim=dim)
    return image


def _rectangles(image: Tensor, draw: _Draw) -> Tensor:
    """bool [B, 1, S, S]: one rectangle, in some images."""
    step = (torch.arange(draw.size, device=image.device) + 0.5) / draw.size
    middle_row, middle_column = draw.uniform(1, 1, 1), draw.uniform(1, 1, 1)
    height, width = draw.strength(_LONGEST_CUT), draw.strength(_LONGEST_CUT)
    is_cut = draw.uniform(1, 1, 1) < _CUT_SHARE
    rows = (step[:, None] - middle_row).abs() < height / 2
    columns = (step - middle_column).abs() < width / 2
    return rows & columns & is_cut
