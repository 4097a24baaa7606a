"""The posterior stage of a P that is a network of its own."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.data.augmentation.degrade import degrade
from lsps_core.data.augmentation.occlude import occlude
from lsps_core.data.look_at import look_at
from lsps_core.networks.residual import measure_statistics
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.posterior_stage import TaughtStage
from lsps_core.training.stages.stage import SINGLE_PROCESS, pose_mean
from lsps_core.training.stages.teacher import TurningTeacher
from lsps_core.training.stages.update import Terms, adam, noisy, train_only


class ResidualPosteriorStage(TaughtStage):
    """P alone, by the distance of its codes and of their poses, and of the joints of a dense head; all else is frozen.

    With `LossWeights.posterior_translated` above 0 it also learns from annotated synthetic images translated to real,
    with `posterior_consistency` from real images with the poses of its teacher. With `StageConfig.occlude` and
    `degrade` every image that P reads is changed first, but none that is translated or shown to the teacher. All are
    views of a camera that looks at the cube, see `lsps_core.data.look_at`.
    """

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        self._is_translating = weights.posterior_translated > 0
        self._is_occluding, self._is_degrading = config.occlude, config.degrade
        train_only(model, model.residual_posterior)
        more = {"posterior/real": weights.posterior_labelled, "posterior_direct": weights.posterior_joints}
        parameters = model.residual_posterior.parameters()
        self._add_updater("posterior", adam(parameters, config, beta1=0.9), weights, **more)
        is_taught = weights.posterior_consistency > 0
        self._teacher: TurningTeacher | None = (
            TurningTeacher(model, first_step=config.steps // 3) if is_taught else None
        )

    def settle(self, batches: Iterable[tuple[TriBatch, torch.Generator]]) -> None:
        """Measure the statistics of P, which steps do not depend on."""
        shown = ((torch.cat(self._read_images(batch)), generator) for batch, generator in batches)
        measure_statistics(self.model.residual_posterior, (self._changed(*each) for each in shown))

    def _read_images(self, batch: TriBatch) -> list[Tensor]:
        """The images that P reads in a step, but for translations."""
        read = [*batch.annotated().values(), *([] if self._teacher is None else [batch.real])]
        return [_looked_at(frames).image for frames in read]

    def _changed(self, images: Tensor, generator: torch.Generator) -> Tensor:
        if self._is_occluding:
            images = occlude(images, generator)
        return degrade(images, generator) if self._is_degrading else images

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        annotated = {f"posterior/{name}": frames for name, frames in batch.annotated().items()}
        if self._is_translating and "posterior/synthetic" in annotated:
            annotated["posterior_translated/real"] = self._translated(annotated["posterior/synthetic"], generator)
        known = {name: _looked_at(frames) for name, frames in annotated.items()}
        shown = [frames.image for frames in known.values()]
        teacher = self._teacher if self._teacher is not None and self._teacher.is_ready else None
        if teacher is not None:
            real = _looked_at(batch.real)
            shown.append(real.image)
        images = self._changed(torch.cat(shown), generator)
        # one pass, so that the normalisation sees every kind of image
        estimates = torch.split(self.model.residual_posterior(images), [len(image) for image in shown])
        terms = Terms()
        if teacher is not None:
            pose, sure = teacher(real.image, generator)
            decoded = self.model.pose_vae.decode(self.model.code_of(estimates[-1]).float())
            terms["posterior_consistency/real"] = losses.joint_distance(decoded, pose, sure)
        for (name, frames), estimate in zip(known.items(), estimates[: len(known)], strict=True):
            code = self.model.code_of(estimate)
            terms[name] = losses.posterior(code, pose_mean(self.model, frames.pose))
            kind = name.partition("/")[2] if name.startswith("posterior/") else "translated"
            decoded = self.model.pose_vae.decode(code.float())
            terms[f"posterior_joints/{kind}"] = losses.joint_distance(decoded, frames.pose)
            if self.model.reads_joints:
                terms[f"posterior_direct/{kind}"] = losses.joint_distance(estimate, frames.pose)
        terms = self._updaters["posterior"](terms)
        if self._teacher is not None:
            self._teacher.follow()
        return terms

    @torch.no_grad()
    def _translated(self, frames: FrameBatch, generator: torch.Generator) -> FrameBatch:
        code = noisy(self.model.encoder(frames.image, "synthetic"), generator)
        image: Tensor = self.model.generator(code, "real")
        return frames._replace(image=image)


def _looked_at(frames: FrameBatch) -> FrameBatch:
    """The frames as a camera that looks at their cubes sees them, with the poses in its axes."""
    image, rotation = look_at(frames.image, frames.center)
    return frames._replace(image=image, pose=frames.pose @ rotation)
