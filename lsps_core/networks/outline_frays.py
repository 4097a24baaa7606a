"""The frays of a depth camera's outlines, which lose and add readings."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_FRAY_PX = 0.5
"""Standard deviation of an outline's place."""
_CORRELATION_PX = 0.7
"""Standard deviation of the blur along which outlines move together."""
_SEED = 1


def outline_frays(size: int) -> Tensor:
    """[size, size]: how far an outline is moved inwards at each pixel, in px; always the same."""
    generator = torch.Generator().manual_seed(_SEED)
    half = round(4 * _CORRELATION_PX)
    steps = torch.arange(-half, half + 1, dtype=torch.float32) / _CORRELATION_PX
    line = (-0.5 * steps.square()).exp()
    kernel = line[:, None] * line
    noise = torch.randn(1, 1, size + 2 * half, size + 2 * half, generator=generator)
    frays: Tensor = _FRAY_PX * functional.conv2d(noise, (kernel / kernel.norm())[None, None])[0, 0]
    return frays
