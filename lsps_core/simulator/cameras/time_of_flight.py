"""A time-of-flight camera: it measures the phase of modulated light that each pixel gathers.

No shadows, but a pixel at an outline gathers light of both surfaces and reads something in between, often in front of
the background (flying pixels; some are filtered away). Light that reaches a surface by way of others, in a bowl of
fingers and palm, travels farther (multipath), and the phase has a periodic error (Sarbolandi, Lefloch & Kolb 2015,
"Kinect range sensing: structured-light versus time-of-flight Kinect").
"""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor

from lsps_core.simulator.cameras.camera import (
    DepthCamera,
    Draw,
    View,
    facing,
    farthest_around,
    mean_around,
    mean_within,
    nearest_around,
)

_EDGE_MM = 15.0
_WAVE_MM = 300.0


def _sense(view: View, draw: Draw) -> Tensor:
    clean, chance, patch = view.depth_mm, view.uniform(), view.patches(3)
    light = clean.square().reciprocal_()
    gathered = mean_around(light * clean) / mean_around(light)  # mean depth, weighted by the light that comes back
    is_edge = farthest_around(clean) - nearest_around(clean) > _EDGE_MM
    depth = torch.where(
        is_edge & (chance < draw["flying"]), torch.lerp(clean, gathered, chance / draw["flying"]), clean
    )
    grain = view.normal()
    is_filtered = is_edge & (patch + 0.5 * grain > draw["filtered"])

    around = mean_within(torch.minimum(clean, view.z_mm + 125.0), max(2, view.size // 10))
    depth = depth + draw["multipath"] * (clean - around).clamp(0.0, 30.0)
    depth = depth + draw["wiggle_mm"] * torch.sin(2 * pi * depth / _WAVE_MM + draw["phase_rad"])
    slanted = facing(view)
    noise = draw["noise_mm"] * (clean / 600.0).square() / slanted.clamp(min=0.15).sqrt()
    lost = is_filtered | (slanted + 0.05 * patch < draw["least_light"])
    return (depth + noise * (0.9 * grain + 0.4 * patch)).masked_fill(lost, 0)


TOF = DepthCamera(
    focal_px=366.0,
    ranges={
        "flying": (0.6, 0.95),
        "filtered": (0.4, 1.6),
        "multipath": (0.05, 0.25),
        "wiggle_mm": (0.5, 2.5),
        "phase_rad": (0.0, 2 * pi),
        "noise_mm": (0.5, 1.3),
        "least_light": (0.08, 0.16),
    },
    sense=_sense,
)
