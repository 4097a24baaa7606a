"""Joints, bones and fingers of a hand, and which joints a protocol scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PALM = "palm"
FINGERS = ("thumb", "index", "middle", "ring", "little")
MOST_JOINTS = 1000
"""Hands have a few dozen; the time for finding the bones' order grows with the square."""


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """The joints of one dataset, in its order.

    `parents[j]` is the joint that joint j hangs from, -1 for the root; `fingers[j]` is one of FINGERS or PALM.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    fingers: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(self.joints) == len(self.parents) == len(self.fingers) > 0:
            raise ValueError(
                f"skeleton {self.name!r}: {len(self.joints)} joints, {len(self.parents)} parents and "
                f"{len(self.fingers)} fingers; give one parent and one finger for each joint"
            )
        if len(self.joints) > MOST_JOINTS:
            raise ValueError(f"skeleton {self.name!r} has {len(self.joints)} joints, more than {MOST_JOINTS}")
        for joint, parent in enumerate(self.parents):
            if not -1 <= parent < len(self.joints) or parent == joint:
                raise ValueError(f"skeleton {self.name!r}: joint {joint} has the impossible parent {parent}")
        unknown = set(self.fingers) - {PALM, *FINGERS}
        if unknown:
            raise ValueError(f"skeleton {self.name!r}: unknown finger {sorted(unknown)[0]!r}; use {PALM}, {FINGERS}")

    @property
    def joint_count(self) -> int:
        return len(self.joints)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) of every bone, in the order of the children."""
        return tuple((parent, child) for child, parent in enumerate(self.parents) if parent >= 0)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "joints": list(self.joints),
            "parents": list(self.parents),
            "fingers": list(self.fingers),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Skeleton:
        """Rebuild what `to_json` wrote; ValueError names what is missing or wrong."""
        try:
            return cls(
                name=str(value["name"]),
                joints=tuple(str(joint) for joint in value["joints"]),
                parents=tuple(int(parent) for parent in value["parents"]),
                fingers=tuple(str(finger) for finger in value["fingers"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a skeleton description ({error}): {str(value)[:80]}") from error


def bone_levels(bones: Sequence[tuple[int, int]], joint_count: int) -> list[list[int]]:
    """bones as (parent, child) -> their indices, level by level from the root; ValueError if they are not one tree."""
    children = [child for _, child in bones]
    roots = [joint for joint in range(joint_count) if joint not in children]
    levels, reached = [], roots
    while level := [bone for bone, (parent, _) in enumerate(bones) if parent in reached]:
        levels.append(level)
        reached = [bones[bone][1] for bone in level]
        if sum(map(len, levels)) > len(bones):
            break
    if len(roots) != 1 or len(set(children)) != len(bones) or sum(map(len, levels)) != joint_count - 1:
        raise ValueError(f"the bones do not join {joint_count} joints in one tree: {str(tuple(bones))[:80]}")
    return levels


def _rooted(
    name: str, root: str, fingers: tuple[str, ...], joints: tuple[str, ...], thumb: tuple[str, ...]
) -> Skeleton:
    """A root, then the fingers in this order, each a chain of joints from its base to its tip."""
    names, parents, owners = [root], [-1], [PALM]
    for finger in fingers:
        for depth, joint in enumerate(thumb if finger == "thumb" else joints):
            parents.append(0 if depth == 0 else len(names) - 1)
            names.append(f"{finger}_{joint}")
            owners.append(finger)
    return Skeleton(name=name, joints=tuple(names), parents=tuple(parents), fingers=tuple(owners))


def _nyu36() -> Skeleton:
    """Tompson et al. 2014: F1 (little) to F4 (index) and TH, each KNU3_A (tip) down to KNU1_B (base); PALM_1 to _6."""
    names: list[str] = []
    parents: list[int] = []
    owners: list[str] = []
    for finger in ("little", "ring", "middle", "index", "thumb"):
        for joint in ("3a", "3b", "2a", "2b", "1a", "1b"):
            parents.append(_NYU_PALM if joint == "1b" else len(names) + 1)
            names.append(f"{finger}_{joint}")
            owners.append(finger)
    for number in range(1, 7):
        parents.append(-1 if len(names) == _NYU_PALM else _NYU_PALM)
        names.append(f"palm_{number}")
        owners.append(PALM)
    return Skeleton(name="nyu36", joints=tuple(names), parents=tuple(parents), fingers=tuple(owners))


_NYU_PALM = 32
_FOUR, _FOUR_OF_THUMB = ("mcp", "pip", "dip", "tip"), ("cmc", "mcp", "ip", "tip")
_THREE = ("root", "middle", "tip")

HAND21 = _rooted("hand21", "wrist", FINGERS, _FOUR, _FOUR_OF_THUMB)
"""The simulator's 21 joints: wrist, then four per finger from the thumb, base to tip (MSRA's joints, thumb first)."""
MSRA21 = _rooted("msra21", "wrist", (*FINGERS[1:], "thumb"), _FOUR, _FOUR_OF_THUMB)
"""MSRA15's 21 joints (Sun et al. 2015), by HAND21's names; the thumb comes last."""
ICVL16 = _rooted("icvl16", "palm", FINGERS, _THREE, _THREE)
"""ICVL's 16 joints (Tang et al. 2014): palm, then three per finger from the thumb, base to tip."""
NYU36 = _nyu36()
"""NYU's 36 joints in the order of `joint_data.mat`; palm_3, joint 32, is the middle of the palm and the root."""

SKELETONS = {skeleton.name: skeleton for skeleton in (HAND21, NYU36, ICVL16, MSRA21)}
