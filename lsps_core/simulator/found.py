"""Where the search for a hand in a raw frame finds the hands of simulated scenes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lsps_core.camera import SIMULATED, Camera
from lsps_core.simulator.cameras.camera import nearest_around
from lsps_core.simulator.render import render
from lsps_core.simulator.scene import Scene
from lsps_core.simulator.surface import SphereMesh

Look = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(clean depth, center_mm, half_mm) -> what a camera sees, 0 = no reading; see `DepthCamera.look`."""

SEARCH_PX = 96
"""Breadth of the whole image that is searched. 128 hands from all sides, SR300: the centres are 20 mm off in the
median on the grid of real images (320 px), 21 on 96 px and 33 on 64; a search of 96 px takes 1 ms."""
_UPPER_ARM_MM = 320.0
_NEAREST_MM = 160.0


def find_hands(scene: Scene, z_mm: Tensor, look: Look) -> tuple[Tensor, Tensor]:
    """A scene of B, the hands' depth z_mm [B] -> centres [B, 3] that the search finds, and whether it found any [B]."""
    from lsps_core.data.hand_search import find_centers  # imports scipy, which true crops do not need

    images, camera = whole_images(scene, z_mm, look, SEARCH_PX)
    found, is_found = find_centers(images.cpu().numpy(), camera)
    return torch.from_numpy(found).to(z_mm), torch.from_numpy(is_found).to(z_mm.device)


def whole_images(scene: Scene, z_mm: Tensor, look: Look, width_px: int) -> tuple[Tensor, Camera]:
    """(the camera's images of B scenes [B, H, W] in mm, 0 = no reading, in a format of 4 : 3; their camera).

    They show all of the scene, and the upper arm, coarser than the camera does. A wall behind is left out: as long as
    it is farther off than an arm, it does not change what is found. z_mm [B]: the hands' depth.
    """
    center = torch.stack([torch.zeros_like(z_mm), torch.zeros_like(z_mm), z_mm], dim=1)
    half = z_mm * SIMULATED.cx / SIMULATED.fx
    height_px = round(width_px * SIMULATED.cy / SIMULATED.cx)
    top, scale = (width_px - height_px) // 2, width_px / (2 * SIMULATED.cx)
    arms = render(_upper_arms(scene), center, half, size=width_px)
    clean = torch.minimum(scene.render(center, half, size=width_px), arms)[:, top : top + height_px]
    seen = look(clean, center, half)
    seen = torch.where((nearest_around(clean) < torch.inf) & (seen < torch.inf), seen, 0)
    middle = (width_px - 1) / 2
    return seen, Camera(fx=SIMULATED.fx * scale, fy=SIMULATED.fy * scale, cx=middle, cy=middle - top)


def _upper_arms(scene: Scene) -> SphereMesh:
    """From the forearms' ends on, so that the body does not end there; not so far that the camera would be inside."""
    elbow = scene.arm.centers_mm[:, -2:].mean(dim=1)
    along = scene.forearm
    room = (elbow[:, 2] - _NEAREST_MM).clamp(min=0) / (-along[:, 2]).clamp(min=1e-3)
    length = torch.where(along[:, 2] < 0, room, torch.inf).clamp(max=_UPPER_ARM_MM)
    ends = torch.stack([elbow, elbow + length[:, None] * along], dim=1)
    radii = scene.arm.radii_mm[:, -1:].expand(-1, 2)
    return SphereMesh(centers_mm=ends, radii_mm=radii, cones=torch.tensor([[0, 1]], device=ends.device))
