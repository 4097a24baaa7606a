"""The posterior stage of the paper: P and its trunk, with everything else frozen."""

from __future__ import annotations

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.model import DOMAINS, Domain
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.stage import SINGLE_PROCESS, Stage, pose_mean
from lsps_core.training.stages.teacher import Teacher, TurningTeacher
from lsps_core.training.stages.update import Terms, adam, noisy, train_only


class TaughtStage(Stage):
    """A stage that may have a teacher, whose state belongs to its own."""

    _teacher: Teacher | TurningTeacher | None

    def tensors(self) -> dict[str, Tensor]:
        return super().tensors() | ({} if self._teacher is None else self._teacher.tensors())

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        super().load_tensors(tensors)
        if self._teacher is not None:
            self._teacher.load_tensors(tensors)


class PosteriorStage(TaughtStage):
    """P and its trunk by equation 8; the pose VAE, E, G and M are frozen.

    In the paper only feature matching connects synthetic and real images. With
    `LossWeights.posterior_translated` above 0, P also learns from annotated synthetic images translated to real; with
    `posterior_consistency`, after a third of the stage, from real images with the codes of its `Teacher`.
    With none of the three, P learns from annotated images only, as a baseline does, and no image is generated.
    """

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        self.is_translating = weights.posterior_translated > 0
        self.is_matching = weights.feature_matching > 0
        discriminator = model.discriminator
        trained = (discriminator.own, discriminator.shared, discriminator.posterior_head)
        train_only(model, *trained)
        parameters = (p for network in trained for p in network.parameters())
        annotated = {"posterior/real": weights.posterior_labelled}
        self._add_updater("posterior", adam(parameters, config, beta1=0.9), weights, **annotated)
        is_taught = weights.posterior_consistency > 0
        self._teacher: Teacher | None = Teacher(model, first_step=config.steps // 3) if is_taught else None

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        annotated = batch.annotated()
        shown: dict[Domain, dict[str, Tensor]] = {domain: {} for domain in DOMAINS}
        for domain, frames in annotated.items():
            shown[domain]["annotated"] = frames.image
        for (source, target), pictures in self.render(batch, annotated, generator).items():
            shown[target][source] = pictures
        teacher = self._teacher if self._teacher is not None and self._teacher.is_ready else None
        if teacher is not None:
            shown["real"]["unlabelled"] = batch.real.image
        features = {domain: self._features(images, domain) for domain, images in shown.items() if images}

        terms = Terms()
        for domain, frames in annotated.items():
            terms[f"posterior/{domain}"] = self._posterior_loss(features[domain]["annotated"], frames)
        if self.is_translating and "synthetic" in annotated:
            terms["posterior_translated/real"] = self._posterior_loss(
                features["real"]["synthetic"], annotated["synthetic"]
            )
        if self.is_matching:
            for source in DOMAINS:
                synthetic, real = (features[target][source] for target in DOMAINS[::-1])
                terms[f"feature_matching/{source}"] = losses.feature_matching(synthetic, real[: len(synthetic)])
        if teacher is not None:
            estimate = self.model.discriminator.posterior(features["real"]["unlabelled"])
            terms["posterior_consistency/real"] = losses.posterior(estimate, teacher(batch.real.image, generator))
        terms = self._updaters["posterior"](terms)
        if self._teacher is not None:
            self._teacher.follow()
        return terms

    @torch.no_grad()
    def render(
        self, batch: TriBatch, annotated: dict[Domain, FrameBatch], generator: torch.Generator
    ) -> dict[tuple[Domain, Domain], Tensor]:
        """G_target(E_source(x_source)): the images to match, and all translations of annotated synthetic images."""
        images: dict[Domain, Tensor] = {}
        if self.is_matching:
            images = {domain: batch.image(domain) for domain in DOMAINS}
        if self.is_translating and "synthetic" in annotated:
            images["synthetic"] = annotated["synthetic"].image  # the batch's own frames are first
        codes = {domain: noisy(self.model.encoder(image, domain), generator) for domain, image in images.items()}
        pictures: dict[tuple[Domain, Domain], Tensor] = {}
        for target in DOMAINS if self.is_matching else DOMAINS[: len(codes)]:
            if target == "synthetic":  # for matching only
                codes = {source: code[: len(batch.image(source))] for source, code in codes.items()}
            drawn = self.model.generator(torch.cat(list(codes.values())), target)
            parts = torch.split(drawn, [len(code) for code in codes.values()])
            pictures |= {(source, target): part for source, part in zip(codes, parts, strict=True)}
        return pictures

    def _features(self, images: dict[str, Tensor], domain: Domain) -> dict[str, Tensor]:
        """φ of several sets of images, in one pass."""
        features = self.model.discriminator.features(torch.cat(list(images.values())), domain)
        return dict(zip(images, torch.split(features, [len(part) for part in images.values()]), strict=True))

    def _posterior_loss(self, features: Tensor, frames: FrameBatch) -> Tensor:
        """Distance of P from the codes of the frames' poses."""
        return losses.posterior(self.model.discriminator.posterior(features), pose_mean(self.model, frames.pose))
