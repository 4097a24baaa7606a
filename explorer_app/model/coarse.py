"""Pictures for while the latent moves, of a model that is too slow for exact ones. Imports torch, as `hand_model`."""

from __future__ import annotations

import time

import torch

from lsps_core.config import POSE_LATENT_SIZE
from lsps_core.inference import Predictor

SLOW_MS = 40.0
"""A decode that takes longer is seen to lag behind the slider."""
_LEAST_GAIN = 1.25
_RUNS = 2


def coarse_predictor(exact: Predictor) -> Predictor | None:
    """The same model in bfloat16; None where the exact one is quick enough or this processor gains nothing by it.

    Decoding at half the size would be quicker still, but takes the fingers off the hand: 20 mm of error against 0.7.
    """
    exact_ms = _decode_ms(exact)
    if exact_ms < SLOW_MS:
        return None
    coarse = Predictor(exact.checkpoint, exact.device, "bfloat16")
    return coarse if _decode_ms(coarse) * _LEAST_GAIN < exact_ms else None


def _decode_ms(predictor: Predictor) -> float:
    """The shortest of a few: the first also makes ready what the later ones use."""
    latent = torch.zeros(1, POSE_LATENT_SIZE)
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        predictor.decode(latent).real.cpu()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)
