"""The fitted prior: draws, density and typicality of codes on folds that N(0, I) does not know."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from lsps_core.prior import FittedPrior


def ring(count: int, seed: int = 0) -> torch.Tensor:
    """Codes [N, 4] on a circle around an empty middle, ten times as many on one half."""
    generator = torch.Generator().manual_seed(seed)
    angle = math.pi * torch.rand(count, generator=generator)
    angle += math.pi * (torch.rand(count, generator=generator) < 0.1)
    flat = 0.1 * torch.randn(count, 2, generator=generator)
    return torch.cat([3 * torch.stack([angle.cos(), angle.sin()], dim=1), flat], dim=1)


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_draws_lie_on_the_ring_and_not_in_its_middle():
    drawn = FittedPrior(ring(500)).sample(1000, seeded())
    radius = drawn[:, :2].norm(dim=1)
    assert ((radius > 2) & (radius < 4)).float().mean() > 0.98
    assert (drawn[:, 1] > 0).float().mean() > 0.8
    assert drawn.shape == (1000, 4)
    assert torch.equal(drawn, FittedPrior(ring(500)).sample(1000, seeded()))


def test_a_lower_temperature_draws_denser_codes():
    prior = FittedPrior(ring(500))
    density = [prior.log_density(prior.sample(1000, seeded(), t)).mean() for t in (2.0, 1.0, 0.5, 0.0)]
    assert density == sorted(density)
    assert torch.equal(prior.sample(3, seeded(), 0.0), prior.typical().expand(3, -1))


def test_the_density_is_the_kernel_estimate():
    codes, places = ring(200).double(), ring(20, seed=3).double()
    prior = FittedPrior(codes)
    deviation = prior.scale.double()
    kernels = MultivariateNormal(codes / deviation, 0.15**2 * torch.eye(4).double())
    expected = kernels.log_prob((places / deviation)[:, None]).logsumexp(dim=1) - math.log(200)
    torch.testing.assert_close(prior.log_density(places.float()).double(), expected, atol=1e-3, rtol=1e-4)


def test_new_codes_of_the_same_kind_have_every_typicality_alike_and_others_none():
    prior = FittedPrior(ring(1500))
    same = prior.typicality(ring(1500, seed=7))
    for level in (0.1, 0.5, 0.9):
        assert (same < level).float().mean() == pytest.approx(level, abs=0.06)
    assert prior.typicality(torch.zeros(1, 4)).item() == 0
    assert prior.typicality(torch.full((1, 4), 50.0)).item() == 0
    assert prior.typicality(prior.typical()).item() == 1


def test_what_decoding_and_encoding_moves_far_is_not_typical_however_dense():
    def to_ring(code: torch.Tensor) -> torch.Tensor:
        return torch.cat([3 * torch.nn.functional.normalize(code[:, :2], dim=1), code[:, 2:]], dim=1)

    codes = ring(1500)
    codes[:, :2] *= 1 + 0.02 * torch.randn(len(codes), 1, generator=seeded())
    off = codes[:1] * torch.tensor([0.9, 0.9, 1, 1])
    assert FittedPrior(codes).typicality(off).item() > 0
    prior = FittedPrior(codes, to_ring)
    assert prior.typicality(off).item() == 0
    same = ring(1500, seed=7)
    same[:, :2] *= 1 + 0.02 * torch.randn(len(same), 1, generator=seeded(2))
    for level in (0.1, 0.5, 0.9):
        assert (prior.typicality(same) < level).float().mean() == pytest.approx(level, abs=0.06)


def test_without_folds_a_code_is_as_typical_as_its_pose():
    def to_ring(code: torch.Tensor) -> torch.Tensor:
        return torch.cat([3 * torch.nn.functional.normalize(code[:, :2], dim=1), code[:, 2:]], dim=1)

    prior = FittedPrior(ring(1500), to_ring, is_folded=False)
    code = ring(50, seed=7)
    inside = code * torch.tensor([0.5, 0.5, 1, 1])
    assert torch.equal(prior.typicality(inside), prior.typicality(to_ring(code)))
    assert FittedPrior(ring(1500), to_ring).typicality(inside).max() == 0


@pytest.mark.parametrize("codes", [torch.zeros(1, 4), torch.zeros(4), torch.full((3, 4), torch.nan)])
def test_a_prior_needs_codes(codes):
    with pytest.raises(ValueError, match="at least 2 finite codes"):
        FittedPrior(codes)
