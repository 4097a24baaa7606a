"""The layers that every image network is made of."""

from __future__ import annotations

import copy

from torch import Tensor, nn

from lsps_core.config import DOMAINS

LEAK = 0.2
"""Slope of LeakyReLU below zero. The paper does not name it; 0.2 is what GANs have used since DCGAN."""


def conv(channels_in: int, channels_out: int, kernel: int, stride: int) -> nn.Sequential:
    """Convolution + LeakyReLU; an odd kernel with stride 1 keeps the size, with stride 2 halves it."""
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2), nn.LeakyReLU(LEAK))


def transposed_conv(channels_in: int, channels_out: int) -> nn.Sequential:
    """Transposed convolution k3 s2 + LeakyReLU: doubles the size."""
    return nn.Sequential(
        nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1), nn.LeakyReLU(LEAK)
    )


def own_layers(*layers: nn.Module) -> nn.ModuleDict:
    """The layers once for each domain, from the same random start.

    Independent starts leave open which way round depth goes in the other domain: cycles close over an inverted
    translation as well, and the adversarial term may take very long to turn it round.
    """
    return nn.ModuleDict({domain: nn.Sequential(*copy.deepcopy(layers)) for domain in DOMAINS})


def instance_norm(channels: int) -> nn.Module:
    """Instance normalisation without affine parameters, as a group norm of one channel a group: the same formula.

    torch's InstanceNorm2d folds the batch into the channels, which costs a copy and twice the time on a CPU.
    """
    return nn.GroupNorm(channels, channels, affine=False)


class ResidualBlock(nn.Module):
    """[B, C, H, W] -> the same: ResNeXt bottleneck of inner width 2C and cardinality 4, instance-normalised.

    Table 4's "RESBLK-(N512, C4, K3, S1)" on 256 channels; Xie et al. 2017.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = 2 * channels
        self.body = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False),  # a bias would vanish in the normalisation
            instance_norm(inner),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(inner, inner, 3, padding=1, groups=4, bias=False),
            instance_norm(inner),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(inner, channels, 1, bias=False),
            instance_norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out
