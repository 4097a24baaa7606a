"""A generator that gives a depth and a chance of a reading for each pixel."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from lsps_core import losses
from lsps_core.config.model import DOMAINS, ModelConfig
from lsps_core.data.crop import BACKGROUND
from lsps_core.networks.lost_readings import lost_readings
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.start import masked_from_plain


@pytest.fixture(scope="module")
def plain() -> TriDomainModel:
    torch.manual_seed(0)
    return TriDomainModel(ModelConfig(joint_count=21, base_channels=4)).requires_grad_(False)


@pytest.fixture(scope="module")
def masked(plain) -> TriDomainModel:
    """It starts from the plain one."""
    model = TriDomainModel(dataclasses.replace(plain.config, generator="masked"))
    model.load_state_dict(plain.state_dict() | masked_from_plain(plain.state_dict()))
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def code(plain) -> torch.Tensor:
    return 4 * torch.randn(2, *plain.config.depth_latent_shape, generator=torch.Generator().manual_seed(1))


def test_its_depth_is_that_of_the_plain_one_that_it_starts_from(plain, masked, code):
    for domain in DOMAINS:
        expected = plain.generator(code, domain)
        depth, logit = masked.generator.surface(masked.generator.shared(code), domain)
        torch.testing.assert_close(depth, expected, atol=1e-5, rtol=0)
        assert torch.equal(logit > 0, depth < 0.8)


def test_its_image_is_the_mean_of_surface_and_background(masked, code):
    depth, logit = masked.generator.surface(masked.generator.shared(code), "real")
    chance = logit.sigmoid()
    torch.testing.assert_close(masked.generator(code, "real"), chance * depth + (1 - chance) * BACKGROUND)


def test_a_drawing_has_surface_or_background_and_nothing_between(masked, code):
    begun = masked.generator.shared(code)
    depth, logit = masked.generator.surface(begun, "real")
    threshold = torch.full((128, 128), float(logit.median()))
    image = masked.generator.draw(begun, "real", threshold)
    shown = logit > threshold
    assert 0.4 < shown.float().mean() < 0.6
    assert torch.equal(image[shown], depth[shown])
    assert (image[~shown] == BACKGROUND).all()


def test_a_plain_one_is_drawn_as_it_is(plain, code):
    begun = plain.generator.shared(code)
    assert torch.equal(plain.generator.draw(begun, "real", torch.zeros(128, 128)), plain.generator(code, "real"))


@pytest.mark.parametrize("chance", [0.05, 0.5, 0.9])
def test_readings_are_lost_by_their_chance_and_beside_each_other(chance):
    threshold = lost_readings(512)
    shown = (torch.tensor(chance).logit() > threshold).double()
    assert float(shown.mean()) == pytest.approx(chance, abs=0.02)
    beside = torch.corrcoef(torch.stack([shown[:, 1:].flatten(), shown[:, :-1].flatten()]))[0, 1]
    assert beside > 0.3
    assert torch.equal(threshold, lost_readings(512))


def test_the_loss_is_a_cross_entropy_and_l1_where_there_is_a_reading():
    depth, logit = torch.tensor([[0.1, -0.5, 0.3]]), torch.tensor([[2.0, 0.5, -1.0]])
    image = torch.tensor([[0.0, BACKGROUND, 0.2]])
    chance = logit.sigmoid()
    likelihood = torch.stack([chance[0, 0], 1 - chance[0, 1], chance[0, 2]])
    expected = (-likelihood.log().sum() + 0.1 + 0.1) / 3
    torch.testing.assert_close(losses.surface(depth, logit, image), expected)
