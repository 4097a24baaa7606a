"""Follow a hand from one frame of a sequence to the next."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.crop import DEFAULT_CUBE_MM, cube_window
from lsps_core.data.hand_search import FoundHand, find_hand

_REACH = 1.5
"""The searched cube against the hand's: a hand moves some 6 cm at most from one of 30 frames a second to the next."""
_GRID_PX = 96
"""Of the searched window: at half a metre 4 mm a pixel, which finds the centre within 3 mm of the whole search's."""
_LEAST_MM = 50.0


def follow_hand(
    depth_mm: npt.NDArray[np.generic], camera: Camera, last_mm: npt.ArrayLike, *, cube_mm: float = DEFAULT_CUBE_MM
) -> FoundHand:
    """The hand near its centre in the frame before, last_mm [3]; some eight times as fast as `find_hand`.

    depth_mm [H, W], 0 or NaN = no reading. ValueError if no hand is there: search the whole frame then.
    """
    half = _REACH * cube_mm / 2
    height, width = depth_mm.shape
    u0, v0, u1, v1 = cube_window(camera, last_mm, half)
    left, top, right, bottom = max(floor(u0), 0), max(floor(v0), 0), min(ceil(u1) + 1, width), min(ceil(v1) + 1, height)
    if left >= right or top >= bottom:
        raise ValueError("the hand left the image")
    step = max(1, round(max(right - left, bottom - top) / _GRID_PX))
    coarse = Camera(fx=camera.fx / step, fy=camera.fy / step, cx=(camera.cx - left) / step, cy=(camera.cy - top) / step)
    distance = float(np.asarray(last_mm)[2])
    found = find_hand(
        depth_mm[top:bottom:step, left:right:step],
        coarse,
        cube_mm=cube_mm,
        near_mm=max(distance - half, _LEAST_MM),
        far_mm=distance + half,
    )
    return replace(
        found,
        box_px=cube_window(camera, found.center_mm, found.half_mm),
        end_px=(left + step * found.end_px[0], top + step * found.end_px[1]),
        note=f"hand at {found.center_mm[2]:.0f} mm, followed from the frame before",
    )
