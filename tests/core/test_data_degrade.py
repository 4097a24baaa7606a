"""Faults of depth cameras, put into clean pictures."""

from __future__ import annotations

import pytest
import torch

from lsps_core.data.augmentation import degrade as faults
from lsps_core.data.augmentation.degrade import degrade
from lsps_core.data.crop import BACKGROUND

STRENGTHS = ["_JITTER", "_NOISE", "_WAVES", "_LOST", "_FLYING", "_HOLES", "_CUT_SHARE"]


def steps(count: int = 32) -> torch.Tensor:
    """A near square on a far one on the background, in every image."""
    image = torch.full((count, 1, 128, 128), BACKGROUND)
    image[:, :, 24:104, 24:104] = 0.4
    image[:, :, 44:84, 44:84] = -0.4
    return image


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def only(monkeypatch):
    """`only(name)`: all faults but one have no strength."""

    def keep(name: str) -> None:
        for other in STRENGTHS:
            if other != name:
                monkeypatch.setattr(faults, other, 0.0)

    return keep


def test_a_generator_decides_and_the_image_stays():
    image = steps()
    first, again, other = degrade(image, seeded()), degrade(image, seeded()), degrade(image, seeded(2))
    assert torch.equal(image, steps())
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.abs().max() <= 1
    assert first.shape == image.shape


def test_without_strength_nothing_changes(only):
    only("none")
    assert torch.equal(degrade(steps(), seeded()), steps())


def test_strengths_differ_from_image_to_image():
    is_lost = (degrade(steps(), seeded()) == BACKGROUND) & (steps() < BACKGROUND)
    share = is_lost.float().mean(dim=(1, 2, 3))
    assert share.max() > 3 * share.min()


def test_jitter_moves_outlines_by_pixels_and_leaves_the_rest(only):
    only("_JITTER")
    found = degrade(steps(), seeded())
    assert set(found.unique().tolist()) == set(steps().unique().tolist())
    is_changed = (found != steps())[:, 0].any(dim=0)
    assert is_changed[22:27, 40:90].any()
    assert not is_changed[54:74, 54:74].any()  # ten pixels from every outline
    assert not is_changed[:14].any()


@pytest.mark.parametrize("name", ["_NOISE", "_WAVES"])
def test_noise_is_of_depth_alone(only, name):
    only(name)
    found = degrade(steps(), seeded())
    assert ((found < BACKGROUND) == (steps() < BACKGROUND)).all()
    off = (found - steps())[steps() < BACKGROUND]
    assert off.mean().abs() < 0.003
    assert 0.005 < off.std() < 0.03


def test_edges_lose_readings_or_get_some_in_between(only):
    only("_LOST")
    is_lost = degrade(steps(), seeded()) != steps()
    assert not is_lost[:, :, 50:78, 50:78].any()
    assert 0.1 < is_lost[:, :, 44, 44:84].float().mean() < 0.5


def test_flying_pixels_lie_between_near_and_far(only):
    only("_FLYING")
    found = degrade(steps(), seeded())
    flying = found[found != steps()]
    assert 0.01 < (found != steps())[:, :, 44, 44:84].float().mean() < 0.25
    assert flying.min() >= -0.4 - 1e-6
    assert ((flying > -0.39) & (flying < 0.39)).any()


def test_holes_take_their_share(only):
    only("_HOLES")
    share = (degrade(steps(), seeded()) == BACKGROUND)[:, :, 24:104, 24:104].float().mean()
    assert 0.02 < share < 0.1  # half of the largest strength on average


def test_a_rectangle_is_cut_out_of_some(only):
    only("_CUT_SHARE")
    is_cut = (degrade(steps(), seeded()) != steps())[:, 0]
    assert 2 <= is_cut.any(dim=(1, 2)).sum() <= 16
    for cut in is_cut[is_cut.any(dim=(1, 2))]:
        rows, columns = cut.any(dim=1), cut.any(dim=0)
        assert torch.equal(cut, rows[:, None] & columns)
