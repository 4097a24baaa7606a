"""Distances of a frame's pixels from a hand, against those of the points that a fit compares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lsps_core.data.crop import normalise
from lsps_core.data.store import FrameStore
from lsps_core.fitting import Parameters, fit, pixel_distances
from lsps_core.fitting.observation import crop_pixels
from lsps_core.inference import Predictor
from lsps_core.skeleton import Skeleton

RESOURCES = Path(__file__).parents[2] / "resources"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(RESOURCES / "models" / "compact.safetensors")


@pytest.fixture(scope="module")
def frames():
    """(image, center_mm, half_mm) of two frames."""
    with FrameStore(RESOURCES / "samples" / "sensor.h5") as store:
        center, half = torch.from_numpy(store.center_mm[:2]), torch.from_numpy(store.half_mm[:2])
        return normalise(torch.from_numpy(store.depth_mm(slice(0, 2)).astype(np.float32)), center, half), center, half


def test_a_pixels_distance_is_that_of_its_point(predictor, frames):
    image, center, half = frames
    fitted = fit(predictor, *frames, steps=3)
    distances = pixel_distances(predictor, *frames, fitted.parameters)
    column, row = crop_pixels(fitted.points_mm, center, half, image.shape[-1])[0].round().long().unbind(dim=-1)
    found = distances[torch.arange(2)[:, None], row, column]
    is_compared = found.isfinite()
    assert 0.4 < float(is_compared.float().mean()) < 1  # the forearm is not
    torch.testing.assert_close(found[is_compared], fitted.distances_mm[is_compared], atol=1e-2, rtol=0)
    assert distances[image[:, 0] >= 1].isnan().all()


def test_a_hand_without_the_simulators_joints_has_no_skin(predictor, frames):
    other = replace(predictor.checkpoint, skeleton=_renamed(predictor.checkpoint.skeleton))
    hands = Parameters(torch.zeros(2, 20), torch.ones(2), torch.zeros(2, 3))
    assert pixel_distances(Predictor(other), *frames, hands).isnan().all()


def _renamed(skeleton: Skeleton) -> Skeleton:
    return replace(skeleton, name="other", joints=("elbow", *skeleton.joints[1:]))
