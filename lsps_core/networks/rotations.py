"""Rotation matrices from what a network gives, and how they turn with it."""

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


def bend_spins(angles: Tensor) -> Tensor:
    """angles [..., 2] -> [..., 3, 2]: the rotation vector of a small turn, in the bent frame, by each of the angles.

    The right Jacobian of the rotation group (Sola et al. 2018, *A micro Lie theory for state estimation*).
    """
    a, b = angles.unbind(dim=-1)
    square = a * a + b * b + _TINY
    angle = square.sqrt()
    first, second = angle.sin() / angle, (1 - angle.cos()) / square
    third = (1 - first) / square
    ab = third * a * b
    rows = [-ab, -first - third * b * b, first + third * a * a, ab, second * b, -second * a]
    return torch.stack(rows, dim=-1).view(*a.shape, 3, 2)


def orthonormal(columns: Tensor) -> Tensor:
    """columns [..., 2, 3] -> [..., 3, 3]: the first column's direction, the second's across it, and their product."""
    first, second = columns.unbind(dim=-2)
    x = _unit(first)
    y = _unit(second - (x * second).sum(dim=-1, keepdim=True) * x)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def hand_spins(rotation: Tensor, columns: Tensor, moves: Tensor) -> Tensor:
    """The rotation vectors [B, 3, Z], in the rotated frame, of small turns of `orthonormal`(columns [B, 2, 3]).

    rotation [B, 3, 3]: what that gives. moves [B, 6, Z]: how the columns move with each of Z numbers.
    """
    first, second = (rotation.mT[:, None] @ moves.view(len(moves), 2, 3, -1)).unbind(dim=1)
    along, across, _ = (rotation.mT @ columns[:, 1, :, None]).unbind(dim=1)
    length = columns[:, 0].norm(dim=1, keepdim=True)
    about_y, about_z = -first[:, 2] / length, first[:, 1] / length
    about_x = (second[:, 2] + along * about_y) / across
    return torch.stack([about_x, about_y, about_z], dim=1)


def _unit(vector: Tensor) -> Tensor:
    unit: Tensor = vector / ((vector * vector).sum(dim=-1, keepdim=True) + _TINY).sqrt()
    return unit
