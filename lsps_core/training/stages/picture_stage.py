"""The depth stage of M and the generators alone, for a model whose encoders and latents are trained."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.capsules import is_beyond_root
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.stage import SINGLE_PROCESS, Stage, mapped_code
from lsps_core.training.stages.update import Terms, adam, train_only

_LOST_PX = 3
"""A camera loses readings as far inside an outline."""
_TRANSLATION = 0.3
"""Weight of synthetic translations over that of reconstructions."""


class PictureStage(Stage):
    """M by the codes of annotated synthetic images; G by the images of both domains, from their codes and from M's.

    All else is frozen. A real frame that is annotated, as by a fit, shows G_r how the camera sees a pose. Where it has
    readings, its synthetic translation has surfaces; where it has none near one, they may be lost. Beyond the wrist it
    shows an arm that no joint determines: there the real picture of its pose does not count.
    """

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        train_only(model, model.mapping, model.generator)
        groups: list[dict[str, Any]] = [
            {"params": [*model.generator.parameters()]},
            {"params": [*model.mapping.parameters()], "rate": config.mapping_rate},
        ]
        more = {"translation": _TRANSLATION * weights.reconstruction}
        self._add_updater("pictures", adam(groups, config, beta1=0.5), weights, **more)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, terms = self.model, Terms()
        for domain, frames in batch.annotated().items():
            with torch.no_grad():
                code = model.encoder(frames.image, domain)
            mapped = mapped_code(model, frames, generator)
            if domain == "synthetic":
                terms["mapping/synthetic"] = losses.mapping(mapped, code)
            begun = model.generator.shared(torch.cat([code, mapped]))
            depth, logit = model.generator.surface(begun, domain)
            count = len(code)
            terms[f"reconstruction/{domain}"] = losses.surface(depth[:count], logit[:count], frames.image)
            if domain == "real":
                depth_s, logit_s = model.generator.surface(begun[:count], "synthetic")
                terms["translation/synthetic"] = losses.surface(depth_s, logit_s, frames.image, _LOST_PX)
            ignored = self._is_free(frames) if domain == "real" else None
            drawn = depth[count:], logit[count:]
            terms[f"mapping_reconstruction/{domain}"] = losses.surface(*drawn, frames.image, ignored=ignored)
        return self._updaters["pictures"](terms)

    def _is_free(self, frames: FrameBatch) -> Tensor | None:
        """Pixels beyond the wrist, of a skeleton whose bones are known."""
        bones = self.model.config.bones
        return is_beyond_root(frames.pose, frames.center, frames.image, bones) if bones else None
