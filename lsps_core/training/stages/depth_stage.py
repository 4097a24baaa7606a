"""The depth stage of the paper: encoders, generators and M against the discriminators, with P on their trunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.model import DOMAINS, Domain, other_domain
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.stage import SINGLE_PROCESS, Stage, mapped_code, pose_mean
from lsps_core.training.stages.update import Terms, adam, frozen, noisy, train_only


@dataclass(frozen=True)
class _Mapped:
    """Annotated images, the codes of their poses by M, and the images decoded from these codes.

    `code` is encoded from the images, only from the first of them if there are extra frames; `translated` are the
    real images of the first synthetic ones.
    """

    image: Tensor
    code: Tensor
    mapped_code: Tensor
    picture: Tensor
    translated: Tensor | None

    @property
    def judged(self) -> Tensor:
        """The images for the discriminator."""
        return self.picture[: len(self.code)]


@dataclass(frozen=True)
class _Pictures:
    """The output of one forward pass of the generators: `decoded[source, target]` is G_target(E_source(x_source))."""

    means: dict[Domain, Tensor]
    decoded: dict[tuple[Domain, Domain], Tensor]
    mapped: dict[Domain, _Mapped]


class DepthStage(Stage):
    """E, G, M against D by equation 2, and P with D's trunk by equations 7 and 9; the pose VAE is frozen.

    One forward pass of the generators feeds both updates: first the discriminators' on detached images, then the
    generators' through the updated discriminators. With `LossWeights.mapping_translated` above 0, the real image of a
    synthetic pose is compared with the translation of its synthetic image: the paper has no term for it.
    """

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        train_only(model, model.encoder, model.generator, model.mapping, model.discriminator)
        groups: list[dict[str, Any]] = [
            {"params": [*model.encoder.parameters(), *model.generator.parameters()]},
            {"params": [*model.mapping.parameters()], "rate": config.mapping_rate},
        ]
        self.is_translating = weights.mapping_translated > 0
        self._add_updater(
            "discriminator",
            adam(model.discriminator.parameters(), config, beta1=0.5),
            weights,
            discriminator=weights.adversarial,
            feature_matching=weights.feature_matching_depth,
        )
        self._add_updater(
            "generator",
            adam(groups, config, beta1=0.5),
            weights,
            kl=weights.depth_kl,
            cycle=weights.reconstruction,
            cycle_kl=weights.depth_kl,
            mapping_adversarial=weights.adversarial,
        )

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        pictures = self.draw(batch, generator)
        judged = self.judge(batch, pictures)
        return judged | self._generate(batch, pictures, generator)

    def draw(self, batch: TriBatch, generator: torch.Generator) -> _Pictures:
        """All pictures of one step, with their gradients."""
        model, annotated = self.model, batch.annotated()
        means: dict[Domain, Tensor] = {domain: model.encoder(batch.image(domain), domain) for domain in DOMAINS}
        codes: dict[str, Tensor] = {domain: noisy(mean, generator) for domain, mean in means.items()}
        for domain, frames in annotated.items():
            codes[f"mapped/{domain}"] = mapped_code(model, frames, generator)
        begun = model.generator.shared(torch.cat(list(codes.values())))  # once, shared by both domains
        parts = dict(zip(codes, torch.split(begun, [len(code) for code in codes.values()]), strict=True))
        drawn = {target: self._finish(parts, target, len(batch.image(target))) for target in DOMAINS}
        mapped = {}
        for domain, frames in annotated.items():
            image = frames.image
            own = means["synthetic"] if domain == "synthetic" else model.encoder(image, domain)
            name = f"mapped/{domain}"
            mapped[domain] = _Mapped(
                image, own, codes[name], drawn[domain][name], drawn[other_domain(domain)].get(name)
            )
        decoded = {(source, target): drawn[target][source] for source in DOMAINS for target in DOMAINS}
        return _Pictures(means, decoded, mapped)

    def _finish(self, parts: dict[str, Tensor], target: Domain, count: int) -> dict[str, Tensor]:
        """Images in `target` of image codes and its mapped codes; in real, also of the first synthetic ones."""
        chosen: dict[str, Tensor] = {name: parts[name] for name in DOMAINS}
        own, others = f"mapped/{target}", f"mapped/{other_domain(target)}"
        if own in parts:
            chosen[own] = parts[own]
        if target == "real" and others in parts and self.is_translating:
            chosen[others] = parts[others][:count]
        pictures = self.model.generator.finish(torch.cat(list(chosen.values())), target)
        return dict(zip(chosen, torch.split(pictures, [len(part) for part in chosen.values()]), strict=True))

    def judge(self, batch: TriBatch, pictures: _Pictures) -> Terms:
        """Update the discriminators and P on detached images."""
        discriminator = self.model.discriminator
        terms: Terms = {}
        features: dict[tuple[Domain, Domain], Tensor] = {}
        for domain in DOMAINS:
            fakes = [pictures.decoded[other_domain(domain), domain]]
            if domain in pictures.mapped:
                fakes.append(pictures.mapped[domain].judged)
            images = [batch.image(domain), *fakes, pictures.decoded[domain, domain]]
            features_of_all = discriminator.features(torch.cat(images).detach(), domain)
            parts = torch.split(features_of_all, [len(image) for image in images])
            scores = [discriminator.scores(part) for part in parts[:-1]]
            terms[f"discriminator/{domain}"] = losses.discriminator_adversarial(*scores)
            features[other_domain(domain), domain], features[domain, domain] = parts[1], parts[-1]
            is_known = domain == "synthetic" and "synthetic" in pictures.mapped
            if is_known and self.model.config.posterior_kind == "trunk":
                known, pose = parts[0], batch.synthetic.pose
                if batch.extra is not None:
                    known = torch.cat([known, discriminator.features(batch.extra.image, domain)])
                    pose = torch.cat([pose, batch.extra.pose])
                estimate = discriminator.posterior(known)
                terms["posterior/synthetic"] = losses.posterior(estimate, pose_mean(self.model, pose))
        for source in DOMAINS:
            terms[f"feature_matching/{source}"] = losses.feature_matching(
                features[source, "synthetic"], features[source, "real"]
            )
        return self._updaters["discriminator"](terms)

    def _generate(self, batch: TriBatch, pictures: _Pictures, generator: torch.Generator) -> Terms:
        """Update E, G and M through frozen discriminators."""
        model, terms = self.model, Terms()
        with frozen(model.discriminator):
            for domain in DOMAINS:
                image, other = batch.image(domain), other_domain(domain)
                terms[f"reconstruction/{domain}"] = losses.reconstruction(pictures.decoded[domain, domain], image)
                terms[f"kl/{domain}"] = losses.unit_variance_kl(pictures.means[domain])
                terms[f"adversarial/{domain}"] = self._generator_loss(pictures.decoded[other, domain], domain)
                mean = model.encoder(pictures.decoded[domain, other], other)
                terms[f"cycle_kl/{domain}"] = losses.unit_variance_kl(mean)
                back = model.generator(noisy(mean, generator), domain)
                terms[f"cycle/{domain}"] = losses.reconstruction(back, image)
            for domain, mapped in pictures.mapped.items():
                terms[f"mapping/{domain}"] = losses.mapping(mapped.mapped_code[: len(mapped.code)], mapped.code)
                terms[f"mapping_reconstruction/{domain}"] = losses.reconstruction(mapped.picture, mapped.image)
                terms[f"mapping_adversarial/{domain}"] = self._generator_loss(mapped.judged, domain)
                if mapped.translated is not None:
                    translation = pictures.decoded["synthetic", "real"].detach()
                    terms["mapping_translated/real"] = losses.reconstruction(mapped.translated, translation)
            return self._updaters["generator"](terms)

    def _generator_loss(self, picture: Tensor, domain: Domain) -> Tensor:
        discriminator = self.model.discriminator
        return losses.generator_adversarial(discriminator.scores(discriminator.features(picture, domain)))
