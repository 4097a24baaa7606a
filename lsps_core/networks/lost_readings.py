"""Which readings a depth camera loses: a masked generator gives chances, and one frame is a draw of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_CORRELATION_PX = 0.8
"""Standard deviation of the blur: neighbours are lost together, as by a camera."""
_SEED = 1
_SMALLEST = 1e-3


def lost_readings(size: int) -> Tensor:
    """[size, size]: a threshold for the logits of a masked generator, always the same one.

    A pixel of chance p has a reading with probability p: the threshold's own chance is uniform, and near pixels have
    near ones.
    """
    generator = torch.Generator().manual_seed(_SEED)
    half = round(4 * _CORRELATION_PX)
    steps = torch.arange(-half, half + 1, dtype=torch.float32) / _CORRELATION_PX
    line = (-0.5 * steps.square()).exp()
    kernel = line[:, None] * line
    noise = torch.randn(1, 1, size + 2 * half, size + 2 * half, generator=generator)
    blurred = functional.conv2d(noise, (kernel / kernel.norm())[None, None])[0, 0]
    threshold: Tensor = torch.special.ndtr(blurred).clamp(_SMALLEST, 1 - _SMALLEST).logit()
    return threshold
