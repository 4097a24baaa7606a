"""The position of the latent sliders: where it is in units of σ, and what that means to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsps_core.config import POSE_LATENT_SIZE

RANGE_SIGMA = 3.0
"""The sliders reach this far to either side of the mean; codes of frames may lie further out."""
_SMALLEST_STD = 1e-6
_LARGEST = 1e9
"""Of a code in σ; far more would not be finite any more as float32, once decoded."""


@dataclass(frozen=True)
class LatentCode:
    """A pose latent in σ of the encoded training poses around their mean: 0 is the mean hand."""

    values: tuple[float, ...] = (0.0,) * POSE_LATENT_SIZE

    def __post_init__(self) -> None:
        if len(self.values) != POSE_LATENT_SIZE or not all(abs(value) < _LARGEST for value in self.values):
            raise ValueError(f"a latent code is {POSE_LATENT_SIZE} finite numbers, not {self.values}")

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
        return np.float32(np.array(self.mean) + np.array(code.values) * self.usable_std())

    def to_code(self, latent: npt.NDArray[np.floating]) -> LatentCode:
        """pose_latent [20] -> code; the inverse of `to_latent`."""
        values = (np.asarray(latent, dtype=np.float64) - np.array(self.mean)) / self.usable_std()
        return LatentCode(tuple(float(value) for value in values))

    def usable_std(self) -> npt.NDArray[np.float64]:
        """The unit of every axis [20]; one that training left unused has no spread to be it."""
        return np.maximum(np.array(self.std, dtype=np.float64), _SMALLEST_STD)
