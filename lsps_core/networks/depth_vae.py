"""The two depth domains: encoders that end in one shared block, generators that begin with one (paper, table 4)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

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
        last = nn.Conv2d(width, 1, 1)
        self.own = own_layers(
            *(ResidualBlock(4 * width) for _ in range(3)),
            transposed_conv(4 * width, 2 * width),
            transposed_conv(2 * width, width),
            *([_masked(last)] if self.is_masked else [last, nn.Tanh()]),
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
        channels = _blurred(self.own[domain](begun))
        return channels[:, :1].tanh(), channels[:, 1:]

    def draw(self, begun: Tensor, domain: Domain, noise: Tensor | None) -> Tensor:
        """`finish` for eyes: of a masked one, the surface where a reading is likely.

        noise [128, 128]: of the camera, normal with standard deviation 1; above 0 it loses readings.
        """
        if not self.is_masked:
            return self.finish(begun, domain)
        depth, logit = self.surface(begun, domain)
        threshold = 0.0 if noise is None else noise * (_FRAYS_PX * _steepness(logit) + _LOST)
        shown = logit > threshold
        return torch.where(shown & (_share_around(shown) > _LEAST_AROUND), depth, BACKGROUND)


_STEEP = 4.0
"""Logit of a mask that starts from a depth, over the depth before its tanh."""


def masked_from_plain(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The last layer of a plain generator, weight [1, c, 1, 1] and bias [1] -> that of a masked one that draws alike.

    Weight [2, c, 3, 3] and bias [2]: a surface where the depth is below 0.8.
    """
    both = torch.cat([weight, -_STEEP * weight])
    return functional.pad(both, (1, 1, 1, 1)), torch.cat([bias, -_STEEP * (bias - math.atanh(0.8))])


_AROUND_PX, _LEAST_AROUND = 9, 0.25
"""A pixel with fewer readings around it is a speck: a straight outline has half, a fingertip's end a third."""
_FRAYS_PX = 0.4
"""Standard deviation of an outline's place."""
_LOST = 0.50
"""Standard deviation of a logit where it is not steep."""


def _steepness(logit: Tensor) -> Tensor:
    """[B, 1, S, S] -> the length of its gradient, a px."""
    padded = functional.pad(logit, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return torch.hypot(across, down) / 2


def _share_around(shown: Tensor) -> Tensor:
    """shown [B, 1, S, S] -> the share of shown pixels in the window around each; none are beyond the image."""
    counts, size, half = shown.float(), shown.shape[-1], _AROUND_PX // 2
    for dim, padding in ((-1, (half + 1, half)), (-2, (0, 0, half + 1, half))):
        sums = functional.pad(counts, padding).cumsum(dim)  # a seventh of the time of a pooling
        counts = sums.narrow(dim, _AROUND_PX, size) - sums.narrow(dim, 0, size)
    return counts / _AROUND_PX**2


def _blurred(channels: Tensor) -> Tensor:
    """By the weights 1, 2, 1, which leave nothing of a checkerboard: transposed convolutions make some."""
    sums = functional.pad(channels, (1, 1, 1, 1), mode="replicate")
    for _ in range(2):  # sums of neighbours take a third of a convolution's time, on a CPU
        sums = sums[..., 1:] + sums[..., :-1]
        sums = sums[..., 1:, :] + sums[..., :-1, :]
    return sums / 16


def _masked(plain: nn.Conv2d) -> nn.Conv2d:
    assert plain.bias is not None
    layer = nn.Conv2d(plain.in_channels, 2, 3, padding=1)
    if not layer.weight.is_meta:  # there it gets its weights later, and computing imports torch._dynamo: 2 s of a start
        weight, bias = masked_from_plain(plain.weight, plain.bias)
        layer.load_state_dict({"weight": weight, "bias": bias})
    return layer
