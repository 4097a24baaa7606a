"""The depth stage of M alone, for a model whose encoders and generators are trained."""

from __future__ import annotations

import torch

from lsps_core import losses
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages import SINGLE_PROCESS, Stage, mapped_code
from lsps_core.training.update import Terms, adam, train_only


class MappingStage(Stage):
    """M by the codes of annotated synthetic images and by the pictures decoded from its own, all else frozen.

    With `LossWeights.mapping_translated` above 0 its real pictures are compared with the images' translations.
    """

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        train_only(model, model.mapping)
        self._is_translating = weights.mapping_translated > 0
        groups = [{"params": [*model.mapping.parameters()], "rate": config.mapping_rate}]
        self._add_updater("mapping", adam(groups, config, beta1=0.5), weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, terms = self.model, Terms()
        frames = batch.annotated()["synthetic"]
        with torch.no_grad():
            code = model.encoder(frames.image, "synthetic")
        mapped = mapped_code(model, frames, generator)
        begun = model.generator.shared(mapped)
        terms["mapping/synthetic"] = losses.mapping(mapped, code)
        picture = model.generator.own["synthetic"](begun)
        terms["mapping_reconstruction/synthetic"] = losses.reconstruction(picture, frames.image)
        if self._is_translating:
            with torch.no_grad():
                translation = model.generator(code, "real")
            translated = model.generator.own["real"](begun)
            terms["mapping_translated/real"] = losses.reconstruction(translated, translation)
        return self._updaters["mapping"](terms)
