"""The hand's surface against the measured points: cost, residual and Gauss-Newton's matrix in one evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lsps_core.fitting import terms
from lsps_core.fitting.hand import UNKNOWNS, HandModel, joints_of
from lsps_core.fitting.observation import Observation
from lsps_core.fitting.solver import Evaluated
from lsps_core.fitting.terms import Distances
from lsps_core.simulator.surface import hand_cones
from lsps_core.skeleton import HAND21


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Of the terms, each a mean over its places in mm². read: of the joints' distances from where P reads them.

    knee_mm: from where on distances count linearly. cut_mm: from where on a point counts no more, as another thing's:
    of what the hand holds, of another arm.
    """

    surface: float = 1.0
    silhouette: float = 1.0
    front: float = 0.2
    prior: float = 0.05
    read: float = 0.001
    knee_mm: float = 3.0
    cut_mm: float = 8.0


@dataclass(frozen=True, kw_only=True)
class SurfaceObjective:
    """Of the unknowns [B, U] of B hands, one a frame that was seen. read_mm: the joints [B, 21, 3] that P reads."""

    hand: HandModel
    seen: Observation
    read_mm: Tensor
    weights: Weights = Weights()

    def __getitem__(self, index: Tensor | slice) -> SurfaceObjective:
        return replace(self, seen=self.seen[index], read_mm=self.read_mm[index])

    def with_weights(self, **weights: float) -> SurfaceObjective:
        """The same frames, with some of the weights changed."""
        return replace(self, weights=replace(self.weights, **weights))

    def with_points(self, count: int) -> SurfaceObjective:
        """The same frames with a part of their points."""
        return replace(self, seen=self.seen.with_points(count))

    def distances(self, spheres: Tensor) -> Distances:
        """spheres [B, N, 4] -> those of all terms; a place's weight is its share of its term, which is a mean."""
        w, seen = self.weights, self.seen
        places = terms.bone_places(seen, spheres)
        surface = terms.cut(terms.surface_distances(seen, spheres, hand_cones(spheres.device)), w.cut_mm)
        points = seen.is_point.sum(dim=1, keepdim=True).clamp(min=1)
        shares = (
            (w.surface / points, surface),
            (w.silhouette / terms.BONE_PLACES, terms.silhouette_distances(seen, places)),
            (w.front / terms.BONE_PLACES, terms.front_distances(seen, places)),
        )
        found = [each._replace(weight=share * each.weight) for share, each in shares]
        return Distances(*(torch.cat(parts, dim=1) for parts in zip(*found, strict=True)))

    def cost(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """unknowns [B, U] -> (cost [B] in mm², residual_mm [B])."""
        spheres = self.hand.spheres(unknowns, self.seen.half_mm)
        return self._cost(unknowns, self.distances(spheres), self._from_read(spheres))

    def skin_cost(self, spheres: Tensor) -> Tensor:
        """spheres [B, N, 4] of any hands -> their cost [B] in mm², without the prior of their codes."""
        return self._data(self.distances(spheres)) + self._read_cost(self._from_read(spheres))

    def __call__(self, unknowns: Tensor) -> Evaluated:
        spheres, jacobian = self.hand.with_jacobian(unknowns, self.seen.half_mm)
        found = self.distances(spheres)
        prior = self.weights.prior
        moves = terms.by_unknowns(found, jacobian)
        square = found.weight * terms.huber(found.value, self.weights.knee_mm)[1]
        scaled = (moves * square[..., None]).mT
        gradient = torch.baddbmm(unknowns[..., None], scaled, found.value[..., None], beta=prior)[..., 0]
        eye = torch.eye(UNKNOWNS, device=unknowns.device).expand(len(unknowns), -1, -1)
        matrix = torch.baddbmm(eye, scaled, moves, beta=prior)
        off, share = self._from_read(spheres), self.weights.read / HAND21.joint_count
        steps = jacobian[:, : HAND21.joint_count, :3].flatten(1, 2)
        gradient = gradient + share * (steps.mT @ off.flatten(1)[..., None])[..., 0]
        return Evaluated(*self._cost(unknowns, found, off), gradient, matrix + share * (steps.mT @ steps))

    def _from_read(self, spheres: Tensor) -> Tensor:
        """[B, 21, 3]: the joints from where P reads them, mm."""
        return joints_of(spheres) - self.read_mm

    def _read_cost(self, off: Tensor) -> Tensor:
        return 0.5 * self.weights.read * off.square().sum(dim=2).mean(dim=1)

    def _data(self, found: Distances) -> Tensor:
        return (found.weight * terms.huber(found.value, self.weights.knee_mm)[0]).sum(dim=1)

    def _cost(self, unknowns: Tensor, found: Distances, off: Tensor) -> tuple[Tensor, Tensor]:
        data = self._data(found)
        prior = 0.5 * self.weights.prior * unknowns.square().sum(dim=1)
        return data + prior + self._read_cost(off), (2 * data).sqrt()
