"""What a model reads in every frame of the opened data, in the order of time. Use it in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
Progress = Callable[[int, int], None]
UNTIMED_RATE = 30.0
MEASURES = ("residual_mm", "disagreement_mm")
"""Arrays that take tens of times longer than the codes: `FrameSequence.measure` fills them in."""
_BLOCK, _MEASURED_BLOCK = 32, 8


class FrameSequence:
    """Arrays of N frames, NaN where nothing is known (yet): a frame without a hand, or that cannot be read.

    times_s [N]. codes [N, 20] in σ. joints_mm [N, J, 3] in the camera's frame. error_mm, typicality, disagreement_mm
    [N]. residual_mm [N]: of the fits in a store of fitted hands, otherwise of the hands that are read. is_read [N]:
    which frames were looked at; a thread fills them in. measured: which of MEASURES are known.
    """

    def __init__(self, data: Data, model: HandModel, domain: Domain) -> None:
        self.data, self.model, self.domain = data, model, domain
        count = len(data)
        self.is_timed = data.times_s is not None
        self.times_s = data.times_s if data.times_s is not None else np.arange(count) / UNTIMED_RATE
        self.codes = _unknown(count, len(model.scale.mean))
        self.joints_mm = _unknown(count, model.skeleton.joint_count, 3)
        self.error_mm, self.typicality, self.disagreement_mm = _unknown(count), _unknown(count), _unknown(count)
        residual_mm = getattr(data, "fit_residual_mm", None)
        self.is_fitted = residual_mm is not None
        self.residual_mm: FloatArray = _unknown(count) if residual_mm is None else residual_mm
        self.is_read = np.zeros(count, dtype=bool)
        self.measured = {"residual_mm"} if self.is_fitted else set()

    def read(self, progress: Progress, part: slice = slice(None)) -> FrameSequence:
        """Fill in all frames, or a part, the hand followed from one to the next; progress may raise to stop."""
        start, end, _ = part.indices(len(self.times_s))
        for first, stop, views in self._blocks(start, end, _BLOCK):
            if views:
                self._take(views)
            self.is_read[first:stop] = True
            progress(stop - start, end - start)
        return self

    def measure(self, name: str, progress: Progress) -> FrameSequence:
        """Fill in one of MEASURES, unless it is known; progress as in `read`."""
        if name in self.measured:
            return self
        count = len(self.times_s)
        measure = {"disagreement_mm": self.model.disagreement_mm, "residual_mm": self.model.residual_mm}[name]
        for _, stop, views in self._blocks(0, count, _MEASURED_BLOCK):
            if views:
                getattr(self, name)[[view.index for view in views]] = measure(*_arrays(views), self.domain)
            progress(stop, count)
        self.measured.add(name)
        return self

    def _blocks(self, start: int, end: int, size: int) -> Iterator[tuple[int, int, list[FrameView]]]:
        """Blocks of frames: the first of each, the first beyond it, and those between that have a hand."""
        before: FrameView | None = None
        for first in range(start, end, size):
            views = []
            stop = min(first + size, end)
            for index in range(first, stop):
                try:
                    before = self.data.view(index, before)
                except ValueError:  # it cannot be read; browsing to it says why
                    continue
                if not before.complaint:
                    views.append(before)
            yield first, stop, views

    def _take(self, views: Sequence[FrameView]) -> None:
        frames = [view.frame for view in views]
        latents = self.model.pose_latents(*_arrays(views), self.domain)
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


def _arrays(views: Sequence[FrameView]) -> tuple[npt.NDArray[np.uint16], FloatArray, FloatArray]:
    """depth_mm [B, S, S], center_mm [B, 3] and half_mm [B]."""
    frames = [view.frame for view in views]
    return (
        np.stack([frame.depth_mm for frame in frames]),
        np.stack([frame.center_mm for frame in frames]),
        np.array([frame.half_mm for frame in frames], dtype=np.float32),
    )


def _unknown(*shape: int) -> FloatArray:
    return np.full(shape, np.nan, dtype=np.float32)
