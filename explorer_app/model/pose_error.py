"""Errors of a predicted pose, differences of two images, and the disagreement of poses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsps_core.data.frame import HandFrame

FloatArray = npt.NDArray[np.floating]

_USUAL_DISTANCE_MM = 575.0


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
    joints_mm = frame.joints_mm
    if joints_mm is None or len(joints_mm) != len(pose):
        return None
    distances_mm = np.linalg.norm(to_joints_mm(pose, frame) - joints_mm, axis=1)
    known = distances_mm[np.isfinite(distances_mm)]  # `nanmean` takes as long as all the rest
    return float(known.mean()) if len(known) else None


def apart_mm(one: FloatArray, other: FloatArray, half_mm: float) -> float:
    """Mean distance of the joints of two poses [J, 3] of one cube."""
    return half_mm * float(np.linalg.norm(one - other, axis=1).mean())


@dataclass(frozen=True, eq=False)
class Difference:
    """The difference of two depth images of the same cube.

    mm [S, S] is signed, above 0 where the first image is farther away, and NaN unless both have a hand;
    is_in_one_only [S, S]. mean_mm is the mean of |mm|, None if the hands have no pixel in common; one_only_share is
    the share of pixels in one only among those in either.
    """

    mm: FloatArray
    is_in_one_only: npt.NDArray[np.bool_]
    mean_mm: float | None
    one_only_share: float

    @property
    def line(self) -> str:
        """The difference as text."""
        apart = f"{self.mean_mm:.1f} mm, " if self.mean_mm is not None else ""
        return f"{apart}{self.one_only_share:.0%} in one only".replace("%", " %")


def difference(picture_mm: FloatArray, other_mm: FloatArray) -> Difference:
    """Compare two images [S, S] in mm, NaN = no hand."""
    mm = picture_mm - other_mm
    is_in_both = np.isfinite(mm)
    is_in_one_only = np.isfinite(picture_mm) ^ np.isfinite(other_mm)
    in_both, in_one_only = int(is_in_both.sum()), int(is_in_one_only.sum())
    mean_mm = float(np.abs(mm[is_in_both]).mean()) if in_both else None
    return Difference(mm, is_in_one_only, mean_mm, in_one_only / max(in_both + in_one_only, 1))


def picture_pixels(pose: FloatArray, half_mm: float, size: int) -> FloatArray:
    """pose [J, 3] -> column and row [J, 2] in a decoded image [size, size].

    It has no camera, so the average distance of training hands is used.
    """
    nearness = _USUAL_DISTANCE_MM / (_USUAL_DISTANCE_MM + pose[:, 2:] * half_mm)
    return (pose[:, :2] * nearness * (1, -1) + 1) * size / 2 - 0.5
