"""Intel's SR300 and SR305: stripes in time from a projector on the right, each pixel decoded by itself.

Outlines are smooth, with a few solid bites where a surface turns away and returns too little light; what lies in the
shadow of something nearer has no reading. Tuned on six frames of an SR305: tests/benchmarks/camera_statistics.py.
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
    nearest_around,
    shadow_px,
)

_EDGE_MM = 12.0


def _sense(view: View, draw: Draw) -> Tensor:
    patch, grain = view.patches(4), view.normal()
    depth = look_beside(view.depth_mm, draw["wave_px"] * view.patches(5), draw["wave_px"] * patch)
    near = nearest_around(depth)
    is_outline = farthest_around(depth) - depth > _EDGE_MM
    cosine = facing(view)
    light = cosine + draw["bite"] * patch + draw["grain"] * grain - draw["outline"] * is_outline
    shadow = shadow_px(view, draw["baseline_mm"])
    lost = (light < draw["least_light"]) | (shadow * (1 + 0.3 * patch) > draw["shadow_from_px"])
    depth = torch.where((near < depth - _EDGE_MM) & (patch > draw["bridge"]), near + 3.0, depth)
    noise = draw["noise"] * (depth / 600.0).square() / cosine.clamp(min=0.2)
    return (depth + noise * (0.7 * grain + 0.7 * patch)).masked_fill(lost, 0)


SR300 = DepthCamera(
    focal_px=476.0,
    ranges={
        "wave_px": (0.3, 0.6),
        "bite": (0.09, 0.17),
        "grain": (0.02, 0.05),
        "outline": (0.15, 0.35),
        "least_light": (0.1, 0.25),
        "baseline_mm": (50.0, 75.0),
        "shadow_from_px": (0.3, 0.9),
        "bridge": (1.8, 2.8),
        "noise": (0.02, 0.15),
    },
    sense=_sense,
)
