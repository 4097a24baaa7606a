"""Joint errors and success rates: pure functions over poses and errors in mm.

errors_mm is always [N, J], NaN where a joint is not annotated; every frame has at least one annotated joint.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

DISTANCES_MM: FloatArray = np.arange(81, dtype=np.float64)
"""Where success curves are read: 0, 1, ... 80 mm."""
AUC_MM, AUC_STEPS = 50.0, 100
"""Largest distance of the area under the curve of correct joints, and its points, as FreiHAND, DexYCB and HO-3D do."""
WITHIN_MM = 40.0
"""Where the field reads success curves."""


def joint_errors_mm(predicted_mm: FloatArray, annotated_mm: FloatArray) -> FloatArray:
    """Euclidean distance of every joint: [N, J, 3] and [N, J, 3] -> [N, J] mm, NaN where not annotated.

    error = sqrt(dx² + dy² + dz²); predicted (3, 4, 0) for annotated (0, 0, 0) is 5 mm off.
    """
    if predicted_mm.shape != annotated_mm.shape or predicted_mm.shape[-1] != 3:
        raise ValueError(f"cannot compare predictions {predicted_mm.shape} with annotations {annotated_mm.shape}")
    errors: FloatArray = np.linalg.norm(predicted_mm - annotated_mm, axis=-1)
    return errors


def mean_error_mm(errors_mm: FloatArray) -> float:
    """Mean over all annotated joints of all frames; [[1, 3], [5, NaN]] -> 3."""
    return float(np.nanmean(errors_mm))


def median_error_mm(errors_mm: FloatArray) -> float:
    """Median over all annotated joints of all frames; [[1, 3], [50, NaN]] -> 3."""
    return float(np.nanmedian(errors_mm))


def percentile_error_mm(errors_mm: FloatArray, percent: float = 95.0) -> float:
    """The error that `percent` % of all annotated joints stay below, linear between two joints; 0 ... 100 -> 95."""
    return float(np.nanpercentile(errors_mm, percent))


def max_error_mm(errors_mm: FloatArray) -> float:
    """The error of the worst joint of the worst frame; [[1, 3], [5, NaN]] -> 5."""
    return float(np.nanmax(errors_mm))


def per_joint_mm(errors_mm: FloatArray) -> FloatArray:
    """Mean error of each joint [J] over the frames that annotate it, NaN if none does; [[1, 3], [5, NaN]] -> 3, 3."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Mean of empty slice", category=RuntimeWarning)
        errors: FloatArray = np.nanmean(errors_mm, axis=0)
    return errors


def frame_mean_mm(errors_mm: FloatArray) -> FloatArray:
    """Mean error of each frame [N] over its annotated joints, NaN without one; [[1, 3], [5, NaN]] -> 2, 5."""
    return per_joint_mm(errors_mm.T)


def frame_worst_mm(errors_mm: FloatArray) -> FloatArray:
    """Error of the worst annotated joint of each frame [N]; [[1, 3], [5, NaN]] -> 3, 5."""
    errors: FloatArray = np.nanmax(errors_mm, axis=1)
    return errors


def within_percent(errors_mm: FloatArray, distance_mm: float = WITHIN_MM) -> float:
    """% of frames whose every annotated joint is within `distance_mm` (Taylor et al. 2012); a joint right on it is."""
    return float(100 * np.mean(frame_worst_mm(errors_mm) <= distance_mm))


def pck_auc(errors_mm: FloatArray, most_mm: float = AUC_MM, steps: int = AUC_STEPS) -> float:
    """Area under the curve of correct joints from 0 to `most_mm`, 0 to 1: 1 if no joint is off.

    PCK(d) of a joint is the share of the frames that annotate it with an error of at most d; the area is that of
    `steps` points by trapezoids, over most_mm, and the mean over the joints (Zimmermann et al. 2019, FreiHAND).
    """
    distances = np.linspace(0, most_mm, steps)
    known = [joint[np.isfinite(joint)] for joint in errors_mm.T]
    curves = [_percent_within(joint, distances) / 100 for joint in known if len(joint)]
    areas = [(curve[1:] + curve[:-1]).mean() / 2 for curve in curves]
    return float(np.mean(areas)) if areas else float("nan")


class SuccessCurves(NamedTuple):
    """What is within each distance_mm [T]: % of frames by worst and by mean joint, % of annotated joints; [T] each."""

    distance_mm: FloatArray
    worst_joint_percent: FloatArray
    mean_joint_percent: FloatArray
    joints_percent: FloatArray


def success_curves(errors_mm: FloatArray, distance_mm: FloatArray = DISTANCES_MM) -> SuccessCurves:
    """Curve d -> 100 * |{e <= d}| / |{e}| of three errors e: of a frame's worst joint, its mean joint, any joint.

    For [[1, 3], [5, 7]] at 4 mm: 50 % (worst joints 3, 7), 50 % (mean joints 2, 6), 50 % (joints 1, 3, 5, 7).
    """
    joints = errors_mm[np.isfinite(errors_mm)]
    return SuccessCurves(
        distance_mm,
        _percent_within(frame_worst_mm(errors_mm), distance_mm),
        _percent_within(frame_mean_mm(errors_mm), distance_mm),
        _percent_within(joints, distance_mm),
    )


def _percent_within(values_mm: FloatArray, distance_mm: FloatArray) -> FloatArray:
    percent: FloatArray = 100 * np.searchsorted(np.sort(values_mm), distance_mm, side="right") / len(values_mm)
    return percent


@dataclass(frozen=True, kw_only=True)
class ErrorTable:
    """The errors of one method on N frames by J joints, with the names of rows and columns.

    method: what to call it in a table or legend. errors_mm [N, J], NaN where not annotated. joints: J names.
    frames: N names. groups: N names, "" for a frame of none. places [N]: index of each frame in its data,
    from 0. divisions: by other names, such as "camera", the group of each frame [N]. aligned_mm: by the names of
    ALIGNMENTS, the errors [N, J] after them.
    """

    method: str
    errors_mm: FloatArray
    joints: tuple[str, ...]
    frames: tuple[str, ...]
    groups: tuple[str, ...]
    places: IntArray
    divisions: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    aligned_mm: Mapping[str, FloatArray] = field(default_factory=dict)

    def by_group(self) -> dict[str, FloatArray]:
        """errors_mm of each named group, by name."""
        return {name: self.errors_mm[members] for name, members in self.groups_of(np.array(self.groups)).items()}

    @staticmethod
    def groups_of(groups: npt.NDArray[np.str_]) -> dict[str, IntArray]:
        """The places of the frames of each named group, ascending, by name. groups [N]: of each frame."""
        names, codes = np.unique(groups, return_inverse=True)
        order = np.argsort(codes, kind="stable")
        members = np.split(order, np.searchsorted(codes[order], np.arange(1, len(names))))
        return {str(name): places for name, places in zip(names, members, strict=True) if name}
