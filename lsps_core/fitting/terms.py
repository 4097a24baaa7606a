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


def cut(distances: Distances, most_mm: float) -> Distances:
    """Those beyond most_mm count as that, and pull no more."""
    is_far = distances.value.abs() > most_mm
    direction = distances.direction.where(~is_far[..., None], 0)
    return distances._replace(value=distances.value.clamp(-most_mm, most_mm), direction=direction)


class BonePlaces(NamedTuple):
    """4 places on each of the 20 bones' axes, K in all.

    first, second, share [B, K]: the nodes that a place lies between, as in `Distances`; sphere [B, K, 4]; pixel
    [B, K, 2]: (column, row); width_mm [B, K]: of a pixel there.
    """

    first: Tensor
    second: Tensor
    share: Tensor
    sphere: Tensor
    pixel: Tensor
    width_mm: Tensor


def bone_places(seen: Observation, spheres: Tensor) -> BonePlaces:
    """spheres [B, N, 4] -> where the silhouette and the front are looked at."""
    bones = torch.tensor(HAND21.bones, device=spheres.device).repeat_interleave(len(_SHARES), dim=0)
    share = torch.tensor(_SHARES, device=spheres.device).repeat(len(HAND21.bones))
    sphere = torch.lerp(spheres[:, bones[:, 0]], spheres[:, bones[:, 1]], share[:, None])
    first, second = (node.expand(len(spheres), -1) for node in bones.unbind(dim=1))
    pixel, width_mm = crop_pixels(sphere[..., :3], seen.center_mm, seen.half_mm, seen.depth_mm.shape[1])
    return BonePlaces(first, second, share.expand(len(spheres), -1), sphere, pixel, width_mm)


def silhouette_distances(seen: Observation, places: BonePlaces) -> Distances:
    """From each place, in the picture's plane, to the nearest pixel with a reading; 0 inside."""
    coarseness = seen.depth_mm.shape[1] / seen.nearest_px.shape[1]
    pixel = (places.pixel + 0.5) / coarseness - 0.5
    offset = pixel - seen.look_up(seen.nearest_px, pixel)
    distance = offset.norm(dim=-1)
    outside = (distance - 1).clamp(min=0)  # within the pixel
    direction = offset.new_zeros(*distance.shape, 4)
    direction[..., :2] = offset * offset.new_tensor([1.0, -1.0]) / distance.clamp(min=1e-6)[..., None]
    weight = (outside > 0).to(offset.dtype)
    return Distances(outside * places.width_mm * coarseness, weight, *places[:3], direction)


def front_distances(seen: Observation, places: BonePlaces) -> Distances:
    """How far each place stands before the surface that was measured at its pixel; 0 behind it."""
    measured = seen.look_up(seen.depth_mm[..., None], places.pixel)[..., 0]
    before = measured - (places.sphere[..., 2] - places.sphere[..., 3]) - FRONT_MARGIN_MM
    counts = measured.isfinite() & (before > 0)
    direction = before.new_tensor([0.0, 0.0, -1.0, 1.0]).expand(*before.shape, 4)
    return Distances(before.where(counts, 0), counts.to(before.dtype), *places[:3], direction)


def huber(value: Tensor, knee_mm: float) -> tuple[Tensor, Tensor]:
    """value of any shape -> (cost, half the square up to knee_mm and linear beyond; its weight as a square)."""
    size = value.abs()
    near = size.clamp(max=knee_mm)
    return near * (size - 0.5 * near), knee_mm / size.clamp(min=knee_mm)


def by_unknowns(distances: Distances, jacobian: Tensor) -> Tensor:
    """distances of K, jacobian [B, N, 4, U] of the spheres -> [B, K, U]: how the distances move with the unknowns."""
    batch, nodes, _, unknowns = jacobian.shape
    nodes_of = torch.stack([distances.first, distances.second], dim=2)
    shares = torch.stack([1 - distances.share, distances.share], dim=2)[..., None] * distances.direction[:, :, None]
    weights = jacobian.new_zeros(batch, distances.value.shape[1], nodes, 4)
    weights.scatter_(2, nodes_of[..., None].expand(-1, -1, -1, 4), shares)
    return weights.flatten(2) @ jacobian.reshape(batch, 4 * nodes, unknowns)


def pick(values: Tensor, index: Tensor) -> Tensor:
    """values [B, N, C], index [B, K] -> [B, K, C]."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))
