"""Joint errors after an alignment of the prediction: of its root, or of all its joints (Procrustes). Pure functions.

Poses are [N, J, 3] in mm, NaN where a joint is not annotated; errors [N, J], NaN where a joint is not annotated, or its
frame cannot be aligned.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from lsps_core.evaluation.metrics import FloatArray, joint_errors_mm

ALIGNMENTS = ("root_relative", "procrustes")
_LEAST_JOINTS = 3
_Measure = Callable[[FloatArray, FloatArray], FloatArray]
_BATCH = 1 << 14  # frames: doubles of all joints of a million frames would take a gigabyte


def aligned_errors_mm(predicted_mm: FloatArray, annotated_mm: FloatArray, root: int | None) -> dict[str, FloatArray]:
    """The errors [N, J] of each of ALIGNMENTS. root: the joint that is aligned; None leaves that alignment out."""
    measures: dict[str, _Measure] = (
        {} if root is None else {"root_relative": partial(root_relative_errors_mm, root=root)}
    )
    measures["procrustes"] = procrustes_errors_mm
    return {name: _in_parts(measure, predicted_mm, annotated_mm) for name, measure in measures.items()}


def _in_parts(measure: _Measure, predicted_mm: FloatArray, annotated_mm: FloatArray) -> FloatArray:
    """What `measure` finds for some frames at a time."""
    errors_mm = np.empty(predicted_mm.shape[:2], predicted_mm.dtype)
    for start in range(0, len(predicted_mm), _BATCH):
        part = slice(start, start + _BATCH)
        errors_mm[part] = measure(predicted_mm[part], annotated_mm[part])
    return errors_mm


def root_relative_errors_mm(predicted_mm: FloatArray, annotated_mm: FloatArray, root: int) -> FloatArray:
    """Errors of the joints relative to the joint `root` of each hand; that joint's own error is 0."""
    return joint_errors_mm(predicted_mm - predicted_mm[:, [root]], annotated_mm - annotated_mm[:, [root]])


def procrustes_errors_mm(predicted_mm: FloatArray, annotated_mm: FloatArray) -> FloatArray:
    """Errors after the rotation, scale and translation of each prediction that minimise its squared errors.

    A reflection is not among them: a left hand is not a right one. NaN for frames with less than 3 annotated joints.
    """
    return joint_errors_mm(procrustes(predicted_mm, annotated_mm), annotated_mm)


def procrustes(predicted_mm: FloatArray, annotated_mm: FloatArray) -> FloatArray:
    """The predictions [N, J, 3] after that transform (Umeyama 1991), NaN where there is none."""
    is_predicted = np.isfinite(predicted_mm).all(axis=(1, 2), keepdims=True)
    is_used = np.isfinite(annotated_mm).all(axis=2, keepdims=True) & is_predicted
    count = is_used.sum(axis=1, keepdims=True)
    weight = np.where(is_used & (count >= _LEAST_JOINTS), 1 / np.maximum(count, 1), 0.0)
    moved = np.where(np.isfinite(predicted_mm), predicted_mm, 0.0).astype(np.float64)
    fixed = np.where(is_used, annotated_mm, 0.0).astype(np.float64)
    moved_mean, fixed_mean = ((weight * points).sum(axis=1, keepdims=True) for points in (moved, fixed))
    moved, fixed = moved - moved_mean, fixed - fixed_mean
    left, singular, right = np.linalg.svd((weight * fixed).transpose(0, 2, 1) @ moved)
    sign = np.ones_like(singular)
    sign[:, 2] = np.sign(np.linalg.det(left @ right))
    rotation = (left * sign[:, None]) @ right
    variance = (weight * moved**2).sum(axis=(1, 2))
    scale = (singular * sign).sum(axis=1) / np.maximum(variance, np.finfo(np.float64).tiny)
    aligned: FloatArray = scale[:, None, None] * (moved @ rotation.transpose(0, 2, 1)) + fixed_mean
    return np.where(count >= _LEAST_JOINTS, aligned, np.nan)
