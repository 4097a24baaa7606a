"""What each latent axis does to the hand: mm moved per joint per σ, and a name for it that the motion has earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from explorer_app.model import motion
from explorer_app.model.basis import LatentBasis
from explorer_app.model.latent import LatentCode
from lsps_core.config import POSE_LATENT_SIZE
from lsps_core.skeleton import FINGERS, PALM, Skeleton

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Effects:
    """Of every axis of one basis: mm [20, J] that each joint moves per σ, averaged over hands, and its name."""

    mm: FloatArray
    names: tuple[str, ...]
    skeleton: Skeleton

    @cached_property
    def strength_mm(self) -> FloatArray:
        """Mean over the joints [20]."""
        return self.mm.mean(axis=1)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The axes, strongest first."""
        return tuple(int(axis) for axis in np.argsort(-self.strength_mm, kind="stable"))

    def weights(self, axis: int) -> FloatArray:
        """How strongly each joint moves [J], 1 for the one that moves most."""
        return self.mm[axis] / max(float(self.mm[axis].max()), 1e-9)

    def part_mm(self, axis: int) -> dict[str, float]:
        """Mean mm per σ of the palm and of each finger, as far as the skeleton has them."""
        owners = np.array(self.skeleton.fingers)
        return {part: float(self.mm[axis, owners == part].mean()) for part in (PALM, *FINGERS) if part in owners}

    def describe(self, axis: int, label: str) -> str:
        """Some lines: the name in full, and the mm per σ of each part of the hand."""
        parts = [f"{part} {mm:.1f}" for part, mm in self.part_mm(axis).items()]
        return f"{label}: {self.names[axis]}\nmm moved per σ: {', '.join(parts)}"


def measure(
    decode_mm: Callable[[list[LatentCode]], FloatArray],
    hands: list[LatentCode],
    basis: LatentBasis,
    skeleton: Skeleton,
) -> Effects:
    """Move every axis of `hands` from -1 to 1 σ, and see what the joints do.

    decode_mm: codes [B] -> joints [B, J, 3] in mm around the cube's centre. From one side of the mean to the other,
    since a hand that turns does so along a circle around it: beside the mean, it would seem to grow as well.
    """
    coordinates = [basis.coordinates(hand) for hand in hands]
    ends = [
        basis.code([*values[:axis], sigma, *values[axis + 1 :]])
        for sigma in (-1.0, 1.0)
        for axis in range(POSE_LATENT_SIZE)
        for values in coordinates
    ]
    low, high = decode_mm(ends).astype(np.float64).reshape(2, POSE_LATENT_SIZE, len(hands), -1, 3)
    moved, middle = (high - low) / 2, (high + low) / 2
    mm = np.linalg.norm(moved, axis=-1).mean(axis=1)
    names = [motion.name_of(motion.shares(middle[axis], moved[axis], skeleton)) for axis in range(POSE_LATENT_SIZE)]
    return Effects(mm, _told_apart(names, mm.mean(axis=1)), skeleton)


def _told_apart(names: list[str], strength: FloatArray) -> tuple[str, ...]:
    """Axes of the same name are numbered, the strongest first."""
    told, seen = list(names), Counter[str]()
    for axis in np.argsort(-strength, kind="stable"):
        seen[names[axis]] += 1
        if seen[names[axis]] > 1:
            told[axis] = f"{names[axis]} {seen[names[axis]]}"
    return tuple(told)
