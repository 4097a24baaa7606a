"""Pseudo-labels for unlabelled images: estimates of a slow copy of P on their renderings, rotated several ways."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lsps_core.config import DOMAINS
from lsps_core.data.augment import rotate, rotate_pose
from lsps_core.networks.discriminator import Discriminator
from lsps_core.networks.tri_domain import TriDomainModel

_DECAY = 0.995
"""Decay of the average: it covers about the last 200 steps."""
_TURNS = 2
"""Of each of the two renderings."""
_PREFIX = "teacher/"


class Teacher:
    """A moving average of P (Tarvainen & Valpola, *Mean teachers*, NeurIPS 2017), applied to renderings of an image.

    G_r(E(x)) and G_s(E(x)) have no camera noise, which P never sees with a pose, and P's error depends on the image's
    rotation: the mean over both is closer to the truth than P of the image itself. `is_ready` from step `first_step`
    on: before, P would learn from its own early estimates.
    """

    def __init__(self, model: TriDomainModel, first_step: int) -> None:
        self._model = model
        average = get_ema_multi_avg_fn(_DECAY)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(model.discriminator, multi_avg_fn=average)
        self._first_step, self._step = first_step, 0

    @property
    def is_ready(self) -> bool:
        return self._step >= self._first_step

    @torch.no_grad()
    def __call__(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Real images [B, 1, S, S] -> pose_latent [B, Z]: the code of the mean pose over rotated renderings."""
        model, judge = self._model, cast(Discriminator, self._average.module)
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

    def follow(self) -> None:
        """Update the average with P after a step."""
        self._average.update_parameters(self._model.discriminator)
        self._step += 1

    def tensors(self) -> dict[str, Tensor]:
        """State for a checkpoint."""
        return {_PREFIX + name: tensor for name, tensor in self._average.state_dict().items()}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Restore the state from `tensors`, which may hold others; without a saved teacher it starts from P."""
        own = {name.removeprefix(_PREFIX): tensor for name, tensor in tensors.items() if name.startswith(_PREFIX)}
        if own:
            self._average.load_state_dict(own)
            self._step = int(self._average.n_averaged)
