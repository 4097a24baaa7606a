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
        """The same frames with only the first `count` of their points, which are spread as evenly as all are."""
        seen = self.seen
        points, is_point = seen.points_mm[:, :count], seen.is_point[:, :count]
        return replace(self, seen=replace(seen, points_mm=points, is_point=is_point))

    def distances(self, spheres: Tensor) -> list[tuple[float | Tensor, Distances]]:
        """spheres [B, N, 4] -> the terms, each with the weight of one of its places, so that a term is a mean."""
        w, seen = self.weights, self.seen
        points = seen.is_point.sum(dim=1, keepdim=True).clamp(min=1)
        found: list[tuple[float | Tensor, Distances]] = []
        if w.surface:
            found.append((w.surface / points, terms.surface_distances(seen, spheres, hand_cones(spheres.device))))
        if w.silhouette:
            found.append((w.silhouette / terms.BONE_PLACES, terms.silhouette_distances(seen, spheres)))
        if w.front:
            found.append((w.front / terms.BONE_PLACES, terms.front_distances(seen, spheres)))
        return found

    def cost(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """unknowns [B, U] -> (cost [B] in mm², residual_mm [B])."""
        return self._cost(unknowns, self.distances(self.hand.spheres(unknowns, self.seen.half_mm)))

    def __call__(self, unknowns: Tensor) -> Evaluated:
        found = self.distances(self.hand.spheres(unknowns, self.seen.half_mm))
        jacobian = self.hand.jacobian(unknowns, self.seen.half_mm)
        gradient = self.weights.prior * unknowns
        matrix = self.weights.prior * torch.eye(UNKNOWNS, device=unknowns.device).repeat(len(unknowns), 1, 1)
        for weight, distances in found:
            moves = terms.by_unknowns(distances, jacobian)
            square = terms.huber(distances.value, self.weights.knee_mm)[1]
            scaled = moves * (weight * distances.weight * square)[..., None]
            gradient = gradient + (scaled.mT @ distances.value[..., None])[..., 0]
            matrix = matrix + scaled.mT @ moves
        return Evaluated(*self._cost(unknowns, found), gradient, matrix)

    def _cost(self, unknowns: Tensor, found: list[tuple[float | Tensor, Distances]]) -> tuple[Tensor, Tensor]:
        knee_mm = self.weights.knee_mm
        data = torch.zeros_like(unknowns[:, 0])
        for weight, distances in found:
            data = data + (weight * distances.weight * terms.huber(distances.value, knee_mm)[0]).sum(dim=1)
        return data + 0.5 * self.weights.prior * unknowns.square().sum(dim=1), (2 * data).sqrt()
