"""Depth images of sphere-meshes: exact ray intersections, only in visible tiles, batched, any device.

A crop of the cube (center, half) is DeepPrior++'s: its window is the projection of the square center ± half at the
cube's central depth. The focal length cancels, so a pixel's ray needs no camera: pixel (row i, column j) of size S
looks along (X/Z + a half/Z, Y/Z + b half/Z, 1) with a = (2j + 1)/S - 1 and b = 1 - (2i + 1)/S.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.simulator.surface import SphereMesh

TILE_PX = 8
_PAIRS_AT_ONCE = 8192  # tile-primitive pairs; keeps a step's tensors (2 MB each) near the processor's cache


class Window(NamedTuple):
    """The pixels' rays, in tiles: slopes x/z and y/z of tiles' centres, and the step from pixel to pixel."""

    columns: Tensor  # [B, T]
    rows: Tensor  # [B, T]
    step: Tensor  # [B]


class _Quadrics(NamedTuple):
    """Spheres and the sides of round cones, as P quadrics a surface that any ray t d from the camera meets where

    d'Gd t² - 2 e'd t + c = 0: first at t = (e'd - root) / d'Gd with root² = d'Dd, D = ee' - cG. Only hits between two
    heights along the axis count: low <= t axis'd <= high.
    """

    g: Tensor  # [B, P, 3, 3]
    discriminant: Tensor  # D, [B, P, 3, 3]
    e: Tensor  # [B, P, 3]
    axis: Tensor  # [B, P, 3]
    low: Tensor  # [B, P]
    high: Tensor  # [B, P]


def render(surface: SphereMesh, center_mm: Tensor, half_mm: Tensor, *, size: int = 128) -> Tensor:
    """surface of B, center_mm [B, 3], half_mm [B] -> depth along z [B, size, size] in mm, inf where no ray hits.

    Nothing is cut at the cube's near and far faces: see `cut_to_cube`. All of the surface must have z > its radius.
    """
    if size < 1:
        raise ValueError(f"size {size}: a depth image needs at least one pixel")
    per_side = -(-size // TILE_PX)
    window = window_of(center_mm, half_mm, size)
    quadrics = _quadrics(surface)
    flat, primitives = [part.flatten(0, 1) for part in quadrics], quadrics.low.shape[1]
    batch = len(center_mm)
    depth = surface.centers_mm.new_full((batch * per_side * per_side, TILE_PX * TILE_PX), torch.inf)
    for pairs in torch.split(_visible(surface, window), _PAIRS_AT_ONCE):
        item, primitive, row, column = pairs.unbind(dim=1)
        ray = torch.stack([window.columns[item, column], window.rows[item, row]], dim=1)
        place = item * primitives + primitive
        drawn = _draw(_Quadrics(*(part.index_select(0, place) for part in flat)), ray, window.step[item])
        tile = (item * per_side + row) * per_side + column
        depth.scatter_reduce_(0, tile[:, None].expand_as(drawn), drawn, "amin")
    return untile(depth, batch, size)


def untile(depth_mm: Tensor, batch: int, size: int) -> Tensor:
    """Tiles [B * T * T, TILE_PX * TILE_PX] of B images, row by row -> [B, size, size]."""
    per_side = -(-size // TILE_PX)
    whole = depth_mm.view(batch, per_side, per_side, TILE_PX, TILE_PX).transpose(2, 3)
    return whole.reshape(batch, per_side * TILE_PX, per_side * TILE_PX)[:, :size, :size]


def cut_to_cube(depth_mm: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """depth_mm [B, S, S] -> the same with 0 where nothing was hit or the hit lies behind the cube's far face."""
    far = (center_mm[:, 2] + half_mm)[:, None, None]
    return torch.where(depth_mm <= far, depth_mm, torch.zeros_like(depth_mm))


def pixel_points(depth_mm: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """depth_mm [B, S, S] of a crop -> its points in the camera frame [B, S, S, 3] in mm."""
    slope_x, slope_y = pixel_slopes(center_mm, half_mm, depth_mm.shape[-1])
    return torch.stack([slope_x[:, None, :] * depth_mm, slope_y[:, :, None] * depth_mm, depth_mm], dim=-1)


def pixel_slopes(center_mm: Tensor, half_mm: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """center_mm [B, 3], half_mm [B] -> x/z of each column and y/z of each row, each [B, size]."""
    across = (2 * torch.arange(size, device=center_mm.device, dtype=center_mm.dtype) + 1) / size - 1
    x, y, z = center_mm.T[..., None]
    half = half_mm[:, None]
    return (x + across * half) / z, (y - across * half) / z


def window_of(center_mm: Tensor, half_mm: Tensor, size: int) -> Window:
    """The tiles of crops of cubes center_mm [B, 3] and half_mm [B], T = size / TILE_PX of them a side, rounded up."""
    per_side = -(-size // TILE_PX)
    # The last tiles may extend past the image; that part is removed at the end.
    pixel = TILE_PX * (torch.arange(per_side, device=center_mm.device) + 0.5)
    across = 2 * pixel / size - 1
    x, y, z = center_mm.T[..., None]
    half = half_mm[:, None]
    return Window((x + across * half) / z, (y - across * half) / z, 2 * half_mm / (size * center_mm[:, 2]))


def _quadrics(surface: SphereMesh) -> _Quadrics:
    """P = N spheres, then M sides of cones.

    A point at height h along a cone's axis and distance rho from it is on the side where rho cos = ra - h sin, with
    sin = (ra - rb) / length, between the circles in which the side touches its spheres. A sphere is the case without
    an axis.
    """
    spheres, radii = surface.centers_mm, surface.radii_mm
    first, second = surface.cones.unbind(dim=1)
    a, ra = spheres[:, first], radii[:, first]
    along = spheres[:, second] - a
    length = along.norm(dim=-1).clamp(min=1e-6)
    sine = ((ra - radii[:, second]) / length).clamp(-1, 1)  # _visible leaves out cones for which this is not a sine

    low = torch.cat([-torch.ones_like(radii), ra * sine], dim=1)
    high = torch.cat([torch.ones_like(radii), length + radii[:, second] * sine], dim=1)

    center = torch.cat([spheres, a], dim=1)
    radius = torch.cat([radii, ra], dim=1)
    axis = torch.cat([torch.zeros_like(spheres), along / length[..., None]], dim=1)
    sine = torch.cat([torch.zeros_like(radii), sine], dim=1)
    eye = torch.eye(3, device=center.device, dtype=center.dtype)
    g = (1 - sine.square())[..., None, None] * eye - axis[..., :, None] * axis[..., None, :]
    lean = radius * sine
    offset = (axis * center).sum(dim=-1)
    e = (g @ center[..., None])[..., 0] - lean[..., None] * axis
    c = (e * center).sum(dim=-1) - lean * offset - radius.square()
    return _Quadrics(
        g=g,
        discriminant=e[..., :, None] * e[..., None, :] - c[..., None, None] * g,
        e=e,
        axis=axis,
        low=low + offset,
        high=high + offset,
    )


def _draw(quadrics: _Quadrics, ray: Tensor, step: Tensor) -> Tensor:
    """P quadrics, slopes of P tiles' centres [P, 2], steps [P] -> depth [P, TILE_PX * TILE_PX], inf for a miss."""
    ray = torch.cat([ray, torch.ones_like(ray[:, :1])], dim=1)
    pixels, one = _monomials(ray), torch.ones_like(step)
    steps = torch.stack([one, step, -step], dim=1)
    squares = torch.stack([one, 2 * step, -2 * step, step**2, -2 * step**2, step**2], dim=1)
    qa = _quadratic(quadrics.g, ray).mul_(squares) @ pixels
    root2 = _quadratic(quadrics.discriminant, ray).mul_(squares) @ pixels
    # 1 and 0 take a third of the time of masks, and roots of zeros and negatives ten times that of others.
    is_hit = torch.ge(root2, 0, out=torch.empty_like(root2))
    depth = (_linear(quadrics.e, ray).mul_(steps) @ pixels[:3]).sub_(root2.abs_().sqrt_()).div_(qa)
    height = (_linear(quadrics.axis, ray).mul_(steps) @ pixels[:3]).mul_(depth)
    is_hit *= height.maximum(quadrics.low[:, None]).minimum(quadrics.high[:, None]).eq_(height)
    return depth.div_(is_hit).nan_to_num_(nan=torch.inf, posinf=torch.inf, neginf=torch.inf)


def _quadratic(form: Tensor, ray: Tensor) -> Tensor:
    """The quadratic forms [P, 3, 3] of rays near `ray` [P, 3], as coefficients [P, 6] of `_monomials`.

    A polynomial in the pixel's position in the tile: six coefficients a tile instead of arithmetic a pixel.
    """
    turned = (form @ ray[..., None])[..., 0]
    slopes = [(turned * ray).sum(dim=1), turned[:, 0], turned[:, 1]]
    return torch.stack([*slopes, form[:, 0, 0], form[:, 0, 1], form[:, 1, 1]], dim=1)


def _linear(form: Tensor, ray: Tensor) -> Tensor:
    """The linear forms [P, 3] of rays near `ray` [P, 3], as coefficients [P, 3] of the first `_monomials`."""
    return torch.stack([(form * ray).sum(dim=1), form[:, 0], form[:, 1]], dim=1)


def _monomials(like: Tensor) -> Tensor:
    """[6, pixels]: 1, x, y, x², xy, y² of each pixel of a tile, in pixels right of and below the tile's centre."""
    place = torch.arange(TILE_PX, device=like.device, dtype=like.dtype) - (TILE_PX - 1) / 2
    y, x = torch.meshgrid(place, place, indexing="ij")
    return torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y]).flatten(1)


def _visible(surface: SphereMesh, window: Window) -> Tensor:
    """[Q, 4] of (item, primitive of `_quadrics`, row, column): tiles that a primitive may reach. Conservative.

    A round cone's outline is the hull of its spheres'. It is tested as a box, which is tight for upright and level
    ones, and as a capsule of the larger one's radius, which is tight for slender ones.
    """
    middle, extent, radius = _outlines(surface)
    first, second = surface.cones.unbind(dim=1)
    a, b = torch.cat([middle, middle[:, first]], dim=1), torch.cat([middle, middle[:, second]], dim=1)
    low, high = middle - extent, middle + extent
    low = torch.cat([low, torch.minimum(low[:, first], low[:, second])], dim=1)
    high = torch.cat([high, torch.maximum(high[:, first], high[:, second])], dim=1)
    radius = torch.cat([radius, torch.maximum(radius[:, first], radius[:, second])], dim=1)

    margin = (window.step * (TILE_PX - 1) / 2)[:, None, None]  # from a tile's centre to its outermost pixels
    columns, rows = window.columns[:, None], window.rows[:, None]
    in_columns = (high[..., :1] >= columns - margin) & (low[..., :1] <= columns + margin)
    in_rows = (high[..., 1:] >= rows - margin) & (low[..., 1:] <= rows + margin)

    gap2 = (surface.centers_mm[:, first] - surface.centers_mm[:, second]).square().sum(dim=-1)
    has_side = gap2 > (surface.radii_mm[:, first] - surface.radii_mm[:, second]).square() + 1e-6  # not nested
    has_side = torch.cat([torch.ones_like(surface.radii_mm, dtype=torch.bool), has_side], dim=1)
    count = has_side.shape[1]
    item, primitive, row = (in_rows & has_side[..., None]).nonzero().unbind(dim=1)
    strip, column = in_columns.flatten(0, 1).index_select(0, item * count + primitive).nonzero().unbind(dim=1)
    item, primitive, row = item[strip], primitive[strip], row[strip]

    # The capsules are tested in the few tiles that are left.
    along = b - a
    per_length2 = along / along.square().sum(dim=-1, keepdim=True).clamp(min=1e-12)
    capsules = torch.cat([a, along, per_length2, radius[..., None] + 2**0.5 * margin], dim=2).flatten(0, 1)
    a_x, a_y, x, y, per_x, per_y, reach = capsules.index_select(0, item * count + primitive).unbind(dim=1)
    across, up = window.columns[item, column] - a_x, window.rows[item, row] - a_y
    share = (across * per_x + up * per_y).clamp_(0, 1)
    distance2 = (across - share * x).square_() + (up - share * y).square_()
    return torch.stack([item, primitive, row, column], dim=1)[distance2 <= reach.square()]


def _outlines(surface: SphereMesh) -> tuple[Tensor, Tensor, Tensor]:
    """Each sphere's outline, an ellipse in slopes: middle [B, N, 2], half extents [B, N, 2], semi-major axis [B, N]."""
    x, y, z = surface.centers_mm.unbind(dim=-1)
    r2 = surface.radii_mm.square()
    depth2 = z.square() - r2
    middle = torch.stack([x * z, y * z], dim=-1) / depth2[..., None]
    extent = (torch.stack([x, y], dim=-1).square() + depth2[..., None]).sqrt() * (surface.radii_mm / depth2)[..., None]
    # Half extents and semi-axes have the same sum of squares; the semi-minor axis is r / sqrt(z² - r²).
    return middle, extent, (extent.square().sum(dim=-1) - r2 / depth2).sqrt()
