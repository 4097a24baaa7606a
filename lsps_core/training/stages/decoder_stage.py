"""The pose stage of G_y alone, for a model whose codes of poses are trained."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.stage import SINGLE_PROCESS, Stage
from lsps_core.training.stages.update import Terms, adam, train_only

_HELD, _SPREAD = 0.1, 2.0
"""Weight of what holds G_y, over that of poses, and how far around codes it does, as the largest standard deviation.
With it what P reads is 0.07 mm worse than before, of 18.4, without it 0.11; nearest codes are 1.1 and 1.0 mm off."""
_FIRST = "first/"


class DecoderStage(Stage):
    """G_y by the nearest codes of annotated poses, as `PoseVae.nearest` finds them, and by draws of q(z_y | y).

    Around them it is held to what it was at first, so that codes of P, of the prior and of presets keep their meaning.
    E_y and all else are frozen.
    """

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        train_only(model, model.pose_vae.decoder)
        self._first = copy.deepcopy(model.pose_vae.decoder).requires_grad_(False)
        more = {"pose_nearest": weights.pose_reconstruction, "pose_held": _HELD * weights.pose_reconstruction}
        self._add_updater("decoder", adam(model.pose_vae.decoder.parameters(), config, beta1=0.9), weights, **more)

    def tensors(self) -> dict[str, Tensor]:
        return super().tensors() | {_FIRST + name: value for name, value in self._first.state_dict().items()}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        super().load_tensors(tensors)
        names = {name for name in tensors if name.startswith(_FIRST)}
        self._first.load_state_dict({name.removeprefix(_FIRST): tensors[name] for name in names})

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        vae = self.model.pose_vae
        pose = torch.cat([frames.pose for frames in batch.annotated().values()])
        with torch.no_grad():
            code = vae.encode(pose)
            nearest, drawn = vae.nearest(pose, start=code.mean), code.sample(generator)
            reach = _SPREAD * torch.empty_like(code.mean[:, :1]).uniform_(generator=generator)
            around = code.mean + reach * torch.empty_like(code.mean).normal_(generator=generator)
            held = self._first(around).view_as(pose)
        terms = Terms()
        terms["pose_nearest"] = losses.reconstruction(vae.decode(nearest), pose)
        terms["pose_reconstruction"] = losses.reconstruction(vae.decode(drawn), pose)
        terms["pose_held"] = losses.reconstruction(vae.decode(around), held)
        return self._updaters["decoder"](terms)
