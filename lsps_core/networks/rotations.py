"""Rotation matrices from what a network gives; real, or complex where the imaginary part carries a derivative."""

from __future__ import annotations

import torch
from torch import Tensor

_TINY = 1e-12


def bend_matrices(angles: Tensor) -> Tensor:
    """angles [..., 2] -> [..., 3, 3]: rotations about an axis across z, which move z to (sin, cos) of the angles.

    The rotation vector is (-b, a, 0) for the angles (a, b): z goes towards x by a, towards y by b.
    """
    a, b = angles.unbind(dim=-1)
    half = 0.5 * (a * a + b * b + _TINY).sqrt()
    sine, cosine = half.sin(), half.cos()
    first = sine / half * cosine  # sin of the whole angle over it
    second = 0.5 * (sine / half) ** 2  # 1 - cos of it over its square
    aa, ab, bb = second * a * a, second * a * b, second * b * b
    rows = [1 - aa, -ab, first * a, -ab, 1 - bb, first * b, -first * a, -first * b, 1 - aa - bb]
    return torch.stack(rows, dim=-1).view(*a.shape, 3, 3)


def orthonormal(columns: Tensor) -> Tensor:
    """columns [..., 2, 3] -> [..., 3, 3]: the first column's direction, the second's across it, and their product."""
    first, second = columns.unbind(dim=-2)
    x = _unit(first)
    y = _unit(second - (x * second).sum(dim=-1, keepdim=True) * x)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def _unit(vector: Tensor) -> Tensor:
    """Not `norm`, which takes the magnitude of complex numbers."""
    unit: Tensor = vector / ((vector * vector).sum(dim=-1, keepdim=True) + _TINY).sqrt()
    return unit
