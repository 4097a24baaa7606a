from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer_app.model.latent import RAW, LatentAxes, LatentBasis, LatentCode, LatentScale, principal

VALUES = st.lists(st.floats(-50, 50), min_size=20, max_size=20)


def covariance(seed: int = 0) -> np.ndarray:
    mixing = np.random.default_rng(seed).normal(size=(20, 20))
    return mixing @ mixing.T / 20


SCALE = LatentScale(np.linspace(-1, 1, 20).tolist(), np.sqrt(np.diag(covariance())).tolist())
PRINCIPAL = principal(SCALE, covariance().tolist())


@given(VALUES)
def test_the_raw_coordinates_are_the_code_bit_by_bit(values: list[float]) -> None:
    code = LatentCode(tuple(values))
    assert RAW.coordinates(code) == code.values
    assert RAW.code(code.values) == code
    assert RAW.moved(code, {7: 0.3}) == code.with_value(7, 0.3)


@pytest.mark.parametrize("basis", [RAW, PRINCIPAL])
@given(VALUES)
def test_coordinates_and_code_are_inverse(basis: LatentBasis, values: list[float]) -> None:
    code = LatentCode(tuple(values))
    np.testing.assert_allclose(basis.code(basis.coordinates(code)).values, code.values, atol=1e-9)
    np.testing.assert_allclose(basis.coordinates(basis.code(values)), values, atol=1e-9)


def test_training_codes_have_unit_variance_along_every_direction_and_no_correlation() -> None:
    codes = np.random.default_rng(1).multivariate_normal(np.array(SCALE.mean), covariance(), size=200_000)
    coordinates = ((codes - np.array(SCALE.mean)) / np.array(SCALE.std)) @ PRINCIPAL.inverse.T
    np.testing.assert_allclose(np.cov(coordinates.T), np.eye(20), atol=0.03)


def test_directions_come_widest_first_and_point_the_same_way_at_every_start() -> None:
    moves = PRINCIPAL.directions * np.array(SCALE.std)[:, None]
    widths = np.linalg.norm(moves, axis=0)
    assert (np.diff(widths) <= 1e-12).all()
    assert (moves[np.abs(moves).argmax(axis=0), range(20)] > 0).all()


def test_a_direction_without_spread_can_still_be_moved_along_and_back() -> None:
    flat = np.diag([1.0] * 19 + [0.0])
    basis = principal(LatentScale([0.0] * 20, [1.0] * 20), flat.tolist())
    np.testing.assert_allclose(basis.coordinates(basis.code([1.0] * 20)), [1.0] * 20)


@pytest.mark.parametrize("basis", [RAW, PRINCIPAL])
def test_locked_axes_stay_whatever_happens_to_the_others(basis: LatentBasis) -> None:
    axes = LatentAxes(basis).with_lock(2, True).with_lock(5, True).with_lock(9, True).with_lock(9, False)
    code = basis.code(np.arange(20) / 10)
    other = LatentCode((5.0,) * 20)
    for changed in (axes.merged(code, other), axes.merged(code, LatentCode()), axes.nearest(code, [other])):
        after = np.array(basis.coordinates(changed))
        np.testing.assert_allclose(after[[2, 5]], [0.2, 0.5], atol=1e-12)
        assert np.abs(np.delete(after - np.arange(20) / 10, [0, 2, 5])).min() > 1e-6
    assert axes.moved(code, {2: 3.0}) == axes.moved(code, {})
    assert LatentAxes(basis).merged(code, other) == other


@pytest.mark.parametrize("basis", [RAW, PRINCIPAL])
def test_of_many_candidates_the_one_that_the_locks_change_least_is_taken(basis: LatentBasis) -> None:
    candidates = [basis.code([value] + [0.1 * value] * 19) for value in (-1.0, 0.5, 2.0)]
    here = basis.code([1.6] + [7.0] * 19)
    assert LatentAxes(basis).nearest(here, candidates) == candidates[0]
    found = basis.coordinates(LatentAxes(basis).with_lock(0, True).nearest(here, candidates))
    np.testing.assert_allclose(found, [1.6] + [0.2] * 19, atol=1e-12)
