"""The position of the latent sliders in units of σ, and its conversion to a model's latent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.config.model import POSE_LATENT_SIZE

FloatArray = npt.NDArray[np.float64]

_SMALLEST_VARIANCE = 1e-12


@dataclass(frozen=True, eq=False)
class LatentBasis:
    """Between a code and its coordinates, both in σ of the training codes.

    directions [20, 20]: column i is how a code changes with one σ of coordinate i; `inverse` undoes it.
    """

    prefix: str
    directions: FloatArray
    inverse: FloatArray

    def label(self, axis: int) -> str:
        """z1 to z20, or p1 to p20."""
        return f"{self.prefix}{axis + 1}"

    def coordinates(self, code: LatentCode) -> tuple[float, ...]:
        return tuple(float(value) for value in self.inverse @ np.array(code.values))

    def code(self, coordinates: Sequence[float]) -> LatentCode:
        """The inverse of `coordinates`."""
        return LatentCode(tuple(float(value) for value in self.directions @ np.array(coordinates)))

    @property
    def axes(self) -> list[DirectionAxis]:
        """Each of the coordinates as a direction of its own."""
        return [DirectionAxis(*pair) for pair in zip(self.directions.T, self.inverse, strict=True)]

    def moved(self, code: LatentCode, values: Mapping[int, float]) -> LatentCode:
        """A code with these coordinates by axis; the others do not change."""
        coordinates = np.array(self.coordinates(code))
        coordinates[list(values)] = list(values.values())
        return self.code(coordinates.tolist())


RAW = LatentBasis("z", np.eye(POSE_LATENT_SIZE), np.eye(POSE_LATENT_SIZE))
"""The model's own dimensions: the coordinates are the code's values, bit by bit."""


def principal(scale: LatentScale, covariance: Sequence[Sequence[float]]) -> LatentBasis:
    """The principal directions of codes with this covariance [20][20], of largest variance first.

    The sign makes the largest component positive, so that it is the same at every start.
    """
    variances, vectors = np.linalg.eigh(np.array(covariance, dtype=np.float64))
    std, vectors = np.sqrt(np.maximum(variances[::-1], _SMALLEST_VARIANCE)), vectors[:, ::-1]
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(POSE_LATENT_SIZE)]
    vectors = vectors * np.sign(largest)
    unit = scale.usable_std()
    return LatentBasis("p", vectors * std / unit[:, None], (vectors / std).T * unit)


@dataclass(frozen=True, eq=False)
class LatentAxes:
    """A basis and its locked axes, which no move, reset or sample changes."""

    basis: LatentBasis = RAW
    locked: frozenset[int] = frozenset()

    def with_lock(self, axis: int, is_locked: bool) -> LatentAxes:
        return replace(self, locked=self.locked | {axis} if is_locked else self.locked - {axis})

    def moved(self, code: LatentCode, values: Mapping[int, float]) -> LatentCode:
        """A code with these coordinates by axis; locked and other ones do not change."""
        return self.basis.moved(code, {axis: value for axis, value in values.items() if axis not in self.locked})

    def merged(self, code: LatentCode, other: LatentCode) -> LatentCode:
        """`other`, but with the locked coordinates of `code`."""
        here = self.basis.coordinates(code)
        return self.basis.moved(other, {axis: here[axis] for axis in self.locked}) if self.locked else other

    def nearest(self, code: LatentCode, candidates: Sequence[LatentCode]) -> LatentCode:
        """The candidate whose locked coordinates are nearest to those of `code`, with these; without locks the first.

        Any other candidate would leave the folds of the latent where hands are, once its coordinates are locked.
        """
        locked = sorted(self.locked)
        found = np.array([self.basis.coordinates(candidate) for candidate in candidates])[:, locked]
        wanted = np.array(self.basis.coordinates(code))[locked]
        return self.merged(code, candidates[int(np.square(found - wanted).sum(axis=1).argmin())])


@dataclass(frozen=True, kw_only=True)
class SliderView:
    """The display state of the sliders, independent of the latent: basis, order, and the locked axes of both bases."""

    is_principal: bool = False
    is_by_effect: bool = False
    locked: frozenset[int] = frozenset()
    locked_principal: frozenset[int] = frozenset()

    def to_json(self) -> dict[str, Any]:
        return {
            "principal": self.is_principal,
            "by_effect": self.is_by_effect,
            "locked": sorted(self.locked),
            "locked_principal": sorted(self.locked_principal),
        }

    @classmethod
    def from_json(cls, value: Any) -> SliderView:
        """The inverse of `to_json`; ValueError for other values."""
        try:
            locked, locked_principal = (frozenset(value[name]) for name in ("locked", "locked_principal"))
            is_principal, is_by_effect = value["principal"], value["by_effect"]
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a description of sliders ({error}): {str(value)[:80]}") from error
        if not isinstance(is_principal, bool) or not isinstance(is_by_effect, bool):
            raise ValueError(f"principal and by_effect must be true or false: {str(value)[:80]}")
        if not locked | locked_principal <= set(range(POSE_LATENT_SIZE)):
            raise ValueError(f"locked sliders must be integers from 0 to {POSE_LATENT_SIZE - 1}: {str(value)[:80]}")
        return cls(
            is_principal=is_principal, is_by_effect=is_by_effect, locked=locked, locked_principal=locked_principal
        )


RANGE_SIGMA = 3.0
"""Range of the sliders on both sides of the mean; codes of frames may be outside it."""
_SMALLEST_STD = 1e-6
_LARGEST = 1e9
"""Of a code in σ; much larger values would overflow float32 in the decoder."""


@dataclass(frozen=True)
class LatentCode:
    """A pose latent in σ of the encoded training poses around their mean: 0 is the mean hand."""

    values: tuple[float, ...] = (0.0,) * POSE_LATENT_SIZE

    def __post_init__(self) -> None:
        if len(self.values) != POSE_LATENT_SIZE or not all(abs(value) < _LARGEST for value in self.values):
            raise ValueError(f"a latent code must be {POSE_LATENT_SIZE} finite numbers, not {self.values}")

    def with_value(self, axis: int, value: float) -> LatentCode:
        values = list(self.values)
        values[axis] = float(value)
        return LatentCode(tuple(values))

    @property
    def is_mean(self) -> bool:
        return not any(self.values)


@dataclass(frozen=True)
class LatentScale:
    """Between σ units and the pose latent of one model: z = mean + value * std."""

    mean: Sequence[float]
    std: Sequence[float]

    def to_latent(self, code: LatentCode) -> npt.NDArray[np.float32]:
        """code -> pose_latent [20]."""
        return self.to_latents(np.array(code.values))

    def to_latents(self, values: FloatArray) -> npt.NDArray[np.float32]:
        """Values of codes [..., 20] -> pose_latents [..., 20]."""
        return (np.array(self.mean) + values * self.usable_std()).astype(np.float32)

    def to_code(self, latent: npt.NDArray[np.floating]) -> LatentCode:
        """pose_latent [20] -> code; the inverse of `to_latent`."""
        values = (np.asarray(latent, dtype=np.float64) - np.array(self.mean)) / self.usable_std()
        return LatentCode(tuple(float(value) for value in values))

    @property
    def fingerprint(self) -> str:
        """Equal for models whose codes mean the same; codes of other models are of other hands."""
        return hashlib.sha256(np.array([self.mean, self.std], dtype=np.float64).tobytes()).hexdigest()[:16]

    def usable_std(self) -> npt.NDArray[np.float64]:
        """The unit of every axis [20]; an unused axis, without spread, gets a minimum."""
        return np.maximum(np.array(self.std, dtype=np.float64), _SMALLEST_STD)


@dataclass(frozen=True)
class Direction:
    """A way through the latent from examples: from the mean code of one group of frames to that of another.

    step [20]: in σ of the training codes. frames: how many each group has. model: the name of the model that has these
    codes; fingerprint: of its `LatentScale`.
    """

    step: tuple[float, ...]
    frames: tuple[int, int]
    model: str
    fingerprint: str

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(LatentCode(self.step).values))
        if length < _ZERO_STEP:
            raise ValueError("both groups have the same mean code, so there is no way between them; choose others")

    def axis(self, covariance: Sequence[Sequence[float]] | None, scale: LatentScale) -> DirectionAxis:
        """As a slider. covariance [20][20]: of the model's training codes; None for older files: as if independent."""
        along = np.array(self.step) / np.linalg.norm(self.step)
        if covariance is None:
            return DirectionAxis(along, along)
        of_latent = along / scale.usable_std()
        std = max(float(np.sqrt(of_latent @ np.array(covariance, dtype=np.float64) @ of_latent)), _ZERO_STEP)
        return DirectionAxis(std * along, along / std)


_ZERO_STEP = 1e-6


@dataclass(frozen=True, eq=False)
class DirectionAxis:
    """A direction as a coordinate of a code: in standard deviations of the training codes along it, 0 at their mean.

    unit [20]: how a code changes with one of them. reading [20]: its product with a code is the coordinate.
    """

    unit: FloatArray
    reading: FloatArray

    def coordinate(self, code: LatentCode) -> float:
        return float(self.reading @ np.array(code.values))

    def moved(self, code: LatentCode, value: float) -> LatentCode:
        """The code with this coordinate; what is across the direction does not change."""
        changed = np.array(code.values) + (value - self.coordinate(code)) * self.unit
        return LatentCode(tuple(float(number) for number in changed))
