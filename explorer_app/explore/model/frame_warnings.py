"""Statistics of a frame and warnings about it, without any network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explorer_app.model.depth_statistics import DepthCounts, count_depth
from explorer_app.model.wording import grouped

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView, RawPicture
    from lsps_core.camera import Camera

_UNITS_MM = (0.125, 1.0, 10.0, 1000.0)
_USUAL_MM = (250.0, 1500.0)
"""Usual distance of a hand from a depth camera."""
_MOST_INVALID = 0.97  # in an empty room a short-range camera has few readings
_FEWEST_PIXELS = 600
_MOST_CLIPPED = 0.1
_MOST_OUTSIDE = 0.1
_SEEN_DEG = (15.0, 140.0)
"""Usual angles that a depth camera sees."""
_FARTHEST_MIDDLE = 0.2  # of the image's width or height, between its middle and the principal point


@dataclass(frozen=True, eq=False)
class Inspection:
    """The numbers that the inspector shows of a frame; `raw` is None if there is no raw image."""

    raw: DepthCounts | None
    crop: DepthCounts
    warnings: tuple[str, ...]


def inspect(view: FrameView) -> Inspection:
    """Takes a millisecond: the raw image's statistics were computed on reading."""
    depth = view.frame.depth_mm.astype(np.float32)
    crop = count_depth(np.where(depth > 0, depth, np.float32(np.nan)))
    raw = view.raw
    warnings = [view.complaint] if view.complaint else []
    if raw is not None:
        warnings += [*_of_depths(raw), *_of_place(raw, view.camera)]
    warnings += _of_crop(crop, view)
    return Inspection(raw.counts if raw is not None else None, crop, tuple(warnings))


def _of_depths(raw: RawPicture) -> list[str]:
    warnings = []
    counts = raw.counts
    median, unit_mm = counts.median_mm, raw.crop.settings.unit_mm
    if median < 100 or median > 5000 or counts.near_mm > 2000:
        warning = f"The median depth is {median:,.4g} mm, not a usual distance of a hand"
        unit = _likely_unit(median / unit_mm)
        warnings.append(warning if unit in (None, unit_mm) else f"{warning}: perhaps the unit is {unit:g} mm")
    if counts.invalid_percent > 100 * _MOST_INVALID:
        warnings.append(f"{counts.invalid_percent:.0f} % of the raw image has no reading")
    return warnings


def _likely_unit(median: float) -> float | None:
    """The mm per count for which the median is a usual distance of a hand, as close to 600 mm as possible."""
    units = [unit for unit in _UNITS_MM if _USUAL_MM[0] <= median * unit <= _USUAL_MM[1]]
    return min(units, key=lambda unit: abs(np.log(median * unit / 600)), default=None)


def _of_place(raw: RawPicture, camera: Camera) -> list[str]:
    warnings = []
    height, width = raw.depth_mm.shape
    off = max(abs(camera.cx - width / 2) / width, abs(camera.cy - height / 2) / height)
    problems = camera_problems(camera, width, height)
    if off > _FARTHEST_MIDDLE and not problems:
        where = f"({camera.cx:.0f}, {camera.cy:.0f})"
        warnings.append(f"The camera’s centre {where} is far from the middle of {width} × {height}: another camera?")
    warnings += problems
    u0, v0, u1, v1 = raw.box_px
    inside = max(min(u1, width) - max(u0, 0), 0) * max(min(v1, height) - max(v0, 0), 0)
    outside = 1 - inside / ((u1 - u0) * (v1 - v0))
    if outside > _MOST_OUTSIDE:
        warnings.append(f"{100 * outside:.0f} % of the cube’s window is outside the image")
    return warnings


def camera_problems(camera: Camera, width: int, height: int) -> list[str]:
    """Why no camera with these numbers can have taken an image of this size, in one line each."""
    problems = []
    if not (0 <= camera.cx <= width and 0 <= camera.cy <= height):
        where = f"({camera.cx:.0f}, {camera.cy:.0f})"
        problems.append(f"The camera’s centre {where} is outside the image of {width} × {height}: another camera?")
    for side, length, focal in (("across", width, camera.fx), ("down", height, camera.fy)):
        seen_deg = math.degrees(2 * math.atan(length / 2 / focal))
        if not _SEEN_DEG[0] <= seen_deg <= _SEEN_DEG[1]:
            problems.append(f"With this focal length the camera sees {seen_deg:.0f}° {side}: another one?")
    return problems


def _of_crop(counts: DepthCounts, view: FrameView) -> list[str]:
    frame = view.frame
    if counts.reading_count == 0:
        return ["The cube is empty: the network's input is only background"]
    if counts.reading_count < _FEWEST_PIXELS:
        return [
            f"Only {grouped(counts.reading_count)} of {grouped(counts.pixel_count)} pixels in the cube have a reading"
        ]
    in_front = (frame.depth_mm > 0) & (frame.depth_mm < frame.center_mm[2] - frame.half_mm)
    share = in_front.sum() / counts.reading_count
    if share > _MOST_CLIPPED:
        return [f"{100 * share:.0f} % of the network's input is in front of the cube, and clipped to its near face"]
    return []
