"""The noise by which a depth camera loses and adds readings, for real pictures."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_CORRELATION_PX = 0.7
"""Standard deviation of the blur: readings beside each other are lost together."""
_SEED = 1


def camera_noise(size: int) -> Tensor:
    """[size, size]: normal with standard deviation 1, alike in neighbours; always the same: nothing flickers."""
    generator = torch.Generator().manual_seed(_SEED)
    half = round(4 * _CORRELATION_PX)
    steps = torch.arange(-half, half + 1, dtype=torch.float32) / _CORRELATION_PX
    line = (-0.5 * steps.square()).exp()
    kernel = line[:, None] * line
    noise = torch.randn(1, 1, size + 2 * half, size + 2 * half, generator=generator)
    blurred: Tensor = functional.conv2d(noise, (kernel / kernel.norm())[None, None])[0, 0]
    return blurred
