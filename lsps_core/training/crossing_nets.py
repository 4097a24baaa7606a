"""The baseline of the paper's figure 5: a pose VAE and one depth GAN, crossed by a mapping, on real frames alone.

After Wan, Probst, Van Gool, Yao, *Crossing Nets*, CVPR 2017, with the networks of this model: G_r, D_r, M and P; it
has no encoder, no synthetic images and no translation. Unlabelled frames train only the GAN; P also learns from its
images of codes drawn from the prior. The original's metric between pairs of images is left out.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config import POSE_LATENT_SIZE, LossWeights, StageConfig
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.adam import Adam
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages import SINGLE_PROCESS, Stage, pose_mean, pose_sample
from lsps_core.training.update import Terms, frozen, train_only


class CrossingDepthStage(Stage):
    """G_r and M against D_r; P with D_r's trunk on annotated frames and on images of prior codes."""

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        generator, discriminator = model.generator, model.discriminator
        heads = (discriminator.score_head, discriminator.posterior_head)
        judging = (discriminator.own["real"], discriminator.shared, *heads)
        train_only(model, generator.own["real"], generator.shared, model.mapping, *judging)
        groups: list[dict[str, Any]] = [
            {"params": [*generator.own["real"].parameters(), *generator.shared.parameters()]},
            {"params": [*model.mapping.parameters()], "rate": config.mapping_rate},
        ]
        judge_parameters = (parameter for network in judging for parameter in network.parameters())
        judge = Adam(judge_parameters, config, beta1=0.5)
        self._add_updater("discriminator", judge, weights, discriminator=weights.adversarial)
        self._add_updater("generator", Adam(groups, config, beta1=0.5), weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, discriminator, real = self.model, self.model.discriminator, batch.image("real")
        labelled = _labelled(batch)
        prior = _prior(real, generator)
        codes = torch.cat([prior, pose_sample(model, labelled.pose, generator)])
        pictures = model.generator(model.map(codes), "real")

        images = [real, labelled.image, pictures.detach()]
        features = discriminator.features(torch.cat(images), "real")
        true, known, fake = torch.split(features, [len(image) for image in images])
        drawn = fake[: len(prior)]
        judged = self._updaters["discriminator"](
            {
                "discriminator/real": losses.discriminator_adversarial(
                    discriminator.scores(true), discriminator.scores(fake)
                ),
                "posterior/real": losses.posterior(discriminator.posterior(known), pose_mean(model, labelled.pose)),
                "posterior/drawn": losses.posterior(discriminator.posterior(drawn), prior),
            }
        )
        with frozen(discriminator):
            scores = discriminator.scores(discriminator.features(pictures, "real"))
            terms = {
                "mapping_reconstruction/real": losses.reconstruction(pictures[len(prior) :], labelled.image),
                "adversarial/real": losses.generator_adversarial(scores),
            }
            return judged | self._updaters["generator"](terms)


class CrossingPosteriorStage(Stage):
    """P and its trunk, on annotated frames and on images of prior codes; everything else is frozen."""

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        discriminator = model.discriminator
        trained = (discriminator.own["real"], discriminator.shared, discriminator.posterior_head)
        train_only(model, *trained)
        parameters = (parameter for network in trained for parameter in network.parameters())
        self._add_updater("posterior", Adam(parameters, config, beta1=0.9), weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, discriminator = self.model, self.model.discriminator
        labelled = _labelled(batch)
        with torch.no_grad():
            prior = _prior(batch.image("real"), generator)
            pictures = model.generator(model.map(prior), "real")
        features = discriminator.features(torch.cat([labelled.image, pictures]), "real")
        known, drawn = torch.split(features, [len(labelled.image), len(pictures)])
        return self._updaters["posterior"](
            {
                "posterior/real": losses.posterior(discriminator.posterior(known), pose_mean(model, labelled.pose)),
                "posterior/drawn": losses.posterior(discriminator.posterior(drawn), prior),
            }
        )


def _labelled(batch: TriBatch) -> FrameBatch:
    if batch.labelled is None:
        raise ValueError("the crossing_nets baseline needs annotated real frames; give a share of labels above 0")
    return batch.labelled


def _prior(image: Tensor, generator: torch.Generator) -> Tensor:
    """A prior sample for each image: [B, Z]."""
    return torch.empty(len(image), POSE_LATENT_SIZE, device=image.device).normal_(generator=generator)
