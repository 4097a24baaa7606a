"""The baseline of the paper's figure 5: a pose VAE and one depth GAN, crossed by a mapping, on real frames alone.

After Wan, Probst, Van Gool, Yao, *Crossing Nets*, CVPR 2017, with the networks of this model: G_r, D_r, M and P; it
has no encoder, no synthetic images and no translation. Unlabelled frames train only the GAN; P also learns from its
images of drawn codes. These are of the annotated poses, turned in the image at random: of N(0, I), from which the
original draws, few codes are hands. The original's metric between pairs of images is left out.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.data.augmentation.moves import rotate_pose
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.stage import SINGLE_PROCESS, Stage, pose_mean, pose_sample
from lsps_core.training.stages.update import Terms, adam, frozen, train_only


class CrossingDepthStage(Stage):
    """G_r and M against D_r; P with D_r's trunk on annotated frames and on images of drawn codes."""

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
        judge = adam(judge_parameters, config, beta1=0.5)
        self._add_updater("discriminator", judge, weights, discriminator=weights.adversarial)
        self._add_updater("generator", adam(groups, config, beta1=0.5), weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, discriminator, real = self.model, self.model.discriminator, batch.image("real")
        labelled = _labelled(batch)
        sample = _turned_codes(model, labelled, len(real), generator)
        codes = torch.cat([sample, pose_sample(model, labelled.pose, generator)])
        pictures = model.generator(model.map(codes), "real")

        images = [real, labelled.image, pictures.detach()]
        features = discriminator.features(torch.cat(images), "real")
        true, known, fake = torch.split(features, [len(image) for image in images])
        drawn = fake[: len(sample)]
        judged = self._updaters["discriminator"](
            {
                "discriminator/real": losses.discriminator_adversarial(
                    discriminator.scores(true), discriminator.scores(fake)
                ),
                "posterior/real": losses.posterior(discriminator.posterior(known), pose_mean(model, labelled.pose)),
                "posterior/drawn": losses.posterior(discriminator.posterior(drawn), sample),
            }
        )
        with frozen(discriminator):
            scores = discriminator.scores(discriminator.features(pictures, "real"))
            terms = {
                "mapping_reconstruction/real": losses.reconstruction(pictures[len(sample) :], labelled.image),
                "adversarial/real": losses.generator_adversarial(scores),
            }
            return judged | self._updaters["generator"](terms)


class CrossingPosteriorStage(Stage):
    """P and its trunk, on annotated frames and on images of drawn codes; everything else is frozen."""

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        discriminator = model.discriminator
        trained = (discriminator.own["real"], discriminator.shared, discriminator.posterior_head)
        train_only(model, *trained)
        parameters = (parameter for network in trained for parameter in network.parameters())
        self._add_updater("posterior", adam(parameters, config, beta1=0.9), weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, discriminator = self.model, self.model.discriminator
        labelled = _labelled(batch)
        with torch.no_grad():
            sample = _turned_codes(model, labelled, len(batch.real.image), generator)
            pictures = model.generator(model.map(sample), "real")
        features = discriminator.features(torch.cat([labelled.image, pictures]), "real")
        known, drawn = torch.split(features, [len(labelled.image), len(pictures)])
        return self._updaters["posterior"](
            {
                "posterior/real": losses.posterior(discriminator.posterior(known), pose_mean(model, labelled.pose)),
                "posterior/drawn": losses.posterior(discriminator.posterior(drawn), sample),
            }
        )


def _labelled(batch: TriBatch) -> FrameBatch:
    if batch.labelled is None:
        raise ValueError("the crossing_nets baseline needs annotated real frames; give a share of labels above 0")
    return batch.labelled


@torch.no_grad()
def _turned_codes(model: TriDomainModel, labelled: FrameBatch, count: int, generator: torch.Generator) -> Tensor:
    """Codes [count, Z] of annotated poses, or of as many as there are, at random angles in the image."""
    pose = labelled.pose[:count]
    angle = 2 * math.pi * torch.rand(len(pose), generator=generator, device=pose.device)
    return pose_sample(model, rotate_pose(pose, angle), generator)
