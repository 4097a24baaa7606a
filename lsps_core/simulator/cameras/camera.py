"""What the simulated depth cameras share: the view, the draw of a camera's parameters, shadows, smooth noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Range = tuple[float, float]
Draw = dict[str, Tensor]
"""A value of each parameter for each frame, [B, 1, 1]."""
_BACKGROUND_MM = (150.0, 900.0)
"""From the cube's centre to what lies behind the hand, which flying pixels at its outline float towards."""


@dataclass(frozen=True, kw_only=True)
class View:
    """B crops as a camera is to see them, S px wide; searched images are less high.

    depth_mm [B, S, S]: clean, every pixel with a surface (see `background`). z_mm [B, 1, 1]: the cube's central depth.
    focal_px [B, 1, 1]: the crop's focal length in its own pixels. camera_px [B, 1, 1]: how many of the camera's pixels
    lie side by side in one of the crop's. generator: of all noise.
    """

    depth_mm: Tensor
    z_mm: Tensor
    focal_px: Tensor
    camera_px: Tensor
    generator: torch.Generator

    @property
    def size(self) -> int:
        return self.depth_mm.shape[-1]

    def normal(self) -> Tensor:
        """Standard normal noise [B, S, S]."""
        return torch.randn(self.depth_mm.shape, generator=self.generator, device=self.depth_mm.device)

    def uniform(self) -> Tensor:
        return torch.rand(self.depth_mm.shape, generator=self.generator, device=self.depth_mm.device)

    def patches(self, patch_px: int) -> Tensor:
        """Normal noise [B, S, S] that neighbours share: a grid of a value each `patch_px`, interpolated, variance 1."""
        batch, *size = self.depth_mm.shape
        coarse = [-(-side // patch_px) + 1 for side in size]
        grid = torch.randn(batch, 1, *coarse, generator=self.generator, device=self.depth_mm.device)
        smooth = functional.interpolate(grid, size=size, mode="bilinear", align_corners=False)[:, 0]
        return smooth.mul_(1.5)  # bilinear interpolation averages to a variance of 4/9


@dataclass(frozen=True, kw_only=True)
class DepthCamera:
    """A camera by its focal length in px, the ranges of its parameters and what it does to a view.

    sense: (view, draw) -> depth [B, S, S] in mm, 0 = no reading. A parameter is drawn anew for each frame; its
    middle is the camera as measured.
    """

    focal_px: float
    ranges: dict[str, Range]
    sense: Callable[[View, Draw], Tensor]

    def draw(self, count: int, generator: torch.Generator) -> Draw:
        """Parameters of `count` frames."""
        shares = torch.rand(len(self.ranges), count, 1, 1, generator=generator, device=generator.device)
        return {
            name: low + (high - low) * share
            for (name, (low, high)), share in zip(self.ranges.items(), shares, strict=True)
        }

    def look(
        self, clean_mm: Tensor, center_mm: Tensor, half_mm: Tensor, draw: Draw, generator: torch.Generator
    ) -> Tensor:
        """clean_mm [B, S, S] as rendered (inf: nothing there), the crop's cube -> [B, S, S], 0 = no reading.

        Surfaces beyond the cube, the background included, are left in; see `render.cut_to_cube`.
        """
        z = center_mm[:, 2, None, None]
        focal = clean_mm.shape[-1] * z / (2 * half_mm[:, None, None])
        near, far = _BACKGROUND_MM
        behind = near + (far - near) * torch.rand(len(z), 1, 1, generator=generator, device=z.device)
        view = View(
            depth_mm=torch.minimum(clean_mm, z + behind),
            z_mm=z,
            focal_px=focal,
            camera_px=self.focal_px / focal,
            generator=generator,
        )
        return self.sense(view, draw)


def shadow_px(view: View, baseline_mm: Tensor) -> Tensor:
    """How far each pixel lies in the shadow of what is nearer on its right, in crop px: [B, S, S], 0 where lit.

    The light is `baseline_mm` to the right of the camera. Seen from there, a row's pixels keep their order unless one
    hides another (Zitnick & Kanade 2000).
    """
    column = torch.arange(view.size, device=view.depth_mm.device, dtype=view.depth_mm.dtype)
    lit_from = column - view.focal_px * baseline_mm / view.depth_mm
    nearest, step = lit_from.clone(), 1
    while step < view.size:  # the least from here on to the right, by doubling: `cummin` takes four times as long
        nearest[..., :-step] = torch.minimum(nearest[..., :-step], nearest[..., step:])
        step *= 2
    return lit_from - nearest


def facing(view: View) -> Tensor:
    """[B, S, S]: cosine of the angle between a surface's normal and the optical axis, 1 where it faces the camera.

    Of the steps to two neighbours the smaller one counts: at an outline the surface's own, not the jump's.
    """
    depth = view.depth_mm
    padded = _padded(depth)
    right, down = (
        (padded[:, 1:-1, 1:] - padded[:, 1:-1, :-1]).abs_(),
        (padded[:, 1:, 1:-1] - padded[:, :-1, 1:-1]).abs_(),
    )
    x, y = torch.minimum(right[..., 1:], right[..., :-1]), torch.minimum(down[:, 1:], down[:, :-1])
    slope2 = x.square_().add_(y.square_()).mul_((view.focal_px / view.z_mm).square())
    return slope2.add_(1).rsqrt_()


def nearest_around(depth_mm: Tensor) -> Tensor:
    """The least depth of each pixel and its eight neighbours, [B, S, S]."""
    return _over_neighbours(depth_mm, torch.minimum)


def farthest_around(depth_mm: Tensor) -> Tensor:
    return _over_neighbours(depth_mm, torch.maximum)


def mean_around(image: Tensor) -> Tensor:
    return _over_neighbours(image, torch.add) / 9


def mean_within(image: Tensor, cell_px: int) -> Tensor:
    """A wide blur, [B, S, S]: means of cells of `cell_px` px, interpolated."""
    coarse = functional.avg_pool2d(image[:, None], cell_px, ceil_mode=True, count_include_pad=False)
    return functional.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False)[:, 0]


def _padded(image: Tensor) -> Tensor:
    return functional.pad(image[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]


def _over_neighbours(image: Tensor, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    padded = _padded(image)
    columns = combine(combine(padded[..., :-2], padded[..., 1:-1]), padded[..., 2:])
    return combine(combine(columns[:, :-2], columns[:, 1:-1]), columns[:, 2:])
