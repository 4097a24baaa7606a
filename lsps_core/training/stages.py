"""The three stages of the paper: one step each, with their own optimisers. Terms are weighted here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from lsps_core import losses
from lsps_core.config import DOMAINS, Domain, LossWeights, StageConfig, other_domain
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import TriBatch

Terms = dict[str, Tensor]


class Stage(Protocol):
    """One step of training over a batch; returns the unweighted terms, detached, on the device."""

    optimizers: dict[str, torch.optim.Adam]

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms: ...


class PoseStage:
    """E_y and G_y by equation 1, on the poses of the synthetic frames and of the annotated real ones."""

    def __init__(self, model: TriDomainModel, config: StageConfig, weights: LossWeights) -> None:
        self.vae = model.pose_vae
        _train_only(model, self.vae)
        self.term_weights = {"pose_kl": weights.pose_kl, "pose_reconstruction": weights.pose_reconstruction}
        self.optimizers = {"pose_vae": _adam(self.vae.parameters(), config, beta1=0.9)}

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        pose = torch.cat([frames.pose for frames in batch.annotated().values()])
        code = self.vae.encode(pose)
        terms = {
            "pose_kl": losses.gaussian_kl(code.mean, code.std),
            "pose_reconstruction": losses.reconstruction(self.vae.decode(code.sample(generator)), pose),
        }
        return _update(self.optimizers["pose_vae"], terms, self.term_weights)


@dataclass(frozen=True)
class _Mapped:
    """Annotated images, and the codes that M gives for their poses with the pictures of these.

    `code` is the images' own, of the first of them only where there are extra frames.
    """

    image: Tensor
    code: Tensor
    mapped_code: Tensor
    picture: Tensor

    @property
    def judged(self) -> Tensor:
        """The pictures that the discriminator sees."""
        return self.picture[: len(self.code)]


@dataclass(frozen=True)
class _Pictures:
    """What one forward pass of the generators drew: `decoded[source, target]` is G_target(E_source(x_source))."""

    means: dict[Domain, Tensor]
    decoded: dict[tuple[Domain, Domain], Tensor]
    mapped: dict[Domain, _Mapped]


class DepthStage:
    """E, G, M against D by equation 2, and P with D's trunk by equations 7 and 9; the pose VAE is frozen.

    One forward pass of the generators feeds both updates: first the discriminators' on detached pictures, then the
    generators' through the updated discriminators.
    """

    def __init__(self, model: TriDomainModel, config: StageConfig, weights: LossWeights) -> None:
        self.model = model
        _train_only(model, model.encoder, model.generator, model.mapping, model.discriminator)
        groups: list[dict[str, Any]] = [
            {"params": [*model.encoder.parameters(), *model.generator.parameters()]},
            {"params": [*model.mapping.parameters()], "rate": config.mapping_rate},
        ]
        self.optimizers = {
            "generator": _adam(groups, config, beta1=0.5),
            "discriminator": _adam(model.discriminator.parameters(), config, beta1=0.5),
        }
        self.judge_weights = {
            "discriminator": weights.adversarial,
            "posterior": weights.posterior,
            "feature_matching": weights.feature_matching_depth,
        }
        self.generate_weights = {
            "reconstruction": weights.reconstruction,
            "kl": weights.depth_kl,
            "adversarial": weights.adversarial,
            "cycle": weights.reconstruction,
            "cycle_kl": weights.depth_kl,
            "mapping": weights.mapping,
            "mapping_reconstruction": weights.mapping_reconstruction,
            "mapping_adversarial": weights.adversarial,
        }

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        pictures = self._draw(batch, generator)
        judged = self._judge(batch, pictures)
        return judged | self._generate(batch, pictures, generator)

    def _draw(self, batch: TriBatch, generator: torch.Generator) -> _Pictures:
        model = self.model
        means: dict[Domain, Tensor] = {domain: model.encoder(batch.image(domain), domain) for domain in DOMAINS}
        codes = {domain: _noisy(mean, generator) for domain, mean in means.items()}
        decoded, mapped = {}, {}
        annotated = batch.annotated()
        for target in DOMAINS:
            inputs = [codes[source] for source in DOMAINS]
            if target in annotated:
                image, pose = annotated[target]
                inputs.append(model.map(_pose_latent(model, pose, generator)))
            images = torch.split(model.generator(torch.cat(inputs), target), [len(code) for code in inputs])
            for source, picture in zip(DOMAINS, images, strict=False):
                decoded[source, target] = picture
            if target in annotated:
                own = means["synthetic"] if target == "synthetic" else model.encoder(image, target)
                mapped[target] = _Mapped(image, own, inputs[-1], images[-1])
        return _Pictures(means, decoded, mapped)

    def _judge(self, batch: TriBatch, pictures: _Pictures) -> Terms:
        """Update the discriminators and P; the pictures are taken as they are."""
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
            if domain == "synthetic":
                known, pose = parts[0], batch.synthetic.pose
                if batch.extra is not None:
                    known = torch.cat([known, discriminator.features(batch.extra.image, domain)])
                    pose = torch.cat([pose, batch.extra.pose])
                estimate = discriminator.posterior(known)
                terms["posterior/synthetic"] = losses.posterior(estimate, _pose_mean(self.model, pose))
        for source in DOMAINS:
            terms[f"feature_matching/{source}"] = losses.feature_matching(
                features[source, "synthetic"], features[source, "real"]
            )
        return _update(self.optimizers["discriminator"], terms, self.judge_weights)

    def _generate(self, batch: TriBatch, pictures: _Pictures, generator: torch.Generator) -> Terms:
        """Update E, G and M through frozen discriminators."""
        model, terms = self.model, Terms()
        with _frozen(model.discriminator):
            for domain in DOMAINS:
                image, other = batch.image(domain), other_domain(domain)
                terms[f"reconstruction/{domain}"] = losses.reconstruction(pictures.decoded[domain, domain], image)
                terms[f"kl/{domain}"] = losses.unit_variance_kl(pictures.means[domain])
                terms[f"adversarial/{domain}"] = self._convince(pictures.decoded[other, domain], domain)
                mean = model.encoder(pictures.decoded[domain, other], other)
                terms[f"cycle_kl/{domain}"] = losses.unit_variance_kl(mean)
                back = model.generator(_noisy(mean, generator), domain)
                terms[f"cycle/{domain}"] = losses.reconstruction(back, image)
            for domain, mapped in pictures.mapped.items():
                terms[f"mapping/{domain}"] = losses.mapping(mapped.mapped_code[: len(mapped.code)], mapped.code)
                terms[f"mapping_reconstruction/{domain}"] = losses.reconstruction(mapped.picture, mapped.image)
                terms[f"mapping_adversarial/{domain}"] = self._convince(mapped.judged, domain)
            return _update(self.optimizers["generator"], terms, self.generate_weights)

    def _convince(self, picture: Tensor, domain: Domain) -> Tensor:
        discriminator = self.model.discriminator
        return losses.generator_adversarial(discriminator.scores(discriminator.features(picture, domain)))


class PosteriorStage:
    """P and its trunk by equation 8; the pose VAE, E, G and M are frozen.

    With `LossWeights.posterior_translated` above 0, P also learns from labelled synthetic images translated to real:
    the paper leaves the way from synthetic to real to feature matching alone.
    """

    def __init__(self, model: TriDomainModel, config: StageConfig, weights: LossWeights) -> None:
        self.model = model
        self.term_weights = {
            "posterior": weights.posterior,
            "posterior_translated": weights.posterior_translated,
            "feature_matching": weights.feature_matching,
        }
        discriminator = model.discriminator
        trained = (discriminator.own, discriminator.shared, discriminator.posterior_head)
        _train_only(model, *trained)
        parameters = (p for network in trained for p in network.parameters())
        self.optimizers = {"posterior": _adam(parameters, config, beta1=0.9)}

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, discriminator, terms = self.model, self.model.discriminator, Terms()
        with torch.no_grad():
            codes = torch.cat([_noisy(model.encoder(batch.image(d), d), generator) for d in DOMAINS])
            pictures = {target: model.generator(codes, target) for target in DOMAINS}
        annotated = batch.annotated()
        rendered: dict[Domain, Tensor] = {}
        for domain in DOMAINS:
            images = [pictures[domain], *([annotated[domain].image] if domain in annotated else [])]
            features = discriminator.features(torch.cat(images), domain)
            parts = torch.split(features, [len(image) for image in images])
            rendered[domain] = parts[0]
            if domain in annotated:
                target = _pose_mean(model, annotated[domain].pose)
                terms[f"posterior/{domain}"] = losses.posterior(discriminator.posterior(parts[1]), target)
        for source, synthetic, real in zip(
            DOMAINS, rendered["synthetic"].chunk(2), rendered["real"].chunk(2), strict=True
        ):
            terms[f"feature_matching/{source}"] = losses.feature_matching(synthetic, real)
            if source == "synthetic" and self.term_weights["posterior_translated"] > 0:
                target = _pose_mean(model, batch.synthetic.pose)
                terms["posterior_translated/real"] = losses.posterior(discriminator.posterior(real), target)
        return _update(self.optimizers["posterior"], terms, self.term_weights)


STAGE_CLASSES: dict[str, type[PoseStage] | type[DepthStage] | type[PosteriorStage]] = {
    "pose": PoseStage,
    "depth": DepthStage,
    "posterior": PosteriorStage,
}


def _noisy(mean: Tensor, generator: torch.Generator) -> Tensor:
    """A draw of N(mean, I)."""
    return mean + torch.empty_like(mean).normal_(generator=generator)


@torch.no_grad()
def _pose_latent(model: TriDomainModel, pose: Tensor, generator: torch.Generator) -> Tensor:
    return model.pose_vae.encode(pose).sample(generator)


@torch.no_grad()
def _pose_mean(model: TriDomainModel, pose: Tensor) -> Tensor:
    return model.pose_vae.encode(pose).mean


def set_learning_rate(stage: Stage, learning_rate: float) -> None:
    """Of every optimiser of the stage; a group with a `rate` of its own takes that many times as much."""
    for optimizer in stage.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * group.get("rate", 1.0)


def _adam(
    parameters: Iterable[nn.Parameter] | list[dict[str, Any]], config: StageConfig, beta1: float
) -> torch.optim.Adam:
    """The paper's Adam. The stages with a GAN take β1 = 0.5 (Radford et al. 2016), on which the paper is silent."""
    return torch.optim.Adam(parameters, lr=config.learning_rate, betas=(beta1, 0.999), fused=True)


def _update(optimizer: torch.optim.Adam, terms: Terms, weights: dict[str, float]) -> Terms:
    """One step down the weighted sum; a term's weight goes by its name before the slash. Returns the terms detached."""
    optimizer.zero_grad(set_to_none=True)
    total = torch.stack([weights[name.partition("/")[0]] * term for name, term in terms.items()]).sum()
    total.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return {name: term.detach() for name, term in terms.items()}


def _train_only(model: TriDomainModel, *networks: nn.Module) -> None:
    """No gradient is computed for anything else."""
    model.requires_grad_(False)
    for network in networks:
        network.requires_grad_(True)


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """No gradient for the network's parameters inside; its inputs still get theirs."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)
