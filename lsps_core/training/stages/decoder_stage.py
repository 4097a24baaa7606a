"""The pose stage of G_y alone, for a model whose codes of poses are trained."""

from __future__ import annotations

import torch

from lsps_core import losses
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.stage import SINGLE_PROCESS, Stage
from lsps_core.training.stages.update import Terms, adam, train_only


class DecoderStage(Stage):
    """G_y by the nearest codes of annotated poses, as `PoseVae.nearest` finds them, and by draws of q(z_y | y).

    The draws hold it to what the codes of P, of the prior and of presets mean. E_y and all else are frozen.
    """

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        train_only(model, model.pose_vae.decoder)
        more = {"pose_nearest": weights.pose_reconstruction}
        self._add_updater("decoder", adam(model.pose_vae.decoder.parameters(), config, beta1=0.9), weights, **more)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        vae = self.model.pose_vae
        pose = torch.cat([frames.pose for frames in batch.annotated().values()])
        with torch.no_grad():
            code = vae.encode(pose)
            nearest, drawn = vae.nearest(pose, start=code.mean), code.sample(generator)
        terms = Terms()
        terms["pose_nearest"] = losses.reconstruction(vae.decode(nearest), pose)
        terms["pose_reconstruction"] = losses.reconstruction(vae.decode(drawn), pose)
        return self._updaters["decoder"](terms)
