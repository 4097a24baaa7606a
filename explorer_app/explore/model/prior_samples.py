"""Prior samples in all three domains, and the frame of a store nearest to a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.model.latent import LatentCode

if TYPE_CHECKING:  # they import torch and HDF5
    from explorer_app.model.data import Data, FrameView
    from explorer_app.model.hand.model import HandModel, Pictures
    from lsps_core.config.model import Prior

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class GallerySample:
    """One prior sample, decoded. pose [J, 3]."""

    seed: int
    code: LatentCode
    pictures: Pictures
    pose: FloatArray

    @property
    def name(self) -> str:
        return f"sample {self.seed}"


@dataclass(frozen=True, eq=False)
class NearestFrame:
    """The frame whose annotation is nearest to a pose; view is None if there is none; `reason` says why."""

    view: FrameView | None = None
    distance_mm: float = 0.0
    reason: str = ""


def draw(model: HandModel, seeds: range, temperature: float, prior: Prior = "fitted") -> list[GallerySample]:
    """One sample for each seed, equal to `HandModel.sample`; decoded in one batch."""
    codes = [model.sample(seed, temperature, prior) for seed in seeds]
    return [
        GallerySample(seed, code, pictures, model.decode_pose(code))
        for seed, code, pictures in zip(seeds, codes, model.decode_many(codes), strict=True)
    ]


def find_nearest(pose: FloatArray, model: HandModel, data: Data) -> NearestFrame:
    """The frame of `data` nearest to a pose [J, 3] of `model`."""
    poses = getattr(data, "poses", None)
    if poses is None or data.skeleton is None:
        return NearestFrame(reason=f"{data.title} has no annotated joints to compare with.")
    if data.skeleton.joints != model.skeleton.joints:
        return NearestFrame(reason=f"{data.title} has other joints than the model ({data.skeleton.name}).")
    index, distance = nearest(pose, poses)
    if index is None:
        return NearestFrame(reason=f"No frame of {data.title} is annotated.")
    return NearestFrame(data.view(index), distance * model.half_mm)


def nearest(pose: FloatArray, poses: FloatArray) -> tuple[int | None, float]:
    """Index of the one of poses [N, J, 3] nearest to pose [J, 3], and its mean joint distance, in their unit.

    NaN joints are left out of the mean; a pose that is all NaN is skipped.
    """
    apart = np.linalg.norm(poses - pose, axis=-1)
    is_known = np.isfinite(apart)
    counts = is_known.sum(axis=1)
    if not counts.any():
        return None, float("nan")
    means = np.where(counts > 0, np.where(is_known, apart, 0).sum(axis=1) / np.maximum(counts, 1), np.inf)
    index = int(means.argmin())
    return index, float(means[index])
