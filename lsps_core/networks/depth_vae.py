"""The two depth domains: encoders that end in one shared block, generators that begin with one (paper, table 4)."""

from __future__ import annotations

from torch import Tensor, nn

from lsps_core.config.model import Domain, ModelConfig
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
    """G_r and G_s: depth latent [B, 4c, 32, 32] -> image [B, 1, 128, 128] in (-1, 1)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.base_channels
        self.shared = ResidualBlock(4 * width)
        self.own = own_layers(
            *(ResidualBlock(4 * width) for _ in range(3)),
            transposed_conv(4 * width, 2 * width),
            transposed_conv(2 * width, width),
            nn.Conv2d(width, 1, 1),
            nn.Tanh(),
        )

    def forward(self, depth_latent: Tensor, domain: Domain) -> Tensor:
        image: Tensor = self.own[domain](self.shared(depth_latent))
        return image
