"""A planned walk with its model: images and poses at any position. Create it in a thread, since it may compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from explorer_app.model.latent import LatentCode
from explorer_app.model.walk import Path, WalkPlan

if TYPE_CHECKING:  # imports torch
    from explorer_app.model.hand.model import HandModel, Pictures

_STEPS = 32
"""Codes from one keyframe to the next of a walk through hands; straight between them."""


class WalkFrames:
    """Usable from any thread; ValueError for a plan of fewer than two keyframes."""

    def __init__(self, model: HandModel, plan: WalkPlan) -> None:
        self.model, self.plan = model, plan
        if plan.space == "depth":
            points = model.depth_latents(plan.keyframes)
            self._shape = points.shape[1:]
            self._path = Path(points.reshape(len(points), -1), plan.path, plan.is_closed)
        elif plan.path == "hands":
            ends = (*plan.keyframes, plan.keyframes[0]) if plan.is_closed else plan.keyframes
            self._path = Path(model.prior.through_hands(ends, _STEPS))
        else:
            points = np.stack([model.scale.to_latent(code) for code in plan.keyframes])
            self._path = Path(points, plan.path, plan.is_closed)
        self._path.at(0.0)  # import everything here

    def code_at(self, position: float) -> LatentCode:
        """The latent at a position of a walk between pose latents; takes microseconds. Exact at keyframes."""
        plan = self.plan
        row = int(position) % len(plan.keyframes)
        if position == int(position):
            return plan.keyframes[row]
        steps = _STEPS * (position % plan.length) if plan.path == "hands" else position
        return self.model.scale.to_code(self._path.at(steps))

    def pictures_at(self, positions: Sequence[float]) -> list[Pictures]:
        """One batch; in depth space `latent` is the code of the shown pose."""
        if self.plan.space == "pose":
            return self.model.decode_many([self.code_at(position) for position in positions])
        points = np.stack([self._path.at(position) for position in positions])
        return self.model.decode_depth_latents(points.reshape(len(points), *self._shape))
