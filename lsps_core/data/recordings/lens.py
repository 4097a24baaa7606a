"""Lens distortion of depth cameras, undone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera


@dataclass(frozen=True, kw_only=True)
class Lens:
    """The distortion of Brown and Conrady, with six radial coefficients.

    camera: the pinhole without the distortion. radial: k1 to k6. tangential: p1 and p2. center: of the distortion.
    radius: beyond it nothing is known. Center and radius are in units of the focal length. ValueError for a number that
    is not finite.
    """

    camera: Camera
    radial: tuple[float, float, float, float, float, float]
    tangential: tuple[float, float]
    center: tuple[float, float]
    radius: float

    def __post_init__(self) -> None:
        if not np.isfinite([*self.radial, *self.tangential, *self.center, self.radius]).all():
            raise ValueError("its lens has a number that is not finite")

    def undistorted(self, counts: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        """A depth image [H, W] of the lens as that of `camera`: the nearest pixel, 0 outside the image."""
        places, is_known = _places(self, counts.shape)
        return np.where(is_known, counts.ravel()[places], np.uint16(0))


@lru_cache(maxsize=2)
def _places(lens: Lens, shape: tuple[int, int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """For each pixel [H, W] of the pinhole, which pixel of the lens shows the same, and whether one does."""
    height, width = shape
    camera, (x0, y0), (p1, p2), (k1, k2, k3, k4, k5, k6) = lens.camera, lens.center, lens.tangential, lens.radial
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    x, y = (columns - camera.cx) / camera.fx - x0, (rows - camera.cy) / camera.fy - y0
    r2: npt.NDArray[Any] = x * x + y * y
    with np.errstate(all="ignore"):  # a calibration of nonsense shows nothing
        scale = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
        u = (x * scale + p2 * (r2 + 2 * x * x) + 2 * p1 * x * y + x0) * camera.fx + camera.cx
        v = (y * scale + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + y0) * camera.fy + camera.cy
        is_known = (r2 <= lens.radius**2) & (np.abs(u - (width - 1) / 2) < width / 2)
        is_known &= np.abs(v - (height - 1) / 2) < height / 2
    places = np.where(is_known, v, 0).round().astype(np.int64) * width + np.where(is_known, u, 0).round().astype(
        np.int64
    )
    return places.clip(0, height * width - 1), is_known
