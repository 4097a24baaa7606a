"""The interface of a training stage, and the pose stage.

Each stage runs one step; its updates, and only they, weight the loss terms.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor

from lsps_core import losses
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.update import (
    FiniteGuard,
    Terms,
    Updater,
    adam,
    load_optimizer_tensors,
    optimizer_tensors,
    train_only,
)

SINGLE_PROCESS = ProcessGroup()


class Stage(ABC):
    """One step of training over a batch, with its own optimisers.

    From the first step that is not finite, steps change nothing; `guard` records which step it was.
    """

    def __init__(self, model: TriDomainModel, group: ProcessGroup) -> None:
        self.model = model
        self.guard = FiniteGuard(next(model.parameters()).device)
        self._group = group
        self._updaters: dict[str, Updater] = {}

    @property
    def optimizers(self) -> dict[str, torch.optim.Adam]:
        return {name: updater.optimizer for name, updater in self._updaters.items()}

    def step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        """Update the networks; returns the unweighted terms, detached, on the device."""
        terms = self._step(batch, generator)
        self.guard.end_step(terms)
        return terms

    def settle(self, batches: Iterable[tuple[TriBatch, torch.Generator]]) -> None:  # noqa: B027 - most need nothing
        """Make the networks ready for use, by the batches of the steps that follow. Later steps do not depend on it."""

    def tensors(self) -> dict[str, Tensor]:
        """State for a checkpoint besides the model, so that a resumed stage gives the same bits."""
        return optimizer_tensors(self.optimizers)

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Restore the state from `tensors`."""
        load_optimizer_tensors(self.optimizers, tensors)

    @abstractmethod
    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms: ...

    def _add_updater(self, name: str, optimizer: torch.optim.Adam, weights: LossWeights, **others: float) -> None:
        """others: weights of terms that `LossWeights` has no field of the same name for, or another value."""
        self._updaters[name] = Updater(optimizer, vars(weights) | others, self.guard, self._group)


class PoseStage(Stage):
    """E_y and G_y by equation 1, on the poses of the annotated frames."""

    def __init__(
        self, model: TriDomainModel, config: StageConfig, weights: LossWeights, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        super().__init__(model, group)
        train_only(model, model.pose_vae)
        self._add_updater("pose_vae", adam(model.pose_vae.parameters(), config, beta1=0.9), weights)

    def _step(self, batch: TriBatch, generator: torch.Generator) -> Terms:
        vae = self.model.pose_vae
        pose = torch.cat([frames.pose for frames in batch.annotated().values()])
        code = vae.encode(pose)
        decoded = vae.decode(code.sample(generator))
        terms = {
            "pose_kl": losses.gaussian_kl(code.mean, code.std),
            "pose_reconstruction": losses.reconstruction(decoded, pose),
        }
        return self._updaters["pose_vae"](terms)


@torch.no_grad()
def pose_sample(model: TriDomainModel, pose: Tensor, generator: torch.Generator) -> Tensor:
    """A draw of q(z_y | y) for each pose."""
    return model.pose_vae.encode(pose).sample(generator)


def mapped_code(model: TriDomainModel, frames: FrameBatch, generator: torch.Generator) -> Tensor:
    """M of a draw of q(z_y | y) for each frame; one that draws poses is given those of the frames, without its blur.

    Capsules are drawn as the frames' cameras see them, so that they lie on the images.
    """
    if model.config.mapping == "latent":
        return model.map(pose_sample(model, frames.pose, generator))
    return model.map_pose(frames.pose, frames.center)


@torch.no_grad()
def pose_mean(model: TriDomainModel, pose: Tensor) -> Tensor:
    """The mean of q(z_y | y) for each pose: the target of P."""
    return model.pose_vae.encode(pose).mean
