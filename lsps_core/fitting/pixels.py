"""How far each pixel of a frame is from a hand."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from lsps_core.data.crop import FAR_FACE
from lsps_core.fitting.hand import HandModel, Parameters
from lsps_core.fitting.observation import crop_points, observe
from lsps_core.fitting.terms import surface_distances
from lsps_core.inference import Predictor
from lsps_core.simulator.surface import hand_cones


@torch.no_grad()
def pixel_distances(
    predictor: Predictor, images: Tensor, center_mm: Tensor, half_mm: Tensor, hands: Parameters
) -> Tensor:
    """images [B, 1, S, S] as `normalise` makes them, center_mm [B, 3], half_mm [B], B hands -> mm [B, S, S].

    From the hand's skin, negative inside; NaN where nothing was measured, beyond the wrist, and everywhere where the
    skeleton lacks joints of the simulator's hand, which has no skin then.
    """
    model = HandModel.of(predictor)
    images, center_mm, half_mm = (values.to(predictor.device).float() for values in (images, center_mm, half_mm))
    if model.order is None:
        return torch.full_like(images[:, 0], torch.nan)
    is_measured = images[:, 0] < FAR_FACE
    depth_mm = torch.where(is_measured, images[:, 0], 0) * half_mm[:, None, None]
    points_mm = crop_points(depth_mm, center_mm, half_mm).flatten(1, 2)
    seen = replace(observe(images, center_mm, half_mm), points_mm=points_mm, is_point=is_measured.flatten(1))
    spheres = model.spheres(model.at(*hands), half_mm)
    found = surface_distances(seen, spheres, hand_cones(spheres.device))
    return found.value.where(found.weight > 0, torch.nan).view(depth_mm.shape)
