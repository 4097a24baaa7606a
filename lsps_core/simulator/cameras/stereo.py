"""Intel's D415: two infrared cameras 55 mm apart, windows matched between them, holes filled.

Disparity is found for a window, not for a pixel: edges are blurred and lie outside the true ones, noise is in bumps
as wide as a window, and what only one camera sees is filled from the surface behind it (Keselman et al. 2017, "Intel
RealSense stereoscopic depth cameras").
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
    mean_around,
    nearest_around,
)

_FOCAL_PX, _BASELINE_MM = 615.0, 55.0


def _sense(view: View, draw: Draw) -> Tensor:
    patch, bump = view.patches(4), view.patches(6)
    depth = look_beside(view.depth_mm, 0.4 * patch, 0.4 * bump)
    is_fat = patch + draw["fatness"] > 0
    depth = torch.where(is_fat, nearest_around(depth), depth)
    disparity = mean_around(_FOCAL_PX * _BASELINE_MM / depth)
    disparity = torch.lerp(disparity, mean_around(disparity), draw["softness"])
    disparity = disparity + draw["disparity_std"] * (0.8 * bump + 0.5 * patch) / facing(view).clamp(min=0.3).sqrt()
    lost = view.patches(8) > draw["hole"]
    return (_FOCAL_PX * _BASELINE_MM / disparity.clamp(min=1.0)).masked_fill(lost, 0)


D415 = DepthCamera(
    focal_px=_FOCAL_PX,
    ranges={
        "fatness": (0.0, 1.5),
        "softness": (0.2, 1.0),
        "disparity_std": (0.08, 0.2),
        "hole": (3.2, 4.5),
    },
    sense=_sense,
)
