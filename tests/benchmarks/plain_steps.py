"""The steps of the three stages done plainly: what `train_step.py` measures the package's own against.

Networks, losses and noise are the same, but the generators are computed anew for each of the depth stage's two updates,
one picture a call, nothing is frozen, and Adam goes parameter by parameter. Only synthetic frames are annotated.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.model import DOMAINS, Domain
from lsps_core.config.model import other_domain as other
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import TriBatch

Terms = dict[str, Tensor]


class PlainStage:
    """What the plain steps share."""

    def __init__(self, model: TriDomainModel, config: StageConfig, lambdas: LossWeights) -> None:
        self.model, self.config, self.lambdas = model.requires_grad_(True), config, lambdas

    def adam(self, parameters: Any, beta1: float) -> torch.optim.Adam:
        rate = self.config.learning_rate
        return torch.optim.Adam(parameters, rate, (beta1, 0.999), foreach=False, fused=False)

    def update(self, optimizer: torch.optim.Adam, terms: Terms, weights: dict[str, float]) -> Terms:
        """One step down the sum; a term's weight goes by its name before the slash."""
        self.model.zero_grad()
        sum(weights[name.partition("/")[0]] * term for name, term in terms.items()).backward()
        optimizer.step()
        return {name: term.detach() for name, term in terms.items()}


class PlainPose(PlainStage):
    """Equation 1."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.optimizer = self.adam(self.model.pose_vae.parameters(), 0.9)

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        vae, pose = self.model.pose_vae, batch.synthetic.pose
        code = vae.encode(pose)
        terms = {
            "pose_kl": losses.gaussian_kl(code.mean, code.std),
            "pose_reconstruction": losses.reconstruction(vae.decode(code.sample(generator)), pose),
        }
        return self.update(self.optimizer, terms, vars(self.lambdas))


class PlainDepth(PlainStage):
    """Equations 2 to 7 and 9, unsupervised in the real domain."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        model, lambdas = self.model, self.lambdas
        mapping = {"params": model.mapping.parameters(), "lr": self.config.learning_rate * self.config.mapping_rate}
        image = {"params": [*model.encoder.parameters(), *model.generator.parameters()]}
        self.generating = self.adam([image, mapping], 0.5)
        self.judging = self.adam(model.discriminator.parameters(), 0.5)
        self.judge_weights = vars(lambdas) | {
            "discriminator": lambdas.adversarial,
            "feature_matching": lambdas.feature_matching_depth,
        }
        self.generate_weights = vars(lambdas) | {
            "kl": lambdas.depth_kl,
            "cycle": lambdas.reconstruction,
            "cycle_kl": lambdas.depth_kl,
            "mapping_adversarial": lambdas.adversarial,
        }

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        start = generator.get_state()
        judged = self.judge(batch, generator)
        generator.set_state(start)  # the same noise, for the same pictures
        return judged | self.generate(batch, generator)

    def draw(self, batch: TriBatch, generator: torch.Generator) -> tuple[dict[Domain, Tensor], Any, Tensor, Tensor]:
        """Means, pictures by (source, target), the code that M gives and its picture."""
        model = self.model
        means: dict[Domain, Tensor] = {domain: model.encoder(batch.image(domain), domain) for domain in DOMAINS}
        codes = {domain: noisy(mean, generator) for domain, mean in means.items()}
        pictures = {
            (source, target): model.generator(codes[source], target) for source in DOMAINS for target in DOMAINS
        }
        mapped = model.map(model.pose_vae.encode(batch.synthetic.pose).sample(generator))
        return means, pictures, mapped, model.generator(mapped, "synthetic")

    def judge(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        judge = self.model.discriminator
        _, pictures, _, drawn = self.draw(batch, generator)
        true = {domain: judge.features(batch.image(domain), domain) for domain in DOMAINS}
        features = {key: judge.features(picture.detach(), key[1]) for key, picture in pictures.items()}
        estimate = judge.posterior(true["synthetic"])
        terms = {"posterior/synthetic": losses.posterior(estimate, pose_mean(self.model, batch))}
        for domain in DOMAINS:
            fakes = [judge.scores(features[other(domain), domain])]
            if domain == "synthetic":
                fakes.append(judge.scores(judge.features(drawn.detach(), domain)))
            terms[f"discriminator/{domain}"] = losses.discriminator_adversarial(judge.scores(true[domain]), *fakes)
        return self.update(self.judging, terms | matching(features), self.judge_weights)

    def generate(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model = self.model
        means, pictures, mapped, drawn = self.draw(batch, generator)
        terms: Terms = {
            "mapping/synthetic": losses.mapping(mapped, means["synthetic"]),
            "mapping_reconstruction/synthetic": losses.reconstruction(drawn, batch.synthetic.image),
            "mapping_adversarial/synthetic": self.convince(drawn, "synthetic"),
        }
        for domain in DOMAINS:
            image = batch.image(domain)
            mean = model.encoder(pictures[domain, other(domain)], other(domain))
            back = model.generator(noisy(mean, generator), domain)
            terms |= {
                f"reconstruction/{domain}": losses.reconstruction(pictures[domain, domain], image),
                f"kl/{domain}": losses.unit_variance_kl(means[domain]),
                f"adversarial/{domain}": self.convince(pictures[other(domain), domain], domain),
                f"cycle_kl/{domain}": losses.unit_variance_kl(mean),
                f"cycle/{domain}": losses.reconstruction(back, image),
            }
        if self.lambdas.mapping_translated:
            translation = pictures["synthetic", "real"].detach()
            terms["mapping_translated/real"] = losses.reconstruction(model.generator(mapped, "real"), translation)
        return self.update(self.generating, terms, self.generate_weights)

    def convince(self, picture: Tensor, domain: Domain) -> Tensor:
        judge = self.model.discriminator
        return losses.generator_adversarial(judge.scores(judge.features(picture, domain)))


class PlainPosterior(PlainStage):
    """Equation 8."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        judge = self.model.discriminator
        trained = (judge.own, judge.shared, judge.posterior_head)
        self.optimizer = self.adam([p for network in trained for p in network.parameters()], 0.9)

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        model, judge = self.model, self.model.discriminator
        codes = {domain: noisy(model.encoder(batch.image(domain), domain), generator) for domain in DOMAINS}
        keys = [(source, target) for source in DOMAINS for target in DOMAINS]
        features = {key: judge.features(model.generator(codes[key[0]], key[1]), key[1]) for key in keys}
        pose = pose_mean(model, batch)
        estimate = judge.posterior(judge.features(batch.synthetic.image, "synthetic"))
        terms = {"posterior/synthetic": losses.posterior(estimate, pose)} | matching(features)
        if self.lambdas.posterior_translated:
            translated = judge.posterior(features["synthetic", "real"])
            terms["posterior_translated/real"] = losses.posterior(translated, pose)
        return self.update(self.optimizer, terms, vars(self.lambdas))


def noisy(mean: Tensor, generator: torch.Generator) -> Tensor:
    return mean + torch.randn(mean.shape, generator=generator, device=mean.device)


def pose_mean(model: TriDomainModel, batch: TriBatch) -> Tensor:
    return model.pose_vae.encode(batch.synthetic.pose).mean.detach()


def matching(features: dict[tuple[Domain, Domain], Tensor]) -> Terms:
    terms = {s: losses.feature_matching(features[s, "synthetic"], features[s, "real"]) for s in DOMAINS}
    return {f"feature_matching/{source}": term for source, term in terms.items()}
