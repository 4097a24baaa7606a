"""Pseudo-labels for unlabelled images: estimates of a slow copy of P on their renderings, rotated several ways."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lsps_core.config.model import DOMAINS
from lsps_core.data.augmentation.moves import rotate, rotate_pose
from lsps_core.networks.discriminator import Discriminator
from lsps_core.networks.tri_domain import TriDomainModel

_DECAY = 0.995
"""Decay of the average: it covers about the last 200 steps."""
_TURNS = 2
"""Of each of the two renderings."""
_PREFIX = "teacher/"
_SURE = 0.16
"""20 mm in a usual cube: estimates of an image's rotations that are on average farther from their mean do not count"""


class _Average:
    """A moving average of a network, as a teacher of it; `is_ready` from step `first_step` on.

    Before, the network would learn from its own early estimates.
    """

    def __init__(self, network: nn.Module, first_step: int) -> None:
        self._network = network
        average = get_ema_multi_avg_fn(_DECAY)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(network, multi_avg_fn=average, use_buffers=True)
        self._first_step, self._step = first_step, 0

    @property
    def is_ready(self) -> bool:
        return self._step >= self._first_step

    @property
    def network(self) -> nn.Module:
        """The average; it has the network's mode."""
        return self._average.module

    def follow(self) -> None:
        """Update the average with the network after a step."""
        self._average.update_parameters(self._network)
        self._step += 1

    def tensors(self) -> dict[str, Tensor]:
        """State for a checkpoint."""
        return {_PREFIX + name: tensor for name, tensor in self._average.state_dict().items()}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Restore the state from `tensors`, which may hold others; without a saved one it starts from the network."""
        own = {name.removeprefix(_PREFIX): tensor for name, tensor in tensors.items() if name.startswith(_PREFIX)}
        if own:
            self._average.load_state_dict(own)
            self._step = int(self._average.n_averaged)


class Teacher(_Average):
    """A moving average of P (Tarvainen & Valpola, *Mean teachers*, NeurIPS 2017), applied to renderings of an image.

    G_r(E(x)) and G_s(E(x)) have no camera noise, which P never sees with a pose, and P's error depends on the image's
    rotation: the mean over both is closer to the truth than P of the image itself.
    """

    def __init__(self, model: TriDomainModel, first_step: int) -> None:
        super().__init__(model.discriminator, first_step)
        self._model = model

    @torch.no_grad()
    def __call__(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Real images [B, 1, S, S] -> pose_latent [B, Z]: the code of the mean pose over rotated renderings."""
        model, judge = self._model, cast(Discriminator, self.network)
        depth_latent = model.encoder(image, "real")
        angle = 2 * math.pi * torch.rand(len(image), generator=generator, device=image.device)
        poses = []
        for domain in DOMAINS:
            picture = model.generator(depth_latent, domain)
            for _ in range(_TURNS):
                estimate = judge.posterior(judge.features(rotate(picture, angle), domain))
                poses.append(rotate_pose(model.pose_vae.decode(estimate.float()), -angle))
                angle = angle + math.pi / _TURNS
        pose_latent: Tensor = model.pose_vae.encode(torch.stack(poses).mean(dim=0)).mean
        return pose_latent


class TurningTeacher(_Average):
    """A moving average of a residual P, applied to an image at several rotations.

    P's error depends on the rotation, so that the mean is closer to the truth, and where the estimates differ it is
    less likely to be true.
    """

    def __init__(self, model: TriDomainModel, first_step: int) -> None:
        super().__init__(model.residual_posterior, first_step)
        self._model = model

    @torch.no_grad()
    def __call__(self, image: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Images [B, 1, S, S] -> their mean pose [B, J, 3] and how sure it is [B], 0 to 1.

        Normalised by the batch: averages of running statistics do not fit the average of weights. With those it
        is 17 to 31 mm off, without them 10, and the P that it teaches 11.
        """
        network = self.network.train()
        angle = 2 * math.pi * torch.rand(len(image), generator=generator, device=image.device)
        poses = []
        for _ in range(_TURNS + 1):
            code = self._model.code_of(network(rotate(image, angle)))
            poses.append(rotate_pose(self._model.pose_vae.decode(code.float()), -angle))
            angle = angle + 2 * math.pi / (_TURNS + 1)
        each = torch.stack(poses)
        mean = each.mean(dim=0)
        spread = (each - mean).norm(dim=3).mean(dim=(0, 2))
        return mean, (1 - spread / _SURE).clamp(min=0)
