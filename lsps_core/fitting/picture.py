"""The model's own picture of a pose against the frame: needs no simulator, and any skeleton will do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.config.model import POSE_LATENT_SIZE, Domain
from lsps_core.fitting.hand import UNKNOWNS, HandModel
from lsps_core.fitting.objective import Weights
from lsps_core.fitting.solver import Evaluated
from lsps_core.fitting.terms import huber
from lsps_core.inference import Predictor

_POOL = 4
"""Pixels to an edge of the cells whose mean depths are compared: a finger that lies beside its image still meets it."""
_STEP = 0.03
"""Of the code's finite differences, in standard deviations; twenty pictures cost less than derivatives of one."""


@dataclass(frozen=True, kw_only=True)
class PictureObjective:
    """Mean robust difference in mm of G(M(z)) and the image [B, 1, S, S], over cells of _POOL pixels; and the prior.

    Of the unknowns only the code counts; size and shift stay.
    """

    predictor: Predictor
    hand: HandModel
    image: Tensor
    half_mm: Tensor
    domain: Domain
    weights: Weights

    def __getitem__(self, index: Tensor) -> PictureObjective:
        return replace(self, image=self.image[index], half_mm=self.half_mm[index])

    def cost(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """unknowns [B, U] -> (cost [B] in mm², residual_mm [B])."""
        return self._cost(unknowns, self._difference_mm(unknowns[:, None, :POSE_LATENT_SIZE])[:, 0])

    def __call__(self, unknowns: Tensor) -> Evaluated:
        prior = self.weights.prior
        code = unknowns[:, :POSE_LATENT_SIZE]
        axes = _STEP * torch.eye(POSE_LATENT_SIZE, device=code.device)
        nearby = torch.cat([code[:, None], code[:, None] + axes], dim=1)
        cells = self._difference_mm(nearby).mT
        difference = cells[..., 0]
        moves = functional.pad((cells[..., 1:] - cells[..., :1]) / _STEP, (0, UNKNOWNS - POSE_LATENT_SIZE))
        square = huber(difference, self.weights.knee_mm)[1]
        scaled = moves * (square / difference.shape[1])[..., None]
        gradient = prior * unknowns + (scaled.mT @ difference[..., None])[..., 0]
        matrix = prior * torch.eye(UNKNOWNS, device=unknowns.device) + scaled.mT @ moves
        return Evaluated(*self._cost(unknowns, difference), gradient, matrix)

    def _cost(self, unknowns: Tensor, difference_mm: Tensor) -> tuple[Tensor, Tensor]:
        data = huber(difference_mm, self.weights.knee_mm)[0].mean(dim=1)
        return data + 0.5 * self.weights.prior * unknowns.square().sum(dim=1), (2 * data).sqrt()

    def _difference_mm(self, code: Tensor) -> Tensor:
        """code [B, K, 20], whitened: K of each frame -> [B, K, cells]."""
        model, count = self.predictor.model, code.shape[1]
        latent = (self.hand.latent_mean + code @ self.hand.latent_root.mT).flatten(0, 1)
        picture = model.generator(model.map(latent), self.domain).float()
        cells = functional.avg_pool2d(picture, _POOL).view(len(code), count, -1)
        return (cells - functional.avg_pool2d(self.image, _POOL).flatten(1)[:, None]) * self.half_mm[:, None, None]
