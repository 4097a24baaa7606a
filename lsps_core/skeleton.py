"""Joints, bones and fingers of a hand, and which joints a protocol scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PALM = "palm"
FINGERS = ("thumb", "index", "middle", "ring", "little")


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


def _hand21() -> Skeleton:
    joints, parents, fingers = ["wrist"], [-1], [PALM]
    for finger in FINGERS:
        names = ("cmc", "mcp", "ip", "tip") if finger == "thumb" else ("mcp", "pip", "dip", "tip")
        for depth, name in enumerate(names):
            parents.append(0 if depth == 0 else len(joints) - 1)
            joints.append(f"{finger}_{name}")
            fingers.append(finger)
    return Skeleton(name="hand21", joints=tuple(joints), parents=tuple(parents), fingers=tuple(fingers))


HAND21 = _hand21()
"""The simulator's 21 joints: wrist, then four per finger from the thumb, base to tip (MSRA's joints, thumb first)."""
