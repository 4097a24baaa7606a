"""Depth images of boxes and truncated cones: exact ray intersections, only in tiles that may see them."""

from __future__ import annotations

import torch
from torch import Tensor

from lsps_core.simulator.render import TILE_PX, untile, window_of
from lsps_core.simulator.things.solids import FRUSTA, Solids

_MUG_BOTTOM_MM = 5.0
_PAIRS_AT_ONCE = 2048  # as in render.py, for three times as many numbers a pixel

_Interval = tuple[Tensor, Tensor]  # where rays enter and leave, in mm of z; a miss where they enter after they leave


def draw_solids(solids: Solids, center_mm: Tensor, half_mm: Tensor, *, size: int) -> Tensor:
    """Things in the camera frame, cubes [B, 3] and [B] -> depth [B, size, size] in mm, inf where there is none.

    Without their chains of round cones, which `render.render` draws. All of a thing must be in front of the camera.
    """
    batch, per_side = len(solids), -(-size // TILE_PX)
    window = window_of(center_mm, half_mm, size)
    depth = solids.origin_mm.new_full((batch * per_side * per_side, TILE_PX**2), torch.inf)
    place = torch.arange(TILE_PX, device=depth.device, dtype=depth.dtype) - (TILE_PX - 1) / 2
    for part in range(-1, FRUSTA):
        for pairs in torch.split(_visible(solids, part, window.columns, window.rows, window.step), _PAIRS_AT_ONCE):
            item, row, column = pairs.unbind(dim=1)
            step = window.step[item, None]
            x = (window.columns[item, column][:, None] + step * place)[:, None, :].expand(-1, TILE_PX, -1)
            y = (window.rows[item, row][:, None] - step * place)[:, :, None].expand(-1, -1, TILE_PX)
            ray = torch.stack([x, y, torch.ones_like(x)], dim=-1).flatten(1, 2) @ solids.rotation[item]
            eye = -(solids.origin_mm[item, None] @ solids.rotation[item])
            enter, leave = _box(solids, item, eye, ray) if part < 0 else _frustum(solids.frusta[item, part], eye, ray)
            tile = (item * per_side + row) * per_side + column
            depth[tile] = torch.minimum(depth[tile], torch.where(enter <= leave, enter, torch.inf))
    return untile(depth, batch, size)


def _visible(solids: Solids, part: int, columns: Tensor, rows: Tensor, step: Tensor) -> Tensor:
    """[P, 3] of (item, row, column): tiles that may see a part, the box (-1) or a frustum, by its bounding sphere."""
    if part < 0:
        middle, reach = solids.origin_mm, torch.linalg.vector_norm(solids.box_half_mm, dim=1)
    else:
        low, high, r_low, r_high, _ = solids.frusta[:, part].unbind(dim=1)
        middle = solids.origin_mm + solids.rotation[..., 2] * ((low + high) / 2)[:, None]
        reach = torch.hypot((high - low) / 2, torch.maximum(r_low, r_high))
    z2 = middle[:, 2:].square() - reach[:, None].square()
    across = middle[:, :2] * middle[:, 2:]
    extent = reach[:, None] * (middle[:, :2].square() + z2).sqrt()
    low, high = (across - extent) / z2, (across + extent) / z2
    margin = (step * TILE_PX / 2)[:, None]
    in_columns = (high[:, :1] >= columns - margin) & (low[:, :1] <= columns + margin)
    in_rows = (high[:, 1:] >= rows - margin) & (low[:, 1:] <= rows + margin) & (reach > 0)[:, None]
    is_visible: Tensor = in_rows[:, :, None] & in_columns[:, None, :]
    return is_visible.nonzero()


def _box(solids: Solids, item: Tensor, eye: Tensor, ray: Tensor) -> _Interval:
    """Rays [P, R, 3] from eye [P, 1, 3] in the things' frames -> where they are inside the box, [P, R] each."""
    half = solids.box_half_mm[item, None]
    one, other = (-half - eye) / ray, (half - eye) / ray
    return torch.minimum(one, other).amax(dim=-1), torch.maximum(one, other).amin(dim=-1)


def _frustum(frustum: Tensor, eye: Tensor, ray: Tensor) -> _Interval:
    """frustum [P, 5] as in `Solids`, rays [P, R, 3] from eye [P, 1, 3] -> where they are inside, [P, R] each."""
    low, high, r_low, r_high, inner = frustum[:, :, None].unbind(dim=1)
    slope = (r_high - r_low) / (high - low).clamp(min=1e-6)
    enter, leave = _both(_side(r_low - slope * low, slope, eye, ray), _slab(low, high, eye, ray))
    hollow = _both(_side(inner, torch.zeros_like(slope), eye, ray), _slab(low + _MUG_BOTTOM_MM, high + 1, eye, ray))
    is_in_opening = (inner > 0) & (hollow[0] <= enter) & (enter < hollow[1])
    return torch.where(is_in_opening, hollow[1], enter), leave


def _slab(low: Tensor, high: Tensor, eye: Tensor, ray: Tensor) -> _Interval:
    one, other = (low - eye[..., 2]) / ray[..., 2], (high - eye[..., 2]) / ray[..., 2]
    return torch.minimum(one, other), torch.maximum(one, other)


def _side(radius: Tensor, slope: Tensor, eye: Tensor, ray: Tensor) -> _Interval:
    """Where rays are inside the cone around z of radius + slope * z, both [P, 1], where that is positive."""
    reach = radius + slope * eye[..., 2]
    a = ray[..., :2].square().sum(dim=-1) - (slope * ray[..., 2]).square()
    b = (eye[..., :2] * ray[..., :2]).sum(dim=-1) - slope * ray[..., 2] * reach
    c = eye[..., :2].square().sum(dim=-1) - reach.square()
    a = torch.where(a.abs() < 1e-9, 1e-9, a)
    root2 = b.square() - a * c
    root = root2.relu().sqrt()
    one, other = (-b - root) / a, (-b + root) / a
    # A ray steeper than the side meets it once, and is inside from there on or up to there.
    is_steep, widens = a < 0, slope * ray[..., 2] > 0
    enter = torch.where(is_steep, torch.where(widens, one, -torch.inf), one)
    leave = torch.where(is_steep, torch.where(widens, torch.inf, other), other)
    return torch.where(root2 < 0, torch.inf, enter), leave


def _both(one: _Interval, other: _Interval) -> _Interval:
    return torch.maximum(one[0], other[0]), torch.minimum(one[1], other[1])
