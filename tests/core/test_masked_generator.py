"""A generator that gives a depth and a chance of a reading for each pixel."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from lsps_core import losses
from lsps_core.config.model import DOMAINS, ModelConfig
from lsps_core.data.crop import BACKGROUND
from lsps_core.networks import depth_vae
from lsps_core.networks.camera_noise import camera_noise
from lsps_core.networks.depth_vae import masked_from_plain
from lsps_core.networks.tri_domain import TriDomainModel


@pytest.fixture(scope="module")
def plain() -> TriDomainModel:
    torch.manual_seed(0)
    return TriDomainModel(ModelConfig(joint_count=21, base_channels=4)).requires_grad_(False)


@pytest.fixture(scope="module")
def masked(plain) -> TriDomainModel:
    """It starts from the plain one."""
    model = TriDomainModel(dataclasses.replace(plain.config, generator="masked"))
    weights = plain.state_dict()
    for domain in DOMAINS:
        last = [f"generator.own.{domain}.5.{part}" for part in ("weight", "bias")]
        weights |= zip(last, masked_from_plain(*(weights[name] for name in last)), strict=True)
    model.load_state_dict(weights)
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def code(plain) -> torch.Tensor:
    return 4 * torch.randn(2, *plain.config.depth_latent_shape, generator=torch.Generator().manual_seed(1))


def test_its_picture_is_that_of_the_plain_one_that_it_starts_from_without_checkerboards(plain, masked, code):
    for domain in DOMAINS:
        before = plain.generator(code, domain).atanh()
        depth, logit = masked.generator.surface(masked.generator.shared(code), domain)
        torch.testing.assert_close(depth[..., 1:-1, 1:-1].atanh(), blurred(before), atol=1e-3, rtol=0)
        assert torch.equal(logit > 0, depth < 0.8)


def blurred(image):
    """[B, 1, S, S] -> [B, 1, S - 2, S - 2]: by the weights 1, 2, 1 of both directions."""
    across = (image[..., :-2] + 2 * image[..., 1:-1] + image[..., 2:]) / 4
    return (across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]) / 4


def test_its_image_is_the_mean_of_surface_and_background(masked, code):
    depth, logit = masked.generator.surface(masked.generator.shared(code), "real")
    chance = logit.sigmoid()
    torch.testing.assert_close(masked.generator(code, "real"), chance * depth + (1 - chance) * BACKGROUND)


def test_a_drawing_has_surface_or_background_and_no_specks(masked, code, monkeypatch):
    begun = masked.generator.shared(code)
    depth, logit = masked.generator.surface(begun, "real")
    logit = torch.full_like(logit, -1.0)
    logit[..., 40:] = 1.0  # a hand
    logit[..., 20:24, 60:] = -1.0  # a gap between fingers
    hand = logit > 0
    logit[..., 90:93, 10:13] = 1.0  # a speck
    monkeypatch.setattr(masked.generator, "surface", lambda *_: (depth, logit))
    image = masked.generator.draw(begun, "real", None)
    assert torch.equal(image[hand], depth[hand])
    assert (image[~hand] == BACKGROUND).all()


def test_noise_moves_an_outline_and_more_where_it_is_not_sure(masked, monkeypatch):
    """A disc whose logit falls by some steepness from its outline, 40 px from the middle."""
    steps = torch.arange(128) - 63.5
    radius = torch.hypot(steps, steps[:, None])[None, None]
    for steepness in (0.5, 50.0):
        parts = torch.zeros(1, 1, 128, 128), steepness * (40 - radius)
        monkeypatch.setattr(masked.generator, "surface", lambda *_, parts=parts: parts)
        for noise in (0.0, 2.0):
            shown = masked.generator.draw(parts[0], "real", torch.full((128, 128), noise)) < BACKGROUND
            inwards = noise * (depth_vae._FRAYS_PX + depth_vae._LOST / steepness)
            assert float(shown.sum().div(torch.pi).sqrt()) == pytest.approx(40 - inwards, abs=0.1)


def test_a_plain_one_is_drawn_as_it_is(plain, code):
    begun = plain.generator.shared(code)
    assert torch.equal(plain.generator.draw(begun, "real", None), plain.generator(code, "real"))


def test_the_cameras_noise_is_always_the_same_and_alike_in_neighbours():
    noise = camera_noise(512)
    assert torch.equal(noise, camera_noise(512))
    assert abs(float(noise.mean())) < 0.02
    assert float(noise.std()) == pytest.approx(1, abs=0.02)
    assert torch.corrcoef(torch.stack([noise[:, 1:].flatten(), noise[:, :-1].flatten()]))[0, 1] > 0.3


def test_the_loss_is_a_cross_entropy_and_l1_where_there_is_a_reading():
    depth, logit = torch.tensor([[0.1, -0.5, 0.3]]), torch.tensor([[2.0, 0.5, -1.0]])
    image = torch.tensor([[0.0, BACKGROUND, 0.2]])
    chance = logit.sigmoid()
    likelihood = torch.stack([chance[0, 0], 1 - chance[0, 1], chance[0, 2]])
    expected = (-likelihood.log().sum() + 0.1 + 0.1) / 3
    torch.testing.assert_close(losses.surface(depth, logit, image), expected)


def test_a_pixel_that_may_have_lost_its_reading_does_not_count():
    image = torch.full((1, 1, 9, 9), BACKGROUND)
    image[..., :2] = 0.0
    logit = torch.zeros(1, 1, 9, 9, requires_grad=True)
    losses.surface(torch.zeros(1, 1, 9, 9), logit, image, unsure_px=3).backward()
    assert logit.grad is not None
    assert (logit.grad[..., :2] < 0).all()
    assert (logit.grad[..., 2:5] == 0).all()
    assert (logit.grad[..., 5:] > 0).all()
