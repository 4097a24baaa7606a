"""How deep the parts of a hand sink into each other."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise, product
from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.simulator.surface import NODE_NAMES, SphereMesh
from lsps_core.skeleton import FINGERS


class _Part(NamedTuple):
    """A round cone that can touch others: from `start` of the way between two nodes to the second of them."""

    first: str
    second: str
    start: float


def _parts() -> tuple[dict[str, list[_Part]], list[_Part]]:
    """(each finger's phalanges, the palm's metacarpals); webs of skin and what they join are left out."""
    phalanges = {"thumb": [_Part("thumb_mcp", "thumb_ip", 0.3), _Part("thumb_ip", "thumb_tip", 0.0)]}
    for finger in FINGERS[1:]:
        joints = [f"{finger}_{joint}" for joint in ("mcp", "pip", "dip", "tip")]
        phalanges[finger] = [_Part(a, b, 0.4 * (a == joints[0])) for a, b in pairwise(joints)]
    palm = [_Part("thumb_cmc", "thumb_mcp", 0.0), *(_Part(f"{f}_base", f"{f}_mcp", 0.0) for f in FINGERS[1:])]
    return phalanges, palm


@cache
def _pairs() -> tuple[Tensor, Tensor]:
    """(nodes [2, Q, 2], start shares [2, Q]) of Q pairs of parts that are not neighbours on the skeleton."""
    phalanges, palm = _parts()
    pairs: list[tuple[_Part, _Part]] = []
    for one, other in combinations(FINGERS, 2):
        pairs += product(phalanges[one], phalanges[other])
    for finger in FINGERS[1:]:
        pairs.append((phalanges[finger][0], phalanges[finger][2]))
        pairs += product(phalanges[finger][1:], palm)
    pairs += product(phalanges["thumb"], palm[1:])
    nodes = [[[NODE_NAMES.index(part.first), NODE_NAMES.index(part.second)] for part in pair] for pair in pairs]
    starts = [[part.start for part in pair] for pair in pairs]
    with torch.inference_mode(False):  # kept for callers that want gradients, too
        return torch.tensor(nodes).transpose(0, 1), torch.tensor(starts).T


def worst_penetration_mm(surface: SphereMesh) -> Tensor:
    """surface of B -> [B]: the largest overlap of two parts that do not share skin, negative when none touch.

    The overlap of two round cones is taken at the closest points of their axes.
    """
    nodes, start = _pairs()
    start = start.to(surface.centers_mm)
    first, second = nodes.to(start.device).unbind(dim=-1)
    first_radius, second_radius = _at(surface.radii_mm, first), _at(surface.radii_mm, second)
    first, second = _at(surface.centers_mm, first), _at(surface.centers_mm, second)
    first = first + start[..., None] * (second - first)
    first_radius = first_radius + start * (second_radius - first_radius)
    share, other_share = closest_shares(first[:, 0], second[:, 0], first[:, 1], second[:, 1])
    shares = torch.stack([share, other_share], dim=1)
    points = first + shares[..., None] * (second - first)
    radii = first_radius + shares * (second_radius - first_radius)
    apart = points[:, 0] - points[:, 1]
    distance = _dot(apart, apart).sqrt()
    return (radii.sum(dim=1) - distance).amax(dim=1)


def closest_shares(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    """Segments a-b and c-d, each [..., 3] -> shares [...] of the way along each where they come closest.

    Ericson, "Real-Time Collision Detection", 5.1.9.
    """
    along, other, between = b - a, d - c, a - c
    aa, bb, ab = _dot(along, along), _dot(other, other), _dot(along, other)
    ac, bc = _dot(along, between), _dot(other, between)
    share = ((ab * bc - ac * bb) / (aa * bb - ab * ab).clamp(min=1e-6)).clamp(0, 1)
    other_share = ((ab * share + bc) / bb.clamp(min=1e-6)).clamp(0, 1)
    return ((ab * other_share - ac) / aa.clamp(min=1e-6)).clamp(0, 1), other_share


def _at(values: Tensor, nodes: Tensor) -> Tensor:
    """values [B, N, ...], nodes [2, Q] -> [B, 2, Q, ...]."""
    return values.index_select(1, nodes.flatten()).view(len(values), *nodes.shape, *values.shape[2:])


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Of the last axis, which has three numbers: in half the time of a sum over it."""
    product: Tensor = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return product
