"""What a stage of training is, and the paper's pose and posterior stages; the depth stage is in depth_stage.py.

One step each, with their own optimisers. Terms are weighted here and nowhere else.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config import DOMAINS, Domain, LossWeights, StageConfig
from lsps_core.data.augment import turn, turn_pose
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import TriBatch
from lsps_core.training.update import FiniteGuard, Terms, Updater, adam, noisy, train_only
from lsps_core.training.world import World

ALONE = World()


class Stage(ABC):
    """One step of training over a batch, with its own optimisers.

    From the first step on that is not finite, steps change nothing; `guard` tells which it was.
    """

    def __init__(self, model: TriDomainModel, world: World) -> None:
        self.model = model
        self.guard = FiniteGuard(next(model.parameters()).device)
        self._world = world
        self._updaters: dict[str, Updater] = {}

    @property
    def optimizers(self) -> dict[str, torch.optim.Adam]:
        return {name: updater.optimizer for name, updater in self._updaters.items()}

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        """Update the networks; returns the unweighted terms, detached, on the device."""
        terms = self._step(batch, generator)
        self.guard.end_step(terms)
        return terms

    @abstractmethod
    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms: ...

    def _add_updater(self, name: str, optimizer: torch.optim.Adam, weights: dict[str, float]) -> None:
        self._updaters[name] = Updater(optimizer, weights, self.guard, self._world)


class PoseStage(Stage):
    """E_y and G_y by equation 1, on the poses of the annotated frames."""

    def __init__(self, model: TriDomainModel, config: StageConfig, weights: LossWeights, world: World = ALONE) -> None:
        super().__init__(model, world)
        train_only(model, model.pose_vae)
        term_weights = {"pose_kl": weights.pose_kl, "pose_reconstruction": weights.pose_reconstruction}
        self._add_updater("pose_vae", adam(model.pose_vae.parameters(), config, beta1=0.9), term_weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        vae = self.model.pose_vae
        pose = torch.cat([frames.pose for frames in batch.annotated().values()])
        code = vae.encode(pose)
        terms = {
            "pose_kl": losses.gaussian_kl(code.mean, code.std),
            "pose_reconstruction": losses.reconstruction(vae.decode(code.sample(generator)), pose),
        }
        return self._updaters["pose_vae"](terms)


class PosteriorStage(Stage):
    """P and its trunk by equation 8; the pose VAE, E, G and M are frozen.

    With `LossWeights.posterior_translated` above 0, P also learns from labelled synthetic images translated to real:
    the paper leaves the way from synthetic to real to feature matching alone. With neither, nothing is drawn: P learns
    from annotated images only, as a baseline does. With `posterior_consistency` above 0, P is to say the same of a real
    image and of that image turned, whatever its pose is.
    """

    def __init__(self, model: TriDomainModel, config: StageConfig, weights: LossWeights, world: World = ALONE) -> None:
        super().__init__(model, world)
        self.is_translating = weights.posterior_translated > 0
        self.is_matching = weights.feature_matching > 0
        self.is_consistent = weights.posterior_consistency > 0
        discriminator = model.discriminator
        trained = (discriminator.own, discriminator.shared, discriminator.posterior_head)
        train_only(model, *trained)
        parameters = (p for network in trained for p in network.parameters())
        term_weights = {
            "posterior": weights.posterior,
            "posterior_translated": weights.posterior_translated,
            "posterior_consistency": weights.posterior_consistency,
            "feature_matching": weights.feature_matching,
        }
        self._add_updater("posterior", adam(parameters, config, beta1=0.9), term_weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        discriminator, terms = self.model.discriminator, Terms()
        annotated = batch.annotated()
        pictures = self._render(batch, generator) if self.is_matching or self.is_translating else {}
        rendered: dict[Domain, Tensor] = {}
        for domain in DOMAINS:
            images = [
                part[domain]
                for part in (pictures, {d: frames.image for d, frames in annotated.items()})
                if domain in part
            ]
            if not images:
                continue
            features = torch.split(discriminator.features(torch.cat(images), domain), [len(image) for image in images])
            if domain in pictures:
                rendered[domain] = features[0]
            if domain in annotated:
                target = pose_mean(self.model, annotated[domain].pose)
                terms[f"posterior/{domain}"] = losses.posterior(discriminator.posterior(features[-1]), target)
        if rendered:
            terms |= self._carry_over(batch, rendered)
        if self.is_consistent:
            terms["posterior_consistency/real"] = self._disagreement(batch.real.image, generator)
        return self._updaters["posterior"](terms)

    def _disagreement(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Of P on real images, and on the same turned, from the mean of the two poses."""
        vae, discriminator = self.model.pose_vae, self.model.discriminator
        angle = 2 * math.pi * torch.rand(len(image), generator=generator, device=image.device)
        images = torch.cat([image, turn(image, angle)])
        estimate = discriminator.posterior(discriminator.features(images, "real"))
        with torch.no_grad():
            upright, other = vae.decode(estimate.float()).chunk(2)
            together = (upright + turn_pose(other, -angle)) / 2
            target = vae.encode(torch.cat([together, turn_pose(together, angle)])).mean
        return losses.posterior(estimate, target)

    @torch.no_grad()
    def _render(self, batch: TriBatch, generator: torch.Generator) -> dict[Domain, Tensor]:
        """Both domains' renderings of the synthetic and of the real codes, one after the other."""
        codes = {domain: noisy(self.model.encoder(batch.image(domain), domain), generator) for domain in DOMAINS}
        both = torch.cat([codes[domain] for domain in DOMAINS])
        return {target: self.model.generator(both, target) for target in DOMAINS}

    def _carry_over(self, batch: TriBatch, rendered: dict[Domain, Tensor]) -> Terms:
        """What takes P from synthetic to real images, from the features of the renderings."""
        terms: Terms = {}
        parts = {domain: features.chunk(2) for domain, features in rendered.items()}
        for index, source in enumerate(DOMAINS):
            synthetic, real = parts["synthetic"][index], parts["real"][index]
            terms[f"feature_matching/{source}"] = losses.feature_matching(synthetic, real)
            if source == "synthetic" and self.is_translating:
                target = pose_mean(self.model, batch.synthetic.pose)
                estimate = self.model.discriminator.posterior(real)
                terms["posterior_translated/real"] = losses.posterior(estimate, target)
        return terms


@torch.no_grad()
def pose_sample(model: TriDomainModel, pose: Tensor, generator: torch.Generator) -> Tensor:
    """A draw of q(z_y | y) for each pose."""
    return model.pose_vae.encode(pose).sample(generator)


@torch.no_grad()
def pose_mean(model: TriDomainModel, pose: Tensor) -> Tensor:
    """The mean of q(z_y | y) for each pose: what P learns."""
    return model.pose_vae.encode(pose).mean
