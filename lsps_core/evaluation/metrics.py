"""Joint errors and success rates: pure functions over poses in mm."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]


def joint_errors_mm(predicted_mm: FloatArray, annotated_mm: FloatArray) -> FloatArray:
    """Euclidean distance of every joint: [N, J, 3] and [N, J, 3] -> [N, J] mm, NaN where not annotated."""
    if predicted_mm.shape != annotated_mm.shape or predicted_mm.shape[-1] != 3:
        raise ValueError(f"cannot compare predictions {predicted_mm.shape} with annotations {annotated_mm.shape}")
    errors: FloatArray = np.linalg.norm(predicted_mm - annotated_mm, axis=-1)
    return errors


def mean_error_mm(errors_mm: FloatArray) -> float:
    """Mean over all annotated joints of all frames. errors_mm [N, J]."""
    return float(np.nanmean(errors_mm))


def within_percent(errors_mm: FloatArray, distance_mm: float) -> float:
    """% of frames whose every annotated joint is within `distance_mm` (Taylor et al. 2012). errors_mm [N, J]."""
    return float(100 * np.mean(np.nanmax(errors_mm, axis=1) <= distance_mm))


def per_joint_mm(errors_mm: FloatArray) -> FloatArray:
    """Mean error of each joint [J] over the frames that annotate it. errors_mm [N, J]."""
    errors: FloatArray = np.nanmean(errors_mm, axis=0)
    return errors
