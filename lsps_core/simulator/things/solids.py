"""Things as solids: a box, two truncated cones and a chain of round cones each, with their distance to points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial

import torch
from torch import Tensor

from lsps_core.simulator.surface import SphereMesh

FRUSTA, NODES = 2, 6
FAR_MM = (1e6, 1e6, 1e5)
"""Where things without a chain have it: in front of the camera and far beside the image."""


@dataclass(frozen=True, kw_only=True)
class Solids:
    """B things, each the union of the parts that it uses. Lengths in mm.

    rotation [B, 3, 3] and origin_mm [B, 3]: from the thing's own frame to the one that it is in. Parts are given in
    the thing's frame. box_half_mm [B, 3]: around its origin, 0 for none. frusta [B, FRUSTA, 5] along its z axis: lowest
    and highest z, radius at either, and the inner radius of a mug above its bottom (0: solid); both radii 0 for none.
    nodes_mm [B, NODES, 3] and node_radii_mm [B, NODES]: spheres, joined in turn by round cones; radius 0 for none.
    """

    rotation: Tensor
    origin_mm: Tensor
    box_half_mm: Tensor
    frusta: Tensor
    nodes_mm: Tensor
    node_radii_mm: Tensor

    def __len__(self) -> int:
        return len(self.origin_mm)

    def __getitem__(self, index: Tensor) -> Solids:
        return Solids(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def with_rows(self, index: Tensor, other: Solids) -> Solids:
        """The same with the things at index [Q] replaced by the Q other ones."""
        names = [field.name for field in fields(self)]
        return Solids(**{name: getattr(self, name).index_copy(0, index, getattr(other, name)) for name in names})

    def repeated(self, times: int) -> Solids:
        """Each thing `times` times in a row."""
        return self[torch.arange(len(self), device=self.origin_mm.device).repeat_interleave(times)]

    def moved(self, rotation: Tensor, shift_mm: Tensor) -> Solids:
        """The same after rotation [B, 3, 3], then shift_mm [B, 3]."""
        origin = (rotation @ self.origin_mm[..., None])[..., 0] + shift_mm
        return replace(self, rotation=rotation @ self.rotation, origin_mm=origin)

    def round_parts(self) -> SphereMesh:
        """The chain of round cones in the outer frame; unused nodes are inside the last used one, or far away."""
        is_used = self.node_radii_mm > 0
        last = (is_used.sum(dim=1, keepdim=True) - 1).clamp(min=0)
        index = torch.minimum(torch.arange(NODES, device=last.device), last)
        nodes = self.nodes_mm.gather(1, index[..., None].expand(-1, -1, 3))
        centers = nodes @ self.rotation.mT + self.origin_mm[:, None]
        centers = torch.where(is_used[:, :1, None], centers, centers.new_tensor(FAR_MM))
        chain = torch.tensor([(k, k + 1) for k in range(NODES - 1)], device=last.device)
        return SphereMesh(centers_mm=centers, radii_mm=self.node_radii_mm, cones=chain)

    def distance_mm(self, points_mm: Tensor) -> Tensor:
        """points_mm [B, P, 3] -> signed distance [B, P] to each one's thing, negative inside. Mugs count as filled."""
        local = (points_mm - self.origin_mm[:, None]) @ self.rotation
        distance = local.new_full(local.shape[:2], torch.inf)
        for rows, part in self._used_parts():
            distance[rows] = torch.minimum(distance[rows], part(local[rows]))
        return distance

    def _used_parts(self) -> Iterator[tuple[Tensor, Callable[[Tensor], Tensor]]]:
        """(things [Q], their points' distances to the part) of each kind of part that some things have."""
        rows = (self.box_half_mm[:, 0] > 0).nonzero()[:, 0]
        if len(rows):
            yield rows, partial(_to_box, half=self.box_half_mm[rows, None])
        for k in range(FRUSTA):
            rows = (self.frusta[:, k, 2:4] > 0).any(dim=1).nonzero()[:, 0]
            if len(rows):
                yield rows, partial(_to_frustum, frustum=self.frusta[rows, k, None])
        for k in range(NODES - 1):
            rows = (self.node_radii_mm[:, k] > 0).nonzero()[:, 0]
            # A single ball is a cone to itself.
            end = torch.where(self.node_radii_mm[rows, k + 1] > 0, k + 1, k)
            if len(rows):
                first, second = self.nodes_mm[rows, k], self.nodes_mm[rows, end]
                radii = self.node_radii_mm[rows, k], self.node_radii_mm[rows, end]
                yield rows, partial(_to_cone, first=first, second=second, radii=radii)


def no_solids(count: int, device: torch.device) -> Solids:
    """`count` things without any part."""
    return Solids(
        rotation=torch.eye(3, device=device).repeat(count, 1, 1),
        origin_mm=torch.zeros(count, 3, device=device),
        box_half_mm=torch.zeros(count, 3, device=device),
        frusta=torch.zeros(count, FRUSTA, 5, device=device),
        nodes_mm=torch.zeros(count, NODES, 3, device=device),
        node_radii_mm=torch.zeros(count, NODES, device=device),
    )


def _to_box(points: Tensor, *, half: Tensor) -> Tensor:
    over = points.abs() - half
    outside: Tensor = torch.linalg.vector_norm(over.relu(), dim=-1)
    return outside + over.amax(dim=-1).clamp(max=0)


def _to_frustum(points: Tensor, *, frustum: Tensor) -> Tensor:
    """Exact, in the plane through the axis and the point: to the flat end, or to the slanted side."""
    low, high, r_low, r_high, _ = frustum.unbind(dim=-1)
    half = (high - low) / 2
    rho, z = points[..., :2].norm(dim=-1), points[..., 2] - (high + low) / 2
    end_rho, end_z = rho - torch.minimum(rho, torch.where(z < 0, r_low, r_high)), z.abs() - half
    side_rho, side_z = r_high - r_low, 2 * half
    share = ((r_high - rho) * side_rho + (half - z) * side_z) / (side_rho.square() + side_z.square()).clamp(min=1e-6)
    share = share.clamp(0, 1)  # from the upper rim down to the lower one
    off_rho, off_z = rho - r_high + side_rho * share, z - half + side_z * share
    is_inside = (off_rho < 0) & (end_z < 0)
    distance = torch.minimum(end_rho.square() + end_z.square(), off_rho.square() + off_z.square()).sqrt()
    return torch.where(is_inside, -distance, distance)


def _to_cone(points: Tensor, *, first: Tensor, second: Tensor, radii: tuple[Tensor, Tensor]) -> Tensor:
    """To the sphere of interpolated radius at the nearest point of the axis: a little too far for tapering cones."""
    along = (second - first)[:, None]
    offset = points - first[:, None]
    share = ((offset * along).sum(dim=-1) / along.square().sum(dim=-1).clamp(min=1e-6)).clamp(0, 1)
    distance: Tensor = torch.linalg.vector_norm(offset - share[..., None] * along, dim=-1)
    return distance - torch.lerp(radii[0][:, None], radii[1][:, None], share)
