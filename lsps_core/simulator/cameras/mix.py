"""A camera for each frame, drawn from several."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lsps_core.simulator.cameras.camera import DepthCamera, Draw
from lsps_core.simulator.cameras.registry import CAMERAS, load


@dataclass(frozen=True, kw_only=True)
class CameraMix:
    """The cameras of B frames and their parameters, so that several pictures of a frame are of one camera.

    index [B]: into CAMERAS. parts: each camera in use, its frames' places and its parameters for them.
    """

    index: Tensor
    parts: tuple[tuple[DepthCamera, Tensor, Draw], ...]

    def look(self, clean_mm: Tensor, center_mm: Tensor, half_mm: Tensor, generator: torch.Generator) -> Tensor:
        """As `DepthCamera.look`."""
        seen = torch.empty_like(clean_mm)
        for camera, places, draw in self.parts:
            seen[places] = camera.look(clean_mm[places], center_mm[places], half_mm[places], draw, generator)
        return seen


def draw_cameras(names: tuple[str, ...], count: int, generator: torch.Generator) -> CameraMix:
    """`count` cameras, each of `names` as likely as the others."""
    order = list(CAMERAS)
    among = torch.tensor([order.index(name) for name in names], device=generator.device)
    index = among[torch.randint(len(names), (count,), generator=generator, device=generator.device)]
    parts = []
    for number in sorted(set(among.tolist())):
        places = (index == number).nonzero()[:, 0]
        camera = load(order[number])
        if len(places):
            parts.append((camera, places, camera.draw(len(places), generator)))
    return CameraMix(index=index, parts=tuple(parts))
