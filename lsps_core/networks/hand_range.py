"""What training hands show: the lengths of their bones, and how far they bend, grow and move."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.networks.rotations import bend_matrices
from lsps_core.skeleton import bone_levels

_QUANTILE = 0.001
"""Of the poses on each side that may lie outside a range, as false annotations do."""
_SIZE_QUANTILE = 0.01
"""The same for sizes, without a margin: augmentation's are normal, and its extremes are sizes of no hand."""
_MARGIN, _LEAST = 1.1, 1e-3
"""Reach of a range, relative to what was seen, and at least: a bounded tanh does not get to its ends."""
_DEEPER = 0.001
"""Weight of a bone in the hand's rotation, relative to the bone that it hangs from: the palm decides, if it can."""
_ROUNDS, _ROUND_POSES = 5, 2048


@dataclass(frozen=True)
class BoneTree:
    """The bones of a skeleton in the order of their distance from the root, which the arrays of all bones have here.

    bones: (parent, child) in any order. joint_count: of the skeleton. ValueError if they are not one tree.
    """

    bones: tuple[tuple[int, int], ...]
    joint_count: int

    @cached_property
    def levels(self) -> list[tuple[slice, list[int]]]:
        """From the root: the places of a level's bones, and of the bones they hang from in the level before."""
        found: list[tuple[slice, list[int]]] = []
        before: list[int] = []
        start = 0
        for level in bone_levels(self.bones, self.joint_count):
            joints = [self.bones[bone][1] for bone in before]
            parents = [joints.index(self.bones[bone][0]) if joints else 0 for bone in level]
            found.append((slice(start, start + len(level)), parents))
            before, start = level, start + len(level)
        return found

    @cached_property
    def ends(self) -> tuple[list[int], list[int]]:
        """The parents and the children of all bones."""
        order = [bone for level in bone_levels(self.bones, self.joint_count) for bone in level]
        parents, children = zip(*(self.bones[bone] for bone in order), strict=True)
        return list(parents), list(children)

    @cached_property
    def path(self) -> npt.NDArray[np.float32]:
        """[bones, bones]: 1 where the second lies between the first and the root, or is it."""
        parents, children = self.ends
        path = np.eye(len(children), dtype=np.float32)
        for bone, parent in enumerate(parents):
            if parent in children:
                path[bone] += path[children.index(parent)]
        return path

    @cached_property
    def placement(self) -> npt.NDArray[np.float32]:
        """[J, bones]: joints relative to their mean are this times the bones."""
        paths = np.zeros((self.joint_count, len(self.bones)))
        paths[self.ends[1]] = self.path
        placement: npt.NDArray[np.float32] = (paths - paths.mean(axis=0)).astype(np.float32)
        return placement


class HandRange(NamedTuple):
    """frames [N, 3, 3]: a bone at rest in the frame of the bone that it hangs from, or in the hand's: its direction is
    the last column, it bends most along the first. lengths [N]: of the bones of a hand of size 1, whose mean is 1.

    middle, reach [4 + 3 N]: values lie within middle ± reach. They are the middle of the joints [3], the logarithm of
    the size, two angles a bone [N, 2], and the logarithms of the lengths relative to `lengths` [N].
    """

    frames: Tensor
    lengths: Tensor
    middle: Tensor
    reach: Tensor

    @classmethod
    def unknown(cls, bones: int) -> HandRange:
        """A placeholder until poses are known, on the CPU: on "meta" it would import torch._dynamo, 2 s of a start."""
        with torch.device("cpu"):
            reach = torch.cat([torch.full((4 + 2 * bones,), 0.5), torch.full((bones,), _LEAST)])
            return cls(torch.eye(3).repeat(bones, 1, 1), torch.ones(bones), torch.zeros(4 + 3 * bones), reach)

    @classmethod
    def of(cls, poses: Tensor, tree: BoneTree) -> HandRange:
        """Of finite poses [B, J, 3] as training has them, float32 on the CPU."""
        poses = poses.detach().double().cpu()
        parents, children = tree.ends
        bones = poses[:, children] - poses[:, parents]
        lengths = bones.norm(dim=2).clamp(min=1e-6)
        size = lengths.mean(dim=1, keepdim=True)
        mean_lengths = (lengths / size).mean(dim=0)
        frames, angles = _bends(bones / lengths[..., None], tree)
        off = (lengths / size / mean_lengths).log()
        values = torch.cat([poses.mean(dim=1), size.log(), angles.flatten(1), off], dim=1)
        shares = torch.tensor([_QUANTILE, 1 - _QUANTILE], dtype=values.dtype)
        low, high = torch.quantile(values, shares, dim=0)
        reach = _MARGIN * (high - low) / 2 + _LEAST
        low[3], high[3] = torch.quantile(size.log(), torch.tensor([_SIZE_QUANTILE, 1 - _SIZE_QUANTILE]).to(size))
        reach[3] = (high[3] - low[3]) / 2 + _LEAST
        return cls(*(each.float() for each in (frames, mean_lengths, (low + high) / 2, reach)))

    def check(self) -> None:
        """ValueError if these are not the values of hands."""
        if not all(bool(values.isfinite().all()) for values in self):
            raise ValueError("the pose decoder's range of hands is not finite")
        off = (self.frames.mT @ self.frames - torch.eye(3).to(self.frames)).abs().max()
        if off > 1e-3 or bool((self.lengths <= 0).any()) or bool((self.reach <= 0).any()):
            raise ValueError("the pose decoder's range of hands has lengths or reaches below 0, or skewed frames")


def _bends(directions: Tensor, tree: BoneTree) -> tuple[Tensor, Tensor]:
    """directions [B, N, 3] of bones -> their frames at rest [N, 3, 3] and angles [B, N, 2]; see `HandRange`."""
    weights = torch.cat([torch.full((len(parents),), _DEEPER**i) for i, (_, parents) in enumerate(tree.levels)])
    hand = _rotations(directions, _mean_directions(directions[:_ROUND_POSES], weights), weights)
    frames, angles = [], []
    turned = hand[:, None]
    for level, parents in tree.levels:
        local = (turned[:, parents].mT @ directions[:, level, :, None])[..., 0]
        rest = [_rest(local[:, bone]) for bone in range(local.shape[1])]
        frames += [frame for frame, _ in rest]
        angles.append(torch.stack([angle for _, angle in rest], dim=1))
        turned = turned[:, parents] @ torch.stack(frames[level]) @ bend_matrices(angles[-1])
    return torch.stack(frames), torch.cat(angles, dim=1)


def _rest(directions: Tensor) -> tuple[Tensor, Tensor]:
    """directions [B, 3] of one bone -> its frame at rest [3, 3], and the two angles of each [B, 2]."""
    rest = functional.normalize(directions.mean(dim=0), dim=0)
    along = directions @ rest
    across = directions - along[:, None] * rest
    sine = across.norm(dim=1)
    tangents = across * (torch.atan2(sine, along) / sine.clamp(min=1e-12))[:, None]
    across_rest = torch.eye(3).to(rest) - rest[:, None] * rest
    first = torch.linalg.eigh(tangents.T @ tangents + 1e-9 * across_rest).eigenvectors[:, -1]  # also of a rigid bone
    first = functional.normalize(first - (first @ rest) * rest, dim=0)
    first = first * first[first.abs().argmax()].sign()
    frame = torch.stack([first, torch.linalg.cross(rest, first), rest], dim=1)
    return frame, tangents @ frame[:, :2]


def _mean_directions(directions: Tensor, weights: Tensor) -> Tensor:
    """directions [B, N, 3] of bones -> their mean [N, 3] in the frame of the hand, which is that of the first pose."""
    mean = directions[0]
    for _ in range(_ROUNDS):
        mean = functional.normalize((_rotations(directions, mean, weights).mT @ directions.mT).mean(dim=0).mT, dim=1)
    return mean


def _rotations(directions: Tensor, mean: Tensor, weights: Tensor) -> Tensor:
    """[B, 3, 3]: what rotates the mean directions [N, 3] onto those of each pose; Kabsch 1976."""
    u, _, v = torch.linalg.svd(directions.mT @ (weights[:, None] * mean))
    flip = torch.linalg.det(u @ v)
    one = torch.ones_like(flip)
    rotations: Tensor = u @ torch.diag_embed(torch.stack([one, one, flip], dim=-1)) @ v
    return rotations
