"""What a fit makes small, a pure function a term: distances in mm, each with the spheres that it depends on."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.fitting.cones import cone_distance, nearest_cone
from lsps_core.fitting.observation import Observation, crop_pixels
from lsps_core.simulator.surface import NODE_NAMES, SphereMesh
from lsps_core.skeleton import HAND21

FRONT_MARGIN_MM = 3.0
"""How far a sphere may come before the measured surface unpunished: noise, and the edge of a pixel."""
_WRIST, _KNUCKLE = NODE_NAMES.index("wrist"), NODE_NAMES.index("middle_mcp")
_SHARES = (0.25, 0.5, 0.75, 1.0)
"""Where along each bone the silhouette and the front are looked at."""
BONE_PLACES = len(_SHARES) * len(HAND21.bones)


class Distances(NamedTuple):
    """K distances of each of B hands, and how they move with the hands' spheres.

    value [B, K] in mm; weight [B, K], 0 where there is none. Each belongs to the sphere `share` [B, K] of the way from
    node first to node second [B, K]; direction [B, K, 4] is its derivative by that sphere's centre and radius.
    """

    value: Tensor
    weight: Tensor
    first: Tensor
    second: Tensor
    share: Tensor
    direction: Tensor


def surface_distances(seen: Observation, spheres: Tensor, cones: Tensor) -> Distances:
    """From each depth point to the nearest round cone, negative inside the hand. Points beyond the wrist do not count.

    spheres [B, N, 4], centre and radius in mm; cones [M, 2] of them. K = P points.
    """
    surface = SphereMesh(centers_mm=spheres[..., :3], radii_mm=spheres[..., 3], cones=cones)
    first, second = cones[nearest_cone(seen.points_mm, surface)].unbind(dim=-1)
    found = cone_distance(seen.points_mm, pick(spheres, first), pick(spheres, second))
    wrist = spheres[:, _WRIST, :3]
    outward = wrist - spheres[:, _KNUCKLE, :3]
    beyond = ((seen.points_mm - wrist[:, None]) @ outward[..., None])[..., 0] > 0
    weight = (seen.is_point & ~beyond).to(spheres.dtype)
    direction = torch.cat([-found.normal, -torch.ones_like(found.share)[..., None]], dim=-1)
    return Distances(found.distance_mm, weight, first, second, found.share, direction)


def silhouette_distances(seen: Observation, spheres: Tensor) -> Distances:
    """From each place on a bone's axis, in the picture's plane, to the nearest pixel with a reading; 0 inside.

    spheres [B, N, 4]. K = 4 places on each of the 20 bones.
    """
    first, second, share, place = _bone_places(spheres)
    coarse = seen.nearest_px.shape[1]
    pixel, width_mm = crop_pixels(place[..., :3], seen.center_mm, seen.half_mm, coarse)
    nearest = _look_up(seen.nearest_px.flatten(1, 2), pixel, coarse)
    offset = pixel - nearest
    distance = offset.norm(dim=-1)
    outside = (distance - 1).clamp(min=0)  # within the pixel
    across = offset / distance.clamp(min=1e-6)[..., None]
    zero = torch.zeros_like(distance)
    direction = torch.stack([across[..., 0], -across[..., 1], zero, zero], dim=-1)
    return Distances(outside * width_mm, (outside > 0).to(spheres.dtype), first, second, share, direction)


def front_distances(seen: Observation, spheres: Tensor) -> Distances:
    """How far each place on a bone stands before the surface that was measured at its pixel; 0 behind it.

    spheres [B, N, 4]. K = 4 places on each of the 20 bones.
    """
    first, second, share, place = _bone_places(spheres)
    size = seen.depth_mm.shape[1]
    pixel, _ = crop_pixels(place[..., :3], seen.center_mm, seen.half_mm, size)
    measured = _look_up(seen.depth_mm.flatten(1)[..., None], pixel, size)[..., 0]
    before = measured - (place[..., 2] - place[..., 3]) - FRONT_MARGIN_MM
    counts = measured.isfinite() & (before > 0)
    direction = place.new_tensor([0.0, 0.0, -1.0, 1.0]).expand(*before.shape, 4)
    return Distances(before.where(counts, 0), counts.to(spheres.dtype), first, second, share, direction)


def huber(value: Tensor, knee_mm: float) -> tuple[Tensor, Tensor]:
    """value of any shape -> (cost, half the square up to knee_mm and linear beyond; its weight as a square)."""
    size = value.abs()
    cost = torch.where(size <= knee_mm, 0.5 * size.square(), knee_mm * (size - 0.5 * knee_mm))
    return cost, knee_mm / size.clamp(min=knee_mm)


def by_unknowns(distances: Distances, jacobian: Tensor) -> Tensor:
    """distances of K, jacobian [B, N, 4, U] of the spheres -> [B, K, U]: how the distances move with the unknowns."""
    batch, nodes, _, unknowns = jacobian.shape
    count = distances.value.shape[1]
    part = torch.arange(4, device=jacobian.device)
    first, second = (4 * node[..., None] + part for node in (distances.first, distances.second))
    share = distances.share[..., None]
    weights = jacobian.new_zeros(batch, count, 4 * nodes)
    weights.scatter_(2, first, (1 - share) * distances.direction)
    weights.scatter_add_(2, second, share * distances.direction)
    return weights @ jacobian.reshape(batch, 4 * nodes, unknowns)


def pick(values: Tensor, index: Tensor) -> Tensor:
    """values [B, N, C], index [B, K] -> [B, K, C]."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))


def _bone_places(spheres: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """spheres [B, N, 4] -> (first, second, share [B, K] each, the spheres [B, K, 4] there) along HAND21's bones."""
    bones = torch.tensor(HAND21.bones, device=spheres.device).repeat_interleave(len(_SHARES), dim=0)
    share = torch.tensor(_SHARES, device=spheres.device).repeat(len(HAND21.bones))
    place = torch.lerp(spheres[:, bones[:, 0]], spheres[:, bones[:, 1]], share[:, None])
    first, second = (node.expand(len(spheres), -1) for node in bones.unbind(dim=1))
    return first, second, share.expand(len(spheres), -1), place


def _look_up(values: Tensor, pixel: Tensor, size: int) -> Tensor:
    """values [B, size * size, C], pixel [B, K, 2] (column, row) -> [B, K, C] of the pixel, or the border's, there."""
    column, row = pixel.round().clamp(0, size - 1).long().unbind(dim=-1)
    return pick(values, row * size + column)
