"""Poses between two poses: the hand turns and its joints bend, while its bones keep their lengths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.skeleton import Skeleton


def between(start: Tensor, end: Tensor, share: Tensor, skeleton: Skeleton) -> Tensor:
    """start, end [J, 3] of `skeleton`, share [N] from 0 to 1 -> poses [N, J, 3].

    The rotation of the palm is done in part, about one axis; each joint bends evenly from one angle to the other; the
    bones' lengths and the root's place change evenly. ValueError if a joint does not hang from the root.
    """
    root, palm = skeleton.parents.index(-1), _palm(skeleton)
    rotation = _rotation(start[palm] - start[root], end[palm] - end[root])
    axis, angle = _axis_angle(rotation)
    first = _Bends.of(start - start[root], None, skeleton)
    last = _Bends.of((end - end[root]) @ rotation, first.rest, skeleton)
    weight = share[:, None, None]
    bends = _Bends(
        first.rest, torch.lerp(first.turns, last.turns, weight), torch.lerp(first.lengths, last.lengths, weight)
    )
    turn = rotations(share[:, None] * angle * axis)
    return bends.pose(skeleton) @ turn.mT + torch.lerp(start[root], end[root], share[:, None])[:, None]


def rotation_angles(pose: Tensor, others: Tensor, skeleton: Skeleton) -> Tensor:
    """pose [J, 3], others [N, J, 3] -> the angles in radians [N] by which their palms are turned against its own."""
    root, palm = skeleton.parents.index(-1), _palm(skeleton)
    turned = others[:, palm] - others[:, root, None]
    return _angle(_rotation(pose[palm] - pose[root], turned))


def oriented_as(pose: Tensor, other: Tensor, skeleton: Skeleton) -> Tensor:
    """pose [J, 3] -> [J, 3]: turned about the origin so that its palm has the orientation of `other`, [J, 3]."""
    root, palm = skeleton.parents.index(-1), _palm(skeleton)
    return pose @ _rotation(pose[palm] - pose[root], other[palm] - other[root]).mT


def rotations(vectors: Tensor) -> Tensor:
    """Rotation vectors [..., 3], axis times angle in radians -> matrices [..., 3, 3]."""
    x, y, z = vectors.unbind(dim=-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).view(*vectors.shape, 3)
    matrices: Tensor = torch.matrix_exp(cross)
    return matrices


class _Bends(NamedTuple):
    """Poses by the turns of their bones. rest [B, 3]: directions of the root's bones before they turn.

    turns [..., B, 3]: the rotation vector of each bone against the one that it hangs from, in that one's frame;
    lengths [..., B, 1].
    """

    rest: Tensor
    turns: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, pose: Tensor, rest: Tensor | None, skeleton: Skeleton) -> _Bends:
        """Of one pose [J, 3] with its root at 0; rest: those of another pose, or its own directions."""
        parents, children = (list(ends) for ends in zip(*skeleton.bones, strict=True))
        bones = pose[children] - pose[parents]
        lengths = bones.norm(dim=1, keepdim=True)
        directions = bones / lengths.clamp(min=1e-9)
        rest = directions if rest is None else rest
        turns, frames = torch.zeros_like(directions), torch.eye(3).to(pose).repeat(len(bones), 1, 1)
        for bone, parent in _from_root(skeleton):
            frame = frames[parent] if parent is not None else torch.eye(3).to(pose)
            before = directions[parent] if parent is not None else rest[bone]
            turn = _turn(before, directions[bone])
            turns[bone] = frame.mT @ turn
            frames[bone] = rotations(turn) @ frame
        return cls(rest, turns, lengths)

    def pose(self, skeleton: Skeleton) -> Tensor:
        """[N, J, 3] with the root at 0."""
        pose = self.turns.new_zeros(len(self.turns), skeleton.joint_count, 3)
        directions: dict[int, Tensor] = {}
        frames: dict[int, Tensor] = {}
        for bone, parent in _from_root(skeleton):
            frame = frames[parent] if parent is not None else torch.eye(3).to(pose).expand(len(pose), 3, 3)
            before = directions[parent] if parent is not None else self.rest[bone].expand(len(pose), 3)
            turn = rotations((frame @ self.turns[:, bone, :, None])[..., 0])
            directions[bone] = (turn @ before[..., None])[..., 0]
            frames[bone] = turn @ frame
            start, end = skeleton.bones[bone]
            pose[:, end] = pose[:, start] + self.lengths[:, bone] * directions[bone]
        return pose


def _palm(skeleton: Skeleton) -> list[int]:
    """The root and the joints that hang from it, if they give an orientation; else all joints."""
    root = skeleton.parents.index(-1)
    palm = [root, *(joint for joint, parent in enumerate(skeleton.parents) if parent == root)]
    return palm if len(palm) > 3 else list(range(skeleton.joint_count))


def _rotation(points: Tensor, others: Tensor) -> Tensor:
    """[..., 3, 3]: what turns points [J, 3] onto others [..., J, 3] about the origin; Kabsch 1976."""
    u, _, v = torch.linalg.svd(others.mT @ points)
    flip = torch.linalg.det(u @ v)
    one = torch.ones_like(flip)
    rotation: Tensor = u @ torch.diag_embed(torch.stack([one, one, flip], dim=-1)) @ v
    return rotation


def _axis_angle(rotation: Tensor) -> tuple[Tensor, Tensor]:
    """[..., 3, 3] -> (unit axes [..., 3], angles from 0 to π [...])."""
    # the axis is the rotation's eigenvector of 1; near half a turn its skew part is too small to give it
    axis = torch.linalg.eigh((rotation + rotation.mT) / 2).eigenvectors[..., -1]
    skew = rotation - rotation.mT
    side = torch.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]], dim=-1)
    is_other = (side * axis).sum(dim=-1, keepdim=True) < 0
    return torch.where(is_other, -axis, axis), _angle(rotation)


def _angle(rotation: Tensor) -> Tensor:
    """[..., 3, 3] -> angles from 0 to π [...]."""
    return ((rotation.diagonal(dim1=-2, dim2=-1).sum(dim=-1) - 1) / 2).clamp(-1, 1).acos()


def _turn(before: Tensor, after: Tensor) -> Tensor:
    """The shortest rotation vector [3] from one direction to another."""
    cross = torch.linalg.cross(before, after)
    angle = torch.atan2(cross.norm(), (before * after).sum())
    turn: Tensor = angle * functional.normalize(cross, dim=0)
    return turn


def _from_root(skeleton: Skeleton) -> Iterator[tuple[int, int | None]]:
    """(bone, the bone that it hangs from or None), both as places in `skeleton.bones`, parents first."""
    by_end = {end: place for place, (_, end) in enumerate(skeleton.bones)}
    waiting = [place for place, (start, _) in enumerate(skeleton.bones) if start not in by_end]
    done = 0
    while waiting:
        bone = waiting.pop(0)
        done += 1
        start, end = skeleton.bones[bone]
        yield bone, by_end.get(start)
        waiting += [place for place, (other, _) in enumerate(skeleton.bones) if other == end]
    if done < len(by_end):
        raise ValueError(f"the skeleton {skeleton.name} has joints that do not hang from its root")
