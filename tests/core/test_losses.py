"""Every term against an independent formula."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from lsps_core import losses


@pytest.fixture
def draw():
    generator = torch.Generator().manual_seed(0)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_gaussian_kl_is_torchs_own(draw):
    mean, std = draw(8, 20), draw(8, 20).exp()
    expected = kl_divergence(Normal(mean, std), Normal(0.0, 1.0)).sum(dim=1).mean()
    torch.testing.assert_close(losses.gaussian_kl(mean, std), expected)
    assert losses.gaussian_kl(torch.zeros(2, 20), torch.ones(2, 20)) == 0


def test_unit_variance_kl_is_torchs_own_per_element(draw):
    mean = draw(3, 4, 5, 5).float()
    expected = kl_divergence(Normal(mean, torch.ones_like(mean)), Normal(0.0, 1.0)).mean()
    torch.testing.assert_close(losses.unit_variance_kl(mean), expected)


def test_reconstruction_is_the_mean_absolute_difference(draw):
    output, target = draw(2, 1, 8, 8).float(), draw(2, 1, 8, 8).float()
    torch.testing.assert_close(losses.reconstruction(output, target), (output - target).abs().mean())


def test_adversarial_terms_are_the_logarithms_of_the_paper(draw):
    true, fake, other = draw(2, 1, 3, 3).float(), draw(2, 1, 3, 3).float(), draw(3, 1, 3, 3).float()
    judged = -(true.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean() + (1 - other.sigmoid()).log().mean())
    torch.testing.assert_close(losses.discriminator_adversarial(true, fake, other), judged)
    torch.testing.assert_close(losses.generator_adversarial(fake), -fake.sigmoid().log().mean())
    extreme = torch.full((1, 1, 3, 3), 1e4)
    assert losses.discriminator_adversarial(-extreme, extreme).isfinite()


def test_mapping_is_the_root_mean_square_of_each_frame(draw):
    mapped, code = draw(4, 8, 4, 4).float(), draw(4, 8, 4, 4).float()
    expected = torch.stack([(a - b).square().mean().sqrt() for a, b in zip(mapped, code, strict=True)]).mean()
    torch.testing.assert_close(losses.mapping(mapped, code), expected)


def test_posterior_is_the_2_norm_over_the_latent(draw):
    estimate, latent = draw(4, 20).float(), draw(4, 20).float()
    expected = torch.linalg.vector_norm(estimate - latent, dim=1).mean()
    torch.testing.assert_close(losses.posterior(estimate, latent), expected)


def test_feature_matching_is_the_mean_absolute_difference(draw):
    features, other = draw(2, 8, 4, 4).float(), draw(2, 8, 4, 4).float()
    torch.testing.assert_close(losses.feature_matching(features, other), (features - other).abs().mean())


@pytest.mark.parametrize("term", [losses.mapping, losses.posterior])
def test_norms_have_a_finite_gradient_at_zero(term):
    same = torch.ones(2, 20, requires_grad=True)
    term(same, torch.ones(2, 20)).backward()
    assert same.grad.isfinite().all()


def test_terms_of_reduced_precision_are_summed_in_float32():
    output = torch.full((1, 1, 64, 64), 0.3, dtype=torch.bfloat16)
    assert losses.reconstruction(output, torch.zeros(1, 1, 64, 64)).dtype == torch.float32
