"""The hand's surface against the measured points: cost, residual and Gauss-Newton's matrix in one evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lsps_core.fitting import terms
from lsps_core.fitting.hand import UNKNOWNS, HandModel
from lsps_core.fitting.observation import Observation
from lsps_core.fitting.solver import Evaluated
from lsps_core.fitting.terms import Distances
from lsps_core.simulator.surface import hand_cones


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Of the terms, each a mean over its places in mm². knee_mm: from where on distances count linearly."""

    surface: float = 1.0
    silhouette: float = 1.0
    front: float = 0.2
    prior: float = 0.05
    knee_mm: float = 3.0


@dataclass(frozen=True, kw_only=True)
class SurfaceObjective:
    """Of the unknowns [B, U] of B hands, one a frame that was seen."""

    hand: HandModel
    seen: Observation
    weights: Weights = Weights()

    def __getitem__(self, index: Tensor | slice) -> SurfaceObjective:
        return replace(self, seen=self.seen[index])

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
        surface = terms.surface_distances(seen, spheres, hand_cones(spheres.device))
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
        return self._cost(unknowns, self.distances(self.hand.spheres(unknowns, self.seen.half_mm)))

    def skin_cost(self, spheres: Tensor) -> Tensor:
        """spheres [B, N, 4] of any hands -> their cost [B] in mm², without a prior."""
        return self._data(self.distances(spheres))

    def __call__(self, unknowns: Tensor) -> Evaluated:
        spheres, jacobian = self.hand.with_jacobian(unknowns, self.seen.half_mm)
        found = self.distances(spheres)
        prior = self.weights.prior
        moves = terms.by_unknowns(found, jacobian)
        square = found.weight * terms.huber(found.value, self.weights.knee_mm)[1]
        scaled = (moves * square[..., None]).mT
        gradient = torch.baddbmm(unknowns[..., None], scaled, found.value[..., None], beta=prior)[..., 0]
        eye = torch.eye(UNKNOWNS, device=unknowns.device).expand(len(unknowns), -1, -1)
        return Evaluated(*self._cost(unknowns, found), gradient, torch.baddbmm(eye, scaled, moves, beta=prior))

    def _data(self, found: Distances) -> Tensor:
        return (found.weight * terms.huber(found.value, self.weights.knee_mm)[0]).sum(dim=1)

    def _cost(self, unknowns: Tensor, found: Distances) -> tuple[Tensor, Tensor]:
        data = self._data(found)
        return data + 0.5 * self.weights.prior * unknowns.square().sum(dim=1), (2 * data).sqrt()
