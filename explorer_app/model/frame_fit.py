"""A fit of one frame: the hand that P reads, the hand that lies on the measured depth, and the way between them.

Imports torch, so the window imports it in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from explorer_app.model.latent import LatentCode, LatentScale
from explorer_app.model.pose_error import mean_error_mm
from lsps_core.config import Domain
from lsps_core.data.frame import HandFrame
from lsps_core.fitting import Fitted, fit
from lsps_core.inference import Predictor

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PlacedHand:
    """A hand beside a frame. pose [J, 3]; error_mm against the annotation, None without one; residual_mm as `Fitted`
    has it, NaN with too few depth points."""

    pose: FloatArray
    error_mm: float | None
    residual_mm: float


@dataclass(frozen=True, eq=False)
class FrameFit:
    """before: the pose that P reads. after: the fitted pose, with its size and shift applied.

    is_fitted: False where no better hand was found; then `after` is `before`. path: codes from that of P to the fitted
    one. size: relative to the model's hand. fitted: what the next frame of a recording starts from.
    """

    before: PlacedHand
    after: PlacedHand
    is_fitted: bool
    path: tuple[LatentCode, ...]
    size: float
    shift_mm: FloatArray
    fitted: Fitted

    @property
    def code(self) -> LatentCode:
        return self.path[-1]

    @property
    def line(self) -> str:
        """What the fit changed, in a few words."""
        if not np.isfinite(self.after.residual_mm):
            return "too few depth points to fit"
        if not self.is_fitted:
            return f"no better hand found, residual {self.after.residual_mm:.1f} mm"
        before, after, what = self.before.error_mm, self.after.error_mm, "off"
        if before is None or after is None:
            before, after, what = self.before.residual_mm, self.after.residual_mm, "residual"
        return f"{before:.1f} → {after:.1f} mm {what}"


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
    center_mm, half_mm = torch.from_numpy(frame.center_mm)[None], torch.tensor([frame.half_mm])
    fitted = fit(predictor, image, center_mm, half_mm, domain=domain, start=last)
    before = predictor.pose_decoder(scale.to_latent(code))
    after: FloatArray = fitted.pose[0].cpu().numpy()
    is_fitted = bool(fitted.is_fitted[0])
    return FrameFit(
        before=PlacedHand(before, mean_error_mm(before, frame), float(fitted.start_residual_mm[0])),
        after=PlacedHand(after, mean_error_mm(after, frame), float(fitted.residual_mm[0])),
        is_fitted=is_fitted,
        path=(code, scale.to_code(fitted.pose_latent[0].cpu().numpy())) if is_fitted else (code,),
        size=float(fitted.size[0]),
        shift_mm=fitted.shift_mm[0].cpu().numpy(),
        fitted=fitted,
    )
