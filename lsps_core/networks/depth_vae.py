"""The two depth domains: encoders that end in one shared block, generators that begin with one (paper, table 4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lsps_core.config.model import Domain, ModelConfig
from lsps_core.data.crop import BACKGROUND
from lsps_core.networks.blocks import ResidualBlock, conv, own_layers, transposed_conv


def encoder_layers(width: int) -> list[nn.Module]:
    """Of one domain: image [B, 1, 128, 128] -> [B, 4 width, 32, 32]."""
    return [
        conv(1, width, 7, 1),
        conv(width, 2 * width, 3, 2),
        conv(2 * width, 4 * width, 3, 2),
        *(ResidualBlock(4 * width) for _ in range(3)),
    ]


class DepthEncoder(nn.Module):
    """E_r and E_s: image [B, 1, 128, 128] in [-1, 1] -> mean of q(z_x | x) [B, 4c, 32, 32]; the variance is 1."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.own = own_layers(*encoder_layers(config.base_channels))
        self.shared = ResidualBlock(4 * config.base_channels)

    def forward(self, image: Tensor, domain: Domain) -> Tensor:
        mean: Tensor = self.shared(self.own[domain](image))
        return mean


class DepthGenerator(nn.Module):
    """G_r and G_s: depth latent [B, 4c, 32, 32] -> image [B, 1, 128, 128] in [-1, 1].

    A masked one ends in two channels: the depth, and the logit of the chance that the camera has a reading there.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.base_channels
        self.is_masked = config.generator == "masked"
        self.shared = ResidualBlock(4 * width)
        last = [nn.Conv2d(width, 2, 3, padding=1)] if self.is_masked else [nn.Conv2d(width, 1, 1), nn.Tanh()]
        self.own = own_layers(
            *(ResidualBlock(4 * width) for _ in range(3)),
            transposed_conv(4 * width, 2 * width),
            transposed_conv(2 * width, width),
            *last,
        )

    def forward(self, depth_latent: Tensor, domain: Domain) -> Tensor:
        """The image; of a masked one the mean of surface and background by their chances, which has gradients."""
        return self.finish(self.shared(depth_latent), domain)

    def finish(self, begun: Tensor, domain: Domain) -> Tensor:
        """`forward` after the shared block."""
        if self.is_masked:
            depth, logit = self.surface(begun, domain)
            return BACKGROUND + (depth - BACKGROUND) * logit.sigmoid()
        image: Tensor = self.own[domain](begun)
        return image

    def surface(self, begun: Tensor, domain: Domain) -> tuple[Tensor, Tensor]:
        """After the shared block of a masked one: depth in (-1, 1) and logit, each [B, 1, 128, 128]."""
        depth, logit = self.own[domain](begun).split(1, dim=1)
        return depth.tanh(), logit

    def draw(self, begun: Tensor, domain: Domain, threshold: Tensor) -> Tensor:
        """`finish` for eyes: of a masked one, the surface where the logit is above threshold [128, 128]."""
        if not self.is_masked:
            return self.finish(begun, domain)
        depth, logit = self.surface(begun, domain)
        return torch.where(logit > threshold, depth, BACKGROUND)
