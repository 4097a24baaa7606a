"""Whether a pose is one of a hand: the lengths of its bones, the bend of its joints, its size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from lsps_core.simulator.hand import ANGLE_LIMITS_RAD
from lsps_core.skeleton import FINGERS, HAND21, Skeleton

MEAN_BONE, WORST_BONE, WORST_BONES = 0.15, 0.35, 2
"""Relative errors of a hand's bones: the mean of all, and of at most two bones."""
SIZES = (0.78, 1.18)
"""Of a hand, relative to the training hands."""
_MARGIN_RAD = math.radians(10)
"""Beyond the simulator's limits."""
_FLEXIONS = (0, 2, 3)
"""Of ANGLE_LIMITS_RAD: of the first, second and third joint of a finger; the other one is the abduction."""


@dataclass(frozen=True)
class HandMeasure:
    """Of training hands: bone_lengths [20], their mean lengths, in the poses' unit, in the order of HAND21's bones."""

    bone_lengths: Tensor

    @classmethod
    def of(cls, poses: Tensor) -> Self:
        """poses [N, 21, 3] of HAND21."""
        return cls(_lengths(poses).mean(dim=0))

    def is_plausible(self, poses: Tensor) -> Tensor:
        """poses [B, 21, 3] of HAND21 -> bool [B]."""
        lengths = _lengths(poses)
        size = lengths.sum(dim=1) / self.bone_lengths.sum()
        off = (lengths / size[:, None] / self.bone_lengths - 1).abs()
        has_bones = (off.mean(dim=1) <= MEAN_BONE) & ((off > WORST_BONE).sum(dim=1) <= WORST_BONES)
        has_size = (size >= SIZES[0]) & (size <= SIZES[1])
        most = ANGLE_LIMITS_RAD[:, _FLEXIONS, 1].to(poses) + _MARGIN_RAD
        can_bend = (_bends(poses) <= most).all(dim=2).all(dim=1)
        return has_bones & has_size & can_bend


def require_hand21(skeleton: Skeleton) -> None:
    """ValueError for a model of another skeleton, whose hands are not measured."""
    if skeleton.joints != HAND21.joints:
        raise ValueError(f"hands of the skeleton {skeleton.name} cannot be measured; use a model of {HAND21.name}")


def _lengths(poses: Tensor) -> Tensor:
    parents, children = zip(*HAND21.bones, strict=True)
    lengths: Tensor = (poses[:, list(children)] - poses[:, list(parents)]).norm(dim=2)
    return lengths


def _bends(poses: Tensor) -> Tensor:
    """[B, 5, 3]: angles between the bones of each finger, from its metacarpal to its end, in radians.

    They have no sign: a millimetre on a short, almost straight finger turns it.
    """
    chains = poses[:, 1:].reshape(-1, len(FINGERS), 4, 3)
    wrist = poses[:, :1].expand(-1, len(FINGERS), -1)[:, :, None]
    bones = torch.cat([wrist, chains], dim=2).diff(dim=2)
    before, after = bones[:, :, :-1], bones[:, :, 1:]
    return torch.atan2(torch.linalg.cross(before, after).norm(dim=3), (before * after).sum(dim=3))
