"""The building blocks of the image networks."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from lsps_core.config.model import DOMAINS

LEAK = 0.2
"""Slope of LeakyReLU below zero. The paper does not give it; 0.2 is the usual value for GANs since DCGAN."""


def conv(channels_in: int, channels_out: int, kernel: int, stride: int) -> nn.Sequential:
    """Convolution + LeakyReLU; an odd kernel with stride 1 keeps the size, with stride 2 halves it."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2), nn.LeakyReLU(LEAK, inplace=True)
    )


def transposed_conv(channels_in: int, channels_out: int) -> nn.Sequential:
    """Transposed convolution k3 s2 + LeakyReLU: doubles the size."""
    return nn.Sequential(
        nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1),
        nn.LeakyReLU(LEAK, inplace=True),
    )


def own_layers(*layers: nn.Module) -> nn.ModuleDict:
    """One copy of the layers for each domain, with the same random initial weights.

    Independent initial weights leave the sign of depth in the other domain open: the cycle loss is low for an inverted
    translation too, and the adversarial term may need very long to correct it.
    """
    first = DOMAINS[0]
    return nn.ModuleDict(
        {domain: nn.Sequential(*(layers if domain == first else copy.deepcopy(layers))) for domain in DOMAINS}
    )


class InstanceNorm(nn.Module):
    """Instance normalisation without affine parameters, by the fastest torch function for the same formula.

    torch's own InstanceNorm2d copies its input. A group norm with one channel a group does not, but its backward
    pass on a CPU is very slow with channels_last; a batch norm of one frame at a time is fast there.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.is_contiguous() or x.device.type != "cpu":
            return functional.group_norm(x, x.shape[1])
        if len(x) > 1:
            return torch.cat([self(frame) for frame in torch.split(x, 1)])
        return functional.batch_norm(x, None, None, training=True)


class ResidualBlock(nn.Module):
    """[B, C, H, W] -> the same: ResNeXt bottleneck of inner width 2C and cardinality 4, instance-normalised.

    Table 4's "RESBLK-(N512, C4, K3, S1)" on 256 channels; Xie et al. 2017.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = 2 * channels
        self.body = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False),  # the normalisation would remove a bias
            InstanceNorm(),
            nn.LeakyReLU(LEAK, inplace=True),
            nn.Conv2d(inner, inner, 3, padding=1, groups=4, bias=False),
            InstanceNorm(),
            nn.LeakyReLU(LEAK, inplace=True),
            nn.Conv2d(inner, channels, 1, bias=False),
            InstanceNorm(),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


def layers_with_jacobian(layers: nn.Sequential, x: Tensor) -> tuple[Tensor, Tensor]:
    """x [B, Z] -> what linear layers with leaky ReLUs between them give [B, N], and its Jacobian [B, N, Z]."""
    moves = torch.eye(x.shape[1]).to(x)[None]  # [B, Z, N]: one product for all rows is quicker than one a frame
    for layer in layers:
        if isinstance(layer, nn.Linear):
            x, moves = layer(x), functional.linear(moves, layer.weight)
        else:
            slopes = torch.where(x > 0, 1.0, LEAK)
            x, moves = x * slopes, slopes[:, None] * moves
    return x, moves.mT.expand(len(x), -1, -1)
