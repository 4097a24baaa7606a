"""The first Kinect, as in NYU's recordings: a fixed pattern of dots from a projector 75 mm to the right.

Windows of the pattern are matched along rows: outlines fray in patches, shadows are wide, noise is smooth and depth
comes in whole eighths of a pixel of disparity (Barron & Malik 2013; Nguyen, Izadi & Lovell 2012).
"""

from __future__ import annotations

import torch
from torch import Tensor

from lsps_core.data.resample import look_beside
from lsps_core.simulator.cameras.camera import (
    DepthCamera,
    Draw,
    View,
    facing,
    farthest_around,
    shadow_px,
)

_BASELINE_MM = 75.0
_DISPARITY_MM = 351300.0  # baseline times focal length, in mm and 1/8 px: Barron & Malik 2013, there in cm
_EDGE_MM = 15.0


def _sense(view: View, draw: Draw) -> Tensor:
    patch, other, grain = view.patches(3), view.patches(3), view.normal()
    ragged = draw["ragged_px"] / view.camera_px
    depth = look_beside(view.depth_mm, ragged * (0.8 * patch + 0.6 * grain), 0.5 * ragged * other)
    is_outline = farthest_around(depth) - depth > _EDGE_MM
    light = facing(view) + draw["bite"] * other - draw["outline"] * is_outline
    lost = light + 0.05 * grain < draw["least_light"]
    shadow = shadow_px(view, torch.full_like(view.z_mm, _BASELINE_MM))
    lost |= shadow * (1 + 0.4 * patch) > draw["shadow_from_px"]
    disparity = _DISPARITY_MM / depth + draw["disparity_std"] * (other + 0.4 * grain)
    return (_DISPARITY_MM / disparity.round_().clamp(min=1)).masked_fill(lost, 0)


KINECT = DepthCamera(
    focal_px=588.0,
    ranges={
        "ragged_px": (0.8, 1.2),
        "bite": (0.08, 0.16),
        "outline": (0.15, 0.35),
        "least_light": (0.12, 0.25),
        "shadow_from_px": (0.5, 1.5),
        "disparity_std": (0.2, 0.4),
    },
    sense=_sense,
)
