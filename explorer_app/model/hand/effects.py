"""The effect of each latent axis on the hand: mm moved per joint per σ, and a name derived from the motion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from explorer_app.model.latent import LatentBasis, LatentCode
from lsps_core.config.model import POSE_LATENT_SIZE
from lsps_core.skeleton import FINGERS, PALM, Skeleton

FloatArray = npt.NDArray[np.floating]
Shares = dict[str, float]

WHOLE_HAND = ("side shift", "lift", "depth shift", "in-plane turn", "palm turn", "tilt", "size")
_SHORT = {"side shift": "side", "depth shift": "depth", "in-plane turn": "turn", "palm turn": "palm"}
"""In the name of a mixed motion, which must fit beside a slider."""
CURL, ACROSS = "curl", "across"
_FIT_ROUNDS = 6


def shares(joints_mm: FloatArray, motion_mm: FloatArray, skeleton: Skeleton) -> Shares:
    """Shares of a squared motion: whole-hand movements and single fingers (as "index curl"); they sum to 1.

    joints_mm [N, J, 3] hands around the cube's centre, x right, y up, z away; motion_mm [N, J, 3] their displacements.
    """
    fields = _whole_hand_fields(joints_mm, skeleton)
    moved = _fitted(fields, motion_mm)[..., None, None] * fields
    parts = {name: _squared(moved[:, place]) for place, name in enumerate(WHOLE_HAND)}
    articulation = motion_mm - moved.sum(axis=1)
    sideways = (articulation * _hand_axes(joints_mm, skeleton)[1][:, None]).sum(axis=-1)
    for finger in FINGERS:
        joints = _joints_of(skeleton, finger)
        across = _squared(sideways[:, joints])
        parts[f"{finger} {ACROSS}"] = across
        parts[f"{finger} {CURL}"] = _squared(articulation[:, joints]) - across
    total = max(sum(parts.values()), 1e-12)
    return {name: part / total for name, part in parts.items()}


def name_of(parts: Shares) -> str:
    """The name for the shares of a motion; "mixed" with its two largest parts if none dominates."""
    fingers = {finger: parts[f"{finger} {CURL}"] + parts[f"{finger} {ACROSS}"] for finger in FINGERS}
    ranked = sorted(({name: parts[name] for name in WHOLE_HAND} | fingers).items(), key=lambda part: -part[1])
    (first, share), (second, next_share) = ranked[:2]
    if share < 1e-6:
        return "no effect"
    if first in WHOLE_HAND and share >= 0.25 and share >= 1.3 * next_share:
        return first
    if sum(fingers.values()) >= 0.6:
        return _finger_name(parts, fingers)
    return f"mixed: {_SHORT.get(first, first)} + {_SHORT.get(second, second)}"


def _finger_name(parts: Shares, fingers: Shares) -> str:
    ranked = sorted(fingers, key=lambda finger: -fingers[finger])
    total = sum(fingers.values())
    if fingers[ranked[0]] >= 0.5 * total:
        moving, subject = ranked[:1], ranked[0]
    elif fingers[ranked[0]] + fingers[ranked[1]] >= 0.65 * total:
        moving, subject = ranked[:2], f"{ranked[0]} + {ranked[1]}"
    elif fingers["thumb"] <= 0.3 * total:
        moving, subject = list(FINGERS[1:]), "fingers"
    else:
        return f"mixed: {ranked[0]} + {ranked[1]}"
    whole = sum(fingers[finger] for finger in moving)
    if sum(parts[f"{finger} {CURL}"] for finger in moving) >= 0.6 * whole:
        return f"{subject} curl"
    if sum(parts[f"{finger} {ACROSS}"] for finger in moving) >= 0.6 * whole:
        return f"{subject} spread" if subject == "fingers" else f"{subject} across"
    return f"{subject} bend and spread" if subject == "fingers" else subject


def _whole_hand_fields(joints: FloatArray, skeleton: Skeleton) -> FloatArray:
    """[N, len(WHOLE_HAND), J, 3]: how joints move for 1 mm along x, y, z, 1 rad of each rotation, and growth.

    For a rotation by any angle, the displacements are such a field about the middle of the two positions.
    """
    length = _unit(_hand_axes(joints, skeleton)[0] * [1.0, 1.0, 0.0])
    view = np.broadcast_to([0.0, 0.0, 1.0], length.shape)
    shifts = np.broadcast_to(np.eye(3)[None, :, None], (len(joints), 3, *joints.shape[1:]))
    turns = [np.cross(axis[:, None], joints) for axis in (view, length, np.cross(view, length))]
    return np.concatenate([shifts, np.stack([*turns, joints], axis=1)], axis=1)


def _fitted(fields: FloatArray, motion: FloatArray) -> FloatArray:
    """Amount [N, F] of each field [N, F, J, 3] in a motion [N, J, 3].

    A robust fit: joints are weighted by the inverse of their residual, so that one finger does not count as a rotation.
    """
    flat, target = fields.reshape(*fields.shape[:2], -1), motion.reshape(len(motion), -1, 1)
    floor = 0.01 * np.linalg.norm(motion, axis=-1).mean(axis=1, keepdims=True) + 1e-9
    weights = np.ones(motion.shape[:2])
    for _ in range(_FIT_ROUNDS):
        weighted = flat * np.repeat(weights, 3, axis=1)[:, None]
        gram = weighted @ flat.swapaxes(1, 2)
        ridge = 1e-9 * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(fields.shape[1])
        amounts = np.linalg.solve(gram + ridge, weighted @ target)
        rest = target - flat.swapaxes(1, 2) @ amounts
        weights = 1 / (np.linalg.norm(rest.reshape(motion.shape), axis=-1) + floor)
    return amounts[..., 0]


def _hand_axes(joints: FloatArray, skeleton: Skeleton) -> tuple[FloatArray, FloatArray]:
    """Unit vectors [N, 3]: from the palm to the fingers, and from the little finger's side to the index finger's."""
    present = [finger for finger in FINGERS[1:] if finger in skeleton.fingers]
    if PALM not in skeleton.fingers or len(present) < 2:
        nowhere = np.zeros((len(joints), 3))
        return nowhere, nowhere
    bases = {finger: joints[:, _base_of(skeleton, finger)] for finger in present}
    along = np.mean(list(bases.values()), axis=0) - joints[:, _joints_of(skeleton, PALM)].mean(axis=1)
    return _unit(along), _unit(bases[present[0]] - bases[present[-1]])


def _joints_of(skeleton: Skeleton, part: str) -> list[int]:
    return [joint for joint, owner in enumerate(skeleton.fingers) if owner == part]


def _base_of(skeleton: Skeleton, finger: str) -> int:
    """The base joint of a finger: its parent is not in the finger."""
    joints = _joints_of(skeleton, finger)
    return next(joint for joint in joints if skeleton.parents[joint] not in joints)


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return unit


def _squared(field: FloatArray) -> float:
    return float(np.square(field).sum())


@dataclass(frozen=True, eq=False)
class Effects:
    """For every axis of one basis: mm [20, J] that each joint moves per σ, averaged over hands, and its name."""

    mm: FloatArray
    names: tuple[str, ...]
    skeleton: Skeleton

    @cached_property
    def strength_mm(self) -> FloatArray:
        """Mean over the joints [20]."""
        strength: FloatArray = self.mm.mean(axis=1)
        return strength

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The axes, strongest first."""
        return tuple(int(axis) for axis in np.argsort(-self.strength_mm, kind="stable"))

    def weights(self, axis: int) -> FloatArray:
        """Relative motion of each joint [J], 1 for the largest."""
        mm: FloatArray = self.mm[axis]
        return mm / max(float(mm.max()), 1e-9)

    def part_mm(self, axis: int) -> dict[str, float]:
        """Mean mm per σ of the palm and of each finger of the skeleton."""
        owners = np.array(self.skeleton.fingers)
        return {part: float(self.mm[axis, owners == part].mean()) for part in (PALM, *FINGERS) if part in owners}

    def describe(self, axis: int, label: str) -> str:
        """Text with the full name, and the mm per σ of each part of the hand."""
        parts = [f"{part} {mm:.1f}" for part, mm in self.part_mm(axis).items()]
        return f"{label}: {self.names[axis]}\nmm moved per σ: {', '.join(parts)}"


def measure(
    decode_mm: Callable[[list[LatentCode]], FloatArray],
    hands: list[LatentCode],
    basis: LatentBasis,
    skeleton: Skeleton,
) -> Effects:
    """Move every axis of `hands` from -1 to 1 σ, and measure the joints.

    decode_mm: codes [B] -> joints [B, J, 3] in mm around the cube's centre. From one side of the mean to the other,
    since a rotation moves joints along a circle: a step to one side would look like growth as well.
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
    names = [name_of(shares(middle[axis], moved[axis], skeleton)) for axis in range(POSE_LATENT_SIZE)]
    return Effects(mm, _told_apart(names, mm.mean(axis=1)), skeleton)


def _told_apart(names: list[str], strength: FloatArray) -> tuple[str, ...]:
    """Axes of the same name are numbered, the strongest first."""
    told, seen = list(names), Counter[str]()
    for axis in np.argsort(-strength, kind="stable"):
        seen[names[axis]] += 1
        if seen[names[axis]] > 1:
            told[axis] = f"{names[axis]} {seen[names[axis]]}"
    return tuple(told)
