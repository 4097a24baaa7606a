from __future__ import annotations

import numpy as np
import pytest

from explorer_app.explore.model.one_euro import one_euro

TIMES = np.arange(300) / 30


def test_a_still_signal_is_smoothed_and_keeps_its_mean() -> None:
    noisy = 2 + np.random.default_rng(0).normal(0, 0.1, (300, 3))
    smooth = one_euro(noisy, TIMES)
    assert (smooth[50:].std(axis=0) < 0.6 * noisy[50:].std(axis=0)).all()
    assert smooth[50:].mean(axis=0) == pytest.approx(2, abs=0.03)


def test_a_fast_signal_lags_less_than_with_the_same_filter_at_rest() -> None:
    jump = np.where(TIMES < 5, 0.0, 10.0)
    quick, slow = one_euro(jump, TIMES), one_euro(jump, TIMES, speed_hz=0)
    after = int(np.argmax(jump > 0)) + 3
    assert quick[after] > slow[after] + 1
    assert quick[-1] == pytest.approx(10, abs=0.01)


def test_a_constant_and_a_single_value_stay() -> None:
    assert one_euro(np.full(10, 3.5), TIMES[:10]) == pytest.approx(3.5)
    assert one_euro(np.array([7.0]), TIMES[:1]) == pytest.approx(7.0)
    assert one_euro(np.zeros((0, 2)), TIMES[:0]).shape == (0, 2)


def test_it_begins_again_after_a_gap() -> None:
    gap = np.array([1.0, 1.0, np.nan, 9.0, 9.0])
    assert one_euro(gap, TIMES[:5]) == pytest.approx([1, 1, np.nan, 9, 9], nan_ok=True)


def test_channels_do_not_touch_each_other() -> None:
    values = np.random.default_rng(1).normal(size=(50, 2, 3))
    alone = one_euro(values[:, 1, 2], TIMES[:50])
    assert one_euro(values, TIMES[:50])[:, 1, 2] == pytest.approx(alone)


def test_equal_times_do_not_divide_by_zero() -> None:
    assert np.isfinite(one_euro(np.array([1.0, 2.0, 3.0]), np.zeros(3))).all()
