"""What a model reads in every frame of the opened data, in the order of time. Use it in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.model.pose_error import mean_error_mm, to_joints_mm
from lsps_core.errors import LspsError

if TYPE_CHECKING:
    from explorer_app.model.data import Data, FrameView
    from explorer_app.model.hand.model import HandModel
    from lsps_core.config.model import Domain

FloatArray = npt.NDArray[np.float32]
UNTIMED_RATE = 30.0
_BLOCK = 32


class FrameSequence:
    """Arrays of N frames, NaN where nothing is known (yet): a frame without a hand, or that cannot be read.

    times_s [N]. codes [N, 20] in σ. joints_mm [N, J, 3] in the camera's frame. error_mm, typicality [N].
    residual_mm [N] of a store of fitted hands. is_read [N]: which frames were looked at; a thread fills them in.
    """

    def __init__(self, data: Data, model: HandModel, domain: Domain) -> None:
        self.data, self.model, self.domain = data, model, domain
        count = len(data)
        self.is_timed = data.times_s is not None
        self.times_s = data.times_s if data.times_s is not None else np.arange(count) / UNTIMED_RATE
        self.codes = _unknown(count, len(model.scale.mean))
        self.joints_mm = _unknown(count, model.skeleton.joint_count, 3)
        self.error_mm, self.typicality = _unknown(count), _unknown(count)
        residual_mm = getattr(data, "fit_residual_mm", None)
        self.residual_mm: FloatArray = _unknown(count) if residual_mm is None else residual_mm
        self.is_read = np.zeros(count, dtype=bool)

    def read(self, progress: Callable[[int, int], None], part: slice = slice(None)) -> FrameSequence:
        """Fill in all frames, or a part, the hand followed from one to the next; progress may raise to stop."""
        before: FrameView | None = None
        start, end, _ = part.indices(len(self.times_s))
        for first in range(start, end, _BLOCK):
            views = []
            stop = min(first + _BLOCK, end)
            for index in range(first, stop):
                try:
                    before = self.data.view(index, before)
                except ValueError:  # it cannot be read; browsing to it says why
                    continue
                if not before.complaint:
                    views.append(before)
            if views:
                self._take(views)
            self.is_read[first:stop] = True
            progress(stop - start, end - start)
        return self

    def _take(self, views: Sequence[FrameView]) -> None:
        frames = [view.frame for view in views]
        latents = self.model.pose_latents(
            np.stack([frame.depth_mm for frame in frames]),
            np.stack([frame.center_mm for frame in frames]),
            np.array([frame.half_mm for frame in frames], dtype=np.float32),
            self.domain,
        )
        poses = self.model.decode_poses(latents)
        places = [view.index for view in views]
        self.codes[places] = (latents - np.array(self.model.scale.mean)) / self.model.scale.usable_std()
        self.joints_mm[places] = [to_joints_mm(pose, frame) for pose, frame in zip(poses, frames, strict=True)]
        errors = [mean_error_mm(pose, frame) for pose, frame in zip(poses, frames, strict=True)]
        self.error_mm[places] = [np.nan if error is None else error for error in errors]
        try:
            self.typicality[places] = self.model.prior.typicality_of(latents)
        except LspsError:
            return  # a model without a fitted prior


def _unknown(*shape: int) -> FloatArray:
    return np.full(shape, np.nan, dtype=np.float32)
