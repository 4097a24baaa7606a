"""The pose domain: a fully connected variational autoencoder (paper, table 2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lsps_core.config.model import POSE_LATENT_SIZE, ModelConfig
from lsps_core.networks.blocks import LEAK, layers_with_jacobian
from lsps_core.networks.kinematic import KinematicDecoder

_STEPS, _DAMPING = 2, 5e-3
"""Of the search for the nearest code. Read hands that are tilted back are 0.9, 0.15 and 0.08 mm off after each step."""


class Gaussian(NamedTuple):
    """A diagonal normal distribution: mean and standard deviation [B, Z]."""

    mean: Tensor
    std: Tensor

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """One reparametrised draw [B, Z]."""
        noise = torch.empty_like(self.mean).normal_(generator=generator)
        return self.mean + self.std * noise


class LinearDecoder(nn.Sequential):
    """pose_latent [B, Z] -> pose [B, 3 J]: the paper's two linear layers."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(
            nn.Linear(POSE_LATENT_SIZE, config.pose_hidden),
            nn.LeakyReLU(LEAK),
            nn.Linear(config.pose_hidden, 3 * config.joint_count),
        )

    def with_jacobian(self, pose_latent: Tensor) -> tuple[Tensor, Tensor]:
        """pose_latent [B, Z] -> pose [B, 3 J] and its Jacobian [B, 3 J, Z]."""
        return layers_with_jacobian(self, pose_latent)


class PoseVae(nn.Module):
    """pose [B, J, 3] <-> pose latent [B, Z]; 1.0 is half the crop cube. Paper, table 2, but for a kinematic decoder."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.joint_count = config.joint_count
        self.encoder = nn.Sequential(nn.Linear(3 * config.joint_count, config.pose_hidden), nn.LeakyReLU(LEAK))
        self.mean = nn.Linear(config.pose_hidden, POSE_LATENT_SIZE)
        self.log_variance = nn.Linear(config.pose_hidden, POSE_LATENT_SIZE)
        self.decoder: LinearDecoder | KinematicDecoder
        self.decoder = KinematicDecoder(config) if config.pose_decoder == "kinematic" else LinearDecoder(config)

    def encode(self, pose: Tensor) -> Gaussian:
        """pose [B, J, 3] -> q(z_y | y), mean and std [B, Z]."""
        hidden = self.encoder(pose.flatten(1))
        return Gaussian(self.mean(hidden), (0.5 * self.log_variance(hidden)).exp())

    def decode(self, pose_latent: Tensor) -> Tensor:
        """pose_latent [B, Z] -> pose [B, J, 3]."""
        pose: Tensor = self.decoder(pose_latent).unflatten(1, (self.joint_count, 3))
        return pose

    def nearest(self, pose: Tensor, start: Tensor) -> Tensor:
        """pose [B, J, 3] -> the pose latent [B, Z] whose decoded pose is nearest to it, by Gauss-Newton steps.

        start [B, Z]: of a pose like it; it stays where no nearer one is found.
        """
        goal, damping = pose.flatten(1), _DAMPING * torch.eye(start.shape[1]).to(start)
        code, offs = start, []
        for _ in range(_STEPS):
            decoded, jacobian = self.decoder.with_jacobian(code)
            missing = goal - decoded
            offs.append(missing.square().sum(dim=1))
            code = code + torch.linalg.solve(jacobian.mT @ jacobian + damping, jacobian.mT @ missing[..., None])[..., 0]
        is_nearer = (goal - self.decoder(code)).square().sum(dim=1) < offs[0]  # False for NaN as well
        return torch.where(is_nearer[:, None], code, start)

    def recode(self, pose_latent: Tensor) -> Tensor:
        """pose_latent [B, Z] -> the pose latent [B, Z] of the pose that it decodes to."""
        return self.encode(self.decode(pose_latent)).mean
