"""Readings of depth images taken from other pixels."""

from __future__ import annotations

import torch
from torch import Tensor


def look_beside(depth_mm: Tensor, right_px: Tensor, down_px: Tensor) -> Tensor:
    """depth_mm [B, S, S], offsets in px [B, S, S] -> each pixel's value from the pixel so far beside it."""
    height, width = depth_mm.shape[1:]
    across = torch.arange(width, device=depth_mm.device, dtype=depth_mm.dtype)
    down = torch.arange(height, device=depth_mm.device, dtype=depth_mm.dtype)[:, None]
    columns = right_px.round().add_(across).clamp_(0, width - 1)
    rows = down_px.round().add_(down).clamp_(0, height - 1)
    index = rows.mul_(width).add_(columns).long()
    return depth_mm.flatten(1).gather(1, index.flatten(1)).view_as(depth_mm)
