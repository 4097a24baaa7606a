"""A walk through the latent space: its keyframes, and the interpolation between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from explorer_app.model.latent import LatentCode

FloatArray = npt.NDArray[np.floating]

PATHS = ("hands", "linear", "spherical", "spline")
SPACES = ("pose", "depth")
ENDINGS = ("once", "loop", "ping-pong")
MAX_KEYFRAMES = 100
_SMALLEST_SINE = 1e-4


@dataclass(frozen=True)
class WalkPlan:
    """The state of the walk panel: keyframes and options.

    path: interpolation between keyframes; "hands" turns and bends the hand, and needs pose latents. space: whether pose
    latents or depth latents are interpolated. ending: what happens after the last keyframe; a loop returns to the
    first. seconds: from one keyframe to the next.
    """

    keyframes: tuple[LatentCode, ...] = ()
    path: str = "spherical"
    space: str = "pose"
    ending: str = "loop"
    seconds: float = 1.0

    def __post_init__(self) -> None:
        for value, choices in ((self.path, PATHS), (self.space, SPACES), (self.ending, ENDINGS)):
            if value not in choices:
                raise ValueError(f"a walk cannot be {value!r}: choose one of {', '.join(choices)}")
        if self.path == "hands" and self.space == "depth":
            raise ValueError("a walk between depth latents has no poses between to go through; choose another path")

    @property
    def is_closed(self) -> bool:
        return self.ending == "loop"

    @property
    def length(self) -> int:
        """In segments; 0 for fewer than two keyframes."""
        count = len(self.keyframes)
        return 0 if count < 2 else count if self.is_closed else count - 1

    def with_keyframes_at(self, row: int, codes: Sequence[LatentCode]) -> WalkPlan:
        """Insert `codes` before keyframe `row`; ValueError if there would be too many."""
        frames = (*self.keyframes[:row], *codes, *self.keyframes[row:])
        if len(frames) > MAX_KEYFRAMES:
            raise ValueError(f"a walk has at most {MAX_KEYFRAMES} keyframes; remove some first")
        return replace(self, keyframes=frames)

    def without_keyframe(self, row: int) -> WalkPlan:
        return replace(self, keyframes=(*self.keyframes[:row], *self.keyframes[row + 1 :]))

    def with_keyframe_moved(self, row: int, before: int) -> WalkPlan:
        """Move keyframe `row` before the one at `before`."""
        return self.without_keyframe(row).with_keyframes_at(before - (before > row), [self.keyframes[row]])

    def frame_positions(self, frames_per_segment: int) -> list[float]:
        """Positions of the frames of one pass, evenly spaced; a repeated walk has no frame twice in a row."""
        count = self.length * frames_per_segment
        positions = [step / frames_per_segment for step in range(count + (not self.is_closed))]
        return positions + positions[-2:0:-1] if self.ending == "ping-pong" else positions


class Path:
    """A curve through points [K, D] of any latent; at integer positions it is at the points."""

    def __init__(self, points: FloatArray, kind: str = "linear", is_closed: bool = False) -> None:
        if len(points) < 2:
            raise ValueError("a walk needs at least two keyframes")
        self._points = points
        self._kind = kind
        self._is_closed = is_closed

    @property
    def length(self) -> int:
        """In segments."""
        return len(self._points) if self._is_closed else len(self._points) - 1

    def at(self, position: float) -> FloatArray:
        """The point [D] at a position from 0 to `length`; beyond it the end, or the next round of a closed one."""
        position = position % self.length if self._is_closed else min(max(position, 0.0), float(self.length))
        if self._kind == "spline":
            return self._spline(position) @ self._points
        start = min(int(position), self.length - 1)
        a, b = self._points[start], self._points[(start + 1) % len(self._points)]
        return (slerp if self._kind == "spherical" else lerp)(a, b, position - start)

    @cached_property
    def _spline(self) -> Callable[[float], FloatArray]:
        """position -> the weight of every point [K]; cheaper than a spline for each of the D dimensions."""
        from scipy.interpolate import CubicSpline  # slow: make the first call in a thread

        weights = np.eye(len(self._points))
        if self._is_closed:
            weights = np.concatenate([weights, weights[:1]])
        bc_type = "periodic" if self._is_closed else "natural"
        spline: Callable[[float], FloatArray] = CubicSpline(np.arange(len(weights)), weights, bc_type=bc_type)
        return spline


def lerp(a: FloatArray, b: FloatArray, share: float) -> FloatArray:
    return (1 - share) * a + share * b


def slerp(a: FloatArray, b: FloatArray, share: float) -> FloatArray:
    """From a [D] to b [D] along an arc around the origin, with linear norm; a straight line if there is no arc.

    Samples of N(0, I) are near a sphere; a straight line between two passes through its inside, with few training
    codes.
    """
    norm_a, norm_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not norm_a or not norm_b:
        return lerp(a, b, share)
    cosine = float(np.clip(np.dot(a / norm_a, b / norm_b), -1.0, 1.0))
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    if sine < _SMALLEST_SINE:
        return lerp(a, b, share)
    direction: FloatArray = (np.sin((1 - share) * angle) * a / norm_a + np.sin(share * angle) * b / norm_b) / sine
    return direction * ((1 - share) * norm_a + share * norm_b)


@dataclass(frozen=True)
class Playhead:
    """The position in the walk, in segments, and its direction."""

    position: float = 0.0
    is_forward: bool = True

    def moved(self, by: float, plan: WalkPlan) -> tuple[Playhead, bool]:
        """Advance by `by` segments, and return whether the walk has ended."""
        length = plan.length
        if not length:
            return Playhead(), True
        if plan.ending == "loop":
            return Playhead((self.position + by) % length), False
        if plan.ending == "ping-pong":
            unfolded = self.position if self.is_forward else 2 * length - self.position
            unfolded = (unfolded + by) % (2 * length)
            is_forward = unfolded < length
            return Playhead(unfolded if is_forward else 2 * length - unfolded, is_forward), False
        position = min(self.position + by, float(length))
        return Playhead(position), position >= length
