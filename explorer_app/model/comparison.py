"""A predicted pose against the annotation of its frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lsps_core.data.frame import HandFrame

FloatArray = npt.NDArray[np.floating]


def to_joints_mm(pose: FloatArray, frame: HandFrame) -> FloatArray:
    """pose [J, 3] -> joints_mm [J, 3] in the frame's cube."""
    return pose * frame.half_mm + frame.center_mm


def annotated_pose(frame: HandFrame) -> FloatArray | None:
    """The frame's annotation as a pose [J, 3], NaN where a joint is not annotated; None without any."""
    if frame.joints_mm is None or not np.isfinite(frame.joints_mm).all(axis=1).any():
        return None
    return (frame.joints_mm - frame.center_mm) / frame.half_mm


def mean_error_mm(pose: FloatArray, frame: HandFrame) -> float | None:
    """Mean distance of the annotated joints; None without annotation, or with another number of joints."""
    if annotated_pose(frame) is None or len(frame.joints_mm) != len(pose):
        return None
    return float(np.nanmean(np.linalg.norm(to_joints_mm(pose, frame) - frame.joints_mm, axis=1)))
