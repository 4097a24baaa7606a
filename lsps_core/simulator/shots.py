"""Pictures of scenes: where the cube lies, and what the camera makes of it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.simulator.cameras.mix import CameraMix, draw_cameras
from lsps_core.simulator.cameras.registry import chosen
from lsps_core.simulator.found import Look, find_hands
from lsps_core.simulator.render import cut_to_cube, pixel_points, render
from lsps_core.simulator.scene import Scene
from lsps_core.simulator.sensor import sense
from lsps_core.simulator.settings import PALM, SEEN_BY, SimulationSettings
from lsps_core.simulator.surface import SphereMesh

FRAME_SIZE = 128
HALF_MM = 125.0
LOST_MM = 80.0
"""From the hand's visible middle to a found centre: one farther off is another part of the body."""
_CENTER_STD_MM = 4.0
"""Of the sensor domain's crop centre around the hand's visible middle, along each axis."""
_COARSE_SIZE = 64  # finds the middle of a surface to a millimetre or two at a quarter of the cost


class Shots(NamedTuple):
    """B pictures: depth_mm [B, 128, 128] in whole mm, center_mm [B, 3], camera int64 [B], an index into SEEN_BY."""

    depth_mm: Tensor
    center_mm: Tensor
    camera: Tensor


def take_frames(scene: Scene, camera: torch.Generator | None, settings: SimulationSettings = PALM) -> Shots:
    """Pictures of B scenes in cubes of HALF_MM.

    camera: draws a depth camera's noise, and an inexact crop unless that is found; None for a clean image and an exact
    crop. A found crop that has lost the hand (LOST_MM) is replaced by the other, since its label would be of no use.
    """
    half = torch.full((len(scene),), HALF_MM, device=scene.joints_mm.device)
    center = visible_center_mm(scene.hand, scene.joints_mm.mean(dim=1), half)
    look, index = camera_look(scene, camera, settings)
    middle = center
    if camera is not None:
        center = center + _CENTER_STD_MM * torch.randn(center.shape, generator=camera, device=center.device)
    if settings.crop == "found":
        found, is_found = find_hands(scene, middle[:, 2], look)
        is_found &= (found - middle).norm(dim=1) < LOST_MM
        center = torch.where(is_found[:, None], found, center)
    depth = look(scene.render(center, half, size=FRAME_SIZE), center, half)
    return Shots(cut_to_cube(depth, center, half).round_(), center, index)


def camera_look(scene: Scene, generator: torch.Generator | None, settings: SimulationSettings) -> tuple[Look, Tensor]:
    """(what the camera of each scene makes of a picture, index of each into SEEN_BY)."""
    nothing = torch.zeros(len(scene), dtype=torch.int64, device=scene.joints_mm.device)
    if generator is None:
        return lambda clean, _center, _half: clean, nothing
    cameras = None if settings.camera is None else draw_cameras(chosen(settings.camera), len(scene), generator)
    index = nothing + SEEN_BY.index("sensor") if cameras is None else SEEN_BY.index("sensor") + 1 + cameras.index

    def look(clean_mm: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
        """Left hands are mirrored for the camera: the projector's shadow falls on their other side."""
        left = scene.is_left.nonzero()[:, 0]
        seen = _sense(_mirrored(clean_mm, left), center_mm, half_mm, cameras, generator)
        return _mirrored(seen, left)

    return look, index


def _mirrored(images: Tensor, places: Tensor) -> Tensor:
    """images [B, H, W], those at places [Q] mirrored."""
    return images.index_copy(0, places, images[places].flip(2)) if len(places) else images


def _sense(
    clean_mm: Tensor, center_mm: Tensor, half_mm: Tensor, cameras: CameraMix | None, generator: torch.Generator
) -> Tensor:
    if cameras is None:
        return sense(clean_mm, center_mm, half_mm, generator)
    return cameras.look(clean_mm, center_mm, half_mm, generator)


def visible_center_mm(hand: SphereMesh, guess_mm: Tensor, half_mm: Tensor) -> Tensor:
    """hand of B without forearm, guess_mm [B, 3] near its middle, half_mm [B] -> mean of its visible points [B, 3]."""
    depth = render(hand, guess_mm, half_mm, size=_COARSE_SIZE)
    is_hit = depth.isfinite()
    points = pixel_points(depth.where(is_hit, 0), guess_mm, half_mm)
    return points.sum(dim=(1, 2)) / is_hit.sum(dim=(1, 2)).clamp(min=1)[:, None]
