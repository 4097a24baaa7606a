from __future__ import annotations

import numpy as np
import pytest

from explorer_app.model.latent import LatentCode, LatentScale


def test_with_value_changes_one_axis_of_a_copy() -> None:
    mean = LatentCode()
    moved = mean.with_value(3, 0.123456)
    assert mean.is_mean
    assert not moved.is_mean
    assert moved.values[3] == 0.123456
    assert moved.with_value(3, 0.0) == mean


@pytest.mark.parametrize("values", [(0.0,) * 19, (float("nan"),) * 20])
def test_a_code_is_twenty_finite_numbers(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="20 finite numbers"):
        LatentCode(values)


def test_the_mean_code_is_the_mean_latent_and_one_sigma_is_one_deviation() -> None:
    scale = LatentScale(mean=[0.5] * 20, std=[2.0] * 20)
    assert scale.to_latent(LatentCode()).tolist() == [0.5] * 20
    assert scale.to_latent(LatentCode().with_value(7, 1.0))[7] == pytest.approx(2.5)


def test_scale_inverts() -> None:
    generator = np.random.default_rng(0)
    scale = LatentScale(mean=generator.normal(size=20), std=generator.uniform(0.2, 2, 20))
    code = LatentCode(tuple(generator.normal(0, 2, 20)))
    np.testing.assert_allclose(scale.to_code(scale.to_latent(code)).values, code.values, atol=1e-5)


def test_an_axis_without_spread_stays_finite() -> None:
    scale = LatentScale(mean=[0.0] * 20, std=[0.0] * 20)
    assert np.isfinite(scale.to_code(np.ones(20)).values).all()
