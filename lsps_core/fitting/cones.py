"""Signed distances of points to round cones: two spheres and what a sphere between them sweeps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.simulator.surface import SphereMesh


class ConeDistance(NamedTuple):
    """Of pairs of a point and a cone.

    distance_mm [...]: from the skin, negative inside. share [...]: where between the cone's two spheres lies the sphere
    that the point is nearest to, 0 to 1. normal [..., 3]: unit vector from that sphere's centre to the point.
    """

    distance_mm: Tensor
    share: Tensor
    normal: Tensor


def nearest_cone(points_mm: Tensor, surface: SphereMesh) -> Tensor:
    """points_mm [B, P, 3], surface of B with M cones -> [B, P] int64, the cone with the least signed distance.

    All P × M pairs, with two matrix products for what is a product: no tensor has more than B × P × M elements.
    """
    first, second = surface.cones.unbind(dim=1)
    start, radius = surface.centers_mm[:, first], surface.radii_mm[:, first]
    axis = surface.centers_mm[:, second] - start
    length = axis.norm(dim=-1).clamp(min=1e-6)
    axis = axis / length[..., None]
    slope = ((radius - surface.radii_mm[:, second]) / length).clamp(-0.99, 0.99)

    # Height along the axis and squared distance from its start, by products with the points.
    height = torch.baddbmm(-(start * axis).sum(dim=-1)[:, None], points_mm, axis.mT)
    squared = torch.baddbmm(start.square().sum(dim=-1)[:, None], points_mm, start.mT, alpha=-2)
    squared += points_mm.square().sum(dim=-1, keepdim=True)
    across2 = squared.addcmul_(height, height, value=-1).clamp_(min=0)
    lean = (slope / (1 - slope.square()).sqrt())[:, None]
    foot = torch.addcmul(height, across2.sqrt(), lean, value=-1)
    foot = torch.minimum(foot.clamp_(min=0), length[:, None])
    distance = (height.sub_(foot).square_().add_(across2)).sqrt_()
    return distance.addcmul_(foot, slope[:, None]).sub_(radius[:, None]).argmin(dim=-1)


def cone_distance(points_mm: Tensor, first: Tensor, second: Tensor) -> ConeDistance:
    """points_mm [..., 3], first and second [..., 4] (a sphere's centre and radius, mm) -> pair by pair.

    The least of |p - c(t)| - r(t) over spheres t between the two. A cone whose one sphere holds the other is taken as
    almost that.
    """
    start, radius = first[..., :3], first[..., 3]
    axis = second[..., :3] - start
    length = axis.norm(dim=-1).clamp(min=1e-6)
    axis = axis / length[..., None]
    slope = ((radius - second[..., 3]) / length).clamp(-0.99, 0.99)
    offset = points_mm - start
    height = (offset * axis).sum(dim=-1)
    across = (offset - height[..., None] * axis).norm(dim=-1)
    foot = torch.minimum((height - across * slope / (1 - slope.square()).sqrt()).clamp(min=0), length)
    away = offset - foot[..., None] * axis
    distance = away.norm(dim=-1)
    normal = away / distance.clamp(min=1e-6)[..., None]
    share = foot / length
    return ConeDistance(distance - torch.lerp(radius, second[..., 3], share), share, normal)
