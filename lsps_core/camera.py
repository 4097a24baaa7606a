"""Pinhole cameras. Points are in mm: x right, y up, z away from the camera; image rows grow downward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_MOST_PX = 1e6
"""Of a focal length or centre: beyond it, float32 has no place for a pixel."""
FloatArray = npt.NDArray[np.floating[Any]]
Number = float | FloatArray


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Pinhole intrinsics in px. Focal lengths are positive: the sign of y is in `project`, not in `fy`."""

    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        values = asdict(self)
        if not all(abs(value) < _MOST_PX for value in values.values()) or min(self.fx, self.fy) <= 0:
            raise ValueError(f"camera {values}: focal lengths must be positive and every value finite (px)")

    def project(self, points_mm: FloatArray) -> FloatArray:
        """points_mm [..., 3] -> uvd [..., 3]: column px, row px, depth mm."""
        return _project(points_mm, self.fx, self.fy, self.cx, self.cy)

    def unproject(self, uvd: FloatArray) -> FloatArray:
        """uvd [..., 3] -> points_mm [..., 3]; the inverse of `project` wherever depth is not 0."""
        return _unproject(uvd, self.fx, self.fy, self.cx, self.cy)

    def mirrored(self, width_px: int) -> Camera:
        """The camera of this one's images flipped left to right: x becomes -x, left hands become right hands."""
        return Camera(fx=self.fx, fy=self.fy, cx=width_px - 1 - self.cx, cy=self.cy)

    @classmethod
    def parse(cls, text: str) -> Camera:
        """`FX,FY,CX,CY` in px; ValueError for anything else. The sign of FY is dropped: y always points up."""
        try:
            fx, fy, cx, cy = (float(number) for number in text.split(","))
        except ValueError:
            raise ValueError(
                f"a camera is 4 numbers FX,FY,CX,CY in px with commas between them, not {text!r}"
            ) from None
        return cls(fx=fx, fy=abs(fy), cx=cx, cy=cy)

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Camera:
        """Rebuild what `to_json` wrote; ValueError names what is missing or wrong."""
        try:
            return cls(**{key: float(value[key]) for key in ("fx", "fy", "cx", "cy")})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a camera description ({error}): {str(value)[:80]}") from error


class Cameras:
    """A camera for each of n frames: `project` and `unproject` as those of `Camera`, of points [n, J, 3]."""

    def __init__(self, cameras: Sequence[Camera], index: npt.NDArray[np.integer[Any]]) -> None:
        """index [n]: the place of each frame's camera in `cameras`."""
        self._cameras, self._index = cameras, index
        values = np.array([[camera.fx, camera.fy, camera.cx, camera.cy] for camera in cameras])
        self._values = tuple(values[index].T[..., None])

    def __getitem__(self, frames: npt.NDArray[np.integer[Any]]) -> Cameras:
        """The cameras of some of the frames."""
        return Cameras(self._cameras, self._index[frames])

    def project(self, points_mm: FloatArray) -> FloatArray:
        return _project(points_mm, *self._values)

    def unproject(self, uvd: FloatArray) -> FloatArray:
        return _unproject(uvd, *self._values)


def _project(points_mm: FloatArray, fx: Number, fy: Number, cx: Number, cy: Number) -> FloatArray:
    x, y, z = np.moveaxis(np.asarray(points_mm), -1, 0)
    return np.stack([cx + fx * x / z, cy - fy * y / z, z], axis=-1)


def _unproject(uvd: FloatArray, fx: Number, fy: Number, cx: Number, cy: Number) -> FloatArray:
    u, v, d = np.moveaxis(np.asarray(uvd), -1, 0)
    return np.stack([(u - cx) * d / fx, (cy - v) * d / fy, d], axis=-1)


NYU = Camera(fx=588.03, fy=587.07, cx=320.0, cy=240.0)
ICVL = Camera(fx=240.99, fy=240.96, cx=160.0, cy=120.0)
MSRA = Camera(fx=241.42, fy=241.42, cx=160.0, cy=120.0)
"""320x240, Intel's Creative Gesture Camera (Sun et al. 2015, "Cascaded Hand Pose Regression")."""
HANDS_SR300 = Camera(fx=475.065948, fy=475.065857, cx=315.944855, cy=245.287079)
"""640x480, the camera of HANDS2017, BigHand2.2M, HANDS2019 and FPHA."""
SR305 = Camera(fx=476.007, fy=476.007, cx=313.683, cy=242.755)
SIMULATED = Camera(fx=475.0, fy=475.0, cx=320.0, cy=240.0)
"""The simulator's camera: 640x480, about an SR305."""
