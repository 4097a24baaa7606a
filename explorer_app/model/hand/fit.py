"""A fit of one frame: the hand that P reads, the hand that lies on the measured depth, and the way between them.

Imports torch, so the window imports it in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from explorer_app.model.latent import LatentCode, LatentScale
from explorer_app.model.pose_error import Difference, mean_error_mm
from lsps_core.config.model import Domain
from lsps_core.data.frame import HandFrame
from lsps_core.fitting import Fitted, Parameters, fit, pixel_distances
from lsps_core.inference import Predictor

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PlacedHand:
    """A hand beside a frame. pose [J, 3]; error_mm against the annotation, None without one; residual_mm as `Fitted`
    has it, NaN with too few depth points; distances: from each pixel of the frame to its skin, with the pixels that are
    not compared, such as those of the forearm."""

    pose: FloatArray
    error_mm: float | None
    residual_mm: float
    distances: Difference

    @property
    def error_text(self) -> str:
        """Empty without an annotation."""
        return f"{self.error_mm:.1f} mm off" if self.error_mm is not None else ""

    @property
    def residual_text(self) -> str:
        return f"residual {self.residual_mm:.1f} mm" if np.isfinite(self.residual_mm) else "too few depth points"


@dataclass(frozen=True, eq=False)
class FrameFit:
    """before: the pose that P reads. after: the fitted pose, with its size and shift applied.

    is_fitted: False where no better hand was found; then `after` is the mean of what P reads of rotated copies, or
    `before` if the frame was tracked. path: the code of P, then those of the fit's steps from its best start, or of
    that mean. size: relative to the model's hand. fitted: what the next frame of a recording starts from.
    """

    before: PlacedHand
    after: PlacedHand
    is_fitted: bool
    path: tuple[LatentCode, ...]
    size: float
    fitted: Fitted

    @property
    def code(self) -> LatentCode:
        return self.path[-1]

    @property
    def size_text(self) -> str:
        return f"size {self.size:.0%}".replace("%", " %")

    @property
    def line(self) -> str:
        """What the fit changed, in a few words."""
        if not np.isfinite(self.after.residual_mm):
            return "too few depth points to fit"
        if not self.is_fitted:
            shown = ": mean of rotated copies" if len(self.path) > 1 else ""  # not of a tracked frame
            return f"no better hand found{shown}, residual {self.after.residual_mm:.1f} mm"
        if self.before.error_mm is None or self.after.error_mm is None:
            return f"residual {self.before.residual_mm:.1f} → {self.after.residual_mm:.1f} mm"
        return f"{self.before.error_mm:.1f} → {self.after.error_mm:.1f} mm off"


def fit_frame(
    predictor: Predictor,
    scale: LatentScale,
    frame: HandFrame,
    image: torch.Tensor,
    domain: Domain,
    code: LatentCode,
    last: Fitted | None,
) -> FrameFit:
    """image [1, 1, 128, 128] of the frame, code: what P reads of it -> its fit. last: the frame before's, to track."""
    cube = torch.from_numpy(frame.center_mm)[None], torch.tensor([frame.half_mm])
    fitted = fit(predictor, image, *cube, domain=domain, start=last)
    latent = scale.to_latent(code)
    read = Parameters(torch.from_numpy(latent)[None], torch.ones(1), torch.zeros(1, 3))
    hands = (
        (predictor.pose_decoder(latent), fitted.start_residual_mm, read),
        (fitted.pose[0].cpu().numpy(), fitted.residual_mm, fitted.parameters),
    )
    before, after = (
        PlacedHand(
            pose=pose,
            error_mm=mean_error_mm(pose, frame),
            residual_mm=float(residual_mm[0]),
            distances=_at_size(pixel_distances(predictor, image, *cube, parameters)[0].cpu().numpy(), frame),
        )
        for pose, residual_mm, parameters in hands
    )
    is_fitted = bool(fitted.is_fitted[0])
    path = [code]
    for step in [*(fitted.trace_latent[0] if is_fitted else []), fitted.pose_latent[0]]:
        there = scale.to_code(step.cpu().numpy())
        if there != path[-1]:  # a fit rests once it gains no more
            path.append(there)
    return FrameFit(
        before=before,
        after=after,
        is_fitted=is_fitted,
        path=tuple(path),
        size=float(fitted.size[0]),
        fitted=fitted,
    )


def _at_size(distances_mm: FloatArray, frame: HandFrame) -> Difference:
    """distances_mm [128, 128] at the size of the frame's crop."""
    size = frame.depth_mm.shape[-1]
    nearest = np.arange(size) * len(distances_mm) // size
    mm = distances_mm[nearest][:, nearest]
    is_left_out = (frame.depth_mm > 0) & ~np.isfinite(mm)
    mean_mm = float(np.nanmean(np.abs(mm))) if np.isfinite(mm).any() else None
    return Difference(mm, is_left_out, mean_mm, float(is_left_out.mean()))
