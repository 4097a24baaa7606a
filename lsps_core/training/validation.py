"""Measurements of a model during training: held-out error, preview sheet, range of the codes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import POSE_LATENT_SIZE
from lsps_core.events import Saved, Validated
from lsps_core.inference import Predictor
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.prior import CODE_COUNT
from lsps_core.training.data import TrainingData
from lsps_core.training.preview import preview_sheet
from lsps_core.training.run import Run

PREVIEW_FRAMES = 12
BATCH = 64


class Validation:
    """The error of a fixed held-out set in mm: the last one, and the best of each stage."""

    def __init__(self, data: TrainingData, run: Run) -> None:
        self.data, self.run = data, run
        self.best_mm: dict[str, float] = {}
        self.last_mm = math.inf

    def __call__(self, model: Checkpoint, stage: str, step: int) -> None:
        """Measure, draw the preview sheet, and record both."""
        predictor = Predictor(model, self.data.device)
        if stage != "depth" or model.config.posterior_kind == "trunk":  # else the depth stage leaves P as it is
            error_mm = self.last_mm = self._error_mm(predictor, stage)
            best = self.best_mm[stage] = min(error_mm, self.best_mm.get(stage, math.inf))
            domain = self.data.validation_domain
            self.run.record(
                Validated(stage=stage, step=step, mean_error_mm=error_mm, best_error_mm=best, domain=domain)
            )
        sheet = preview_sheet(predictor, self.data.preview(PREVIEW_FRAMES))
        path = self.run.save_preview(step, sheet)
        self.run.record(Saved(kind="preview", stage=stage, step=step, path=path.name))

    def _error_mm(self, predictor: Predictor, stage: str) -> float:
        """In the pose stage that of the VAE's reconstruction, else of P."""
        frames, half_mm = self.data.held_out(), self.data.held_out_half_mm()
        if stage == "pose":
            pose_vae = predictor.model.pose_vae
            pose = pose_vae.decode(pose_vae.encode(frames.pose).mean)
        else:
            parts = zip(torch.split(frames.image, BATCH), torch.split(frames.center, BATCH), strict=True)
            domain = self.data.validation_domain
            pose = torch.cat([predictor.predict_pose(image, domain, center) for image, center in parts])
        return float(((pose - frames.pose).norm(dim=2).mean(dim=1) * half_mm).mean())

    def state(self) -> dict[str, object]:
        """What a checkpoint keeps."""
        return {"best_mm": self.best_mm, "last_mm": self.last_mm if math.isfinite(self.last_mm) else None}

    def restore(self, best_mm: dict[str, float], last_mm: float | None) -> None:
        self.best_mm, self.last_mm = dict(best_mm), math.inf if last_mm is None else last_mm


class LatentStatistics(NamedTuple):
    """Mean [20], deviation [20] and covariance [20][20] of the poses' codes, the range of the latent sliders, and some
    of the codes [K, 20], for the prior.

    The default is kept until the pose stage has ended; without steps of it, those of the model that a run starts from.
    """

    mean: tuple[float, ...] = (0.0,) * POSE_LATENT_SIZE
    std: tuple[float, ...] = (1.0,) * POSE_LATENT_SIZE
    covariance: tuple[tuple[float, ...], ...] | None = None
    codes: Tensor | None = None

    def fields(self) -> dict[str, Any]:
        """Of a `Checkpoint`."""
        return {
            "latent_mean": self.mean,
            "latent_std": self.std,
            "latent_covariance": self.covariance,
            "prior_codes": self.codes,
        }

    @classmethod
    def of(cls, model: Checkpoint) -> LatentStatistics:
        return cls(model.latent_mean, model.latent_std, model.latent_covariance, model.prior_codes)


@torch.no_grad()
def latent_statistics(model: TriDomainModel, poses: Tensor) -> LatentStatistics:
    """Of poses [N, J, 3]; for a single one, whose spread is unknown, the prior's."""
    codes = model.pose_vae.encode(poses).mean
    if len(codes) == 1:
        return LatentStatistics(mean=tuple(codes[0].tolist()))
    covariance = tuple(tuple(row) for row in torch.cov(codes.T).tolist())
    mean, std = (tuple(values.tolist()) for values in (codes.mean(dim=0), codes.std(dim=0)))
    return LatentStatistics(mean, std, covariance, codes[:CODE_COUNT].cpu())
