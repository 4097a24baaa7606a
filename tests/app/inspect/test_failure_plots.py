"""What plots of failures show, against counting; pointing in them, against geometry done another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from matplotlib.path import Path as MatplotlibPath
from scipy import stats

from explorer_app.inspect.model import plot_statistics as failure_plots
from lsps_core.evaluation import metrics

errors = npst.arrays(np.float64, (9, 4), elements=st.one_of(st.floats(0, 90), st.just(math.nan)))


@given(errors)
def test_the_success_curve_is_that_of_the_metrics(errors_mm):
    worst = np.where(np.isnan(errors_mm), -1, errors_mm).max(axis=1)
    curve = failure_plots.success_curve(np.where(worst >= 0, worst, np.nan))
    scored = errors_mm[np.isfinite(errors_mm).any(axis=1)]
    if not len(scored):
        assert curve is None
        return
    np.testing.assert_allclose(curve.percent, metrics.success_curves(scored).worst_joint_percent)
    assert curve.mark_percent == pytest.approx(metrics.within_percent(scored, 40))
    assert curve.mark_percent == curve.percent[40]


def test_joints_without_annotation_have_no_mean():
    means = failure_plots.per_joint_mm(np.array([[1, math.nan], [3, math.nan]]))
    assert means[0] == 2
    assert np.isnan(means[1])
    assert np.isnan(failure_plots.per_joint_mm(np.zeros((0, 2)))).all()


@given(
    st.lists(st.tuples(st.one_of(st.integers(0, 9), st.just(math.nan)), st.sampled_from("abc")), max_size=40),
    st.integers(1, 50),
)
def test_no_peak_is_lost_along_the_sequence(rows, most_columns):
    values = np.array([value for value, _ in rows], dtype=np.float64)
    groups = np.array([group for _, group in rows], dtype=np.str_)
    trace = failure_plots.along_sequence(values, groups, most_columns)
    assert len(trace.high) <= most_columns
    assert sorted(trace.order.tolist()) == list(range(len(rows)))
    for name, start, stop in trace.groups:
        frames = trace.order[start:stop]
        assert set(groups[frames]) == {name}
        assert (np.diff(frames) > 0).all()
    assert [name for name, *_ in trace.groups] == list(dict.fromkeys(groups.tolist()))
    for column, (start, stop) in enumerate(zip(trace.edges[:-1], trace.edges[1:], strict=True)):
        held = values[trace.order[start:stop]]
        known = held[np.isfinite(held)]
        if len(known):
            assert (trace.low[column], trace.high[column]) == (known.min(), known.max())
            assert values[trace.worst[column]] == known.max()
            assert trace.worst[column] in trace.order[start:stop]
        else:
            assert np.isnan(trace.high[column])


@given(npst.arrays(np.float64, st.integers(1, 60), elements=st.one_of(st.floats(-1e3, 1e3), st.just(math.nan))))
@example(np.array([5e-324, 0.0]))
def test_bars_hold_the_frames_that_they_count(values):
    histogram = failure_plots.histogram(values, bars=7)
    if histogram is None:
        assert np.isnan(values).all()
        return
    bars = [histogram.frames_in(values, bar) for bar in range(7)]
    assert sum(map(len, bars)) == np.isfinite(values).sum()
    assert histogram.frames_in(values, 0, 6).tolist() == np.flatnonzero(np.isfinite(values)).tolist()
    assert histogram.counts.sum() == np.isfinite(values).sum()


def test_the_plane_is_where_codes_vary_most_and_both_domains_lie_in_it():
    generator = np.random.default_rng(0)
    real = generator.normal(size=(300, 20)) * [5, *[0.1] * 10, 2, *[0.1] * 8] + 3
    real[7] = np.nan
    synthetic = generator.normal(size=(200, 20)) * [5, *[0.1] * 10, 2, *[0.1] * 8] + 3
    plane = failure_plots.principal_plane([real, synthetic])
    assert abs(plane.axes[0, 0]) > 0.99
    assert abs(plane.axes[1, 11]) > 0.99
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-9)
    assert plane.share[0] > plane.share[1] > 0.05
    points = plane.points(real)
    assert np.isnan(points[7]).all()
    both = np.concatenate([np.delete(points, 7, axis=0), plane.points(synthetic)])
    np.testing.assert_allclose(both.mean(axis=0), 0, atol=1e-9)
    assert failure_plots.principal_plane([real[:1]]) is None


@given(st.integers(3, 40), st.integers(0, 2**32 - 1))
def test_a_lasso_encloses_what_another_implementation_says(corners, seed):
    generator = np.random.default_rng(seed)
    points, polygon = generator.random((400, 2)), generator.random((corners, 2)) * 1.2 - 0.1
    points[3] = np.nan
    edges = np.stack([polygon, np.roll(polygon, -1, axis=0)])
    expected = [
        index
        for index, (x, y) in enumerate(points)
        if sum(
            (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
            for (x0, y0), (x1, y1) in zip(*edges, strict=True)
        )
        % 2
    ]
    assert failure_plots.inside(points, polygon).tolist() == expected


def test_a_round_lasso_agrees_with_matplotlib():
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    polygon = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (1 + 0.3 * np.sin(5 * angles))[:, None]
    points = np.random.default_rng(0).normal(size=(2000, 2))
    expected = np.flatnonzero(MatplotlibPath(polygon).contains_points(points))
    assert failure_plots.inside(points, polygon).tolist() == expected.tolist()
    assert failure_plots.inside(points, polygon[:2]).tolist() == []


def test_a_click_finds_the_nearest_point_in_pixels():
    points = np.array([[0.0, 0.0], [1.0, 100.0], [math.nan, math.nan]])
    assert failure_plots.nearest(points, (0.9, 99.0), (0.1, 10.0)) == 1
    assert failure_plots.nearest(points, (0.0, 60.0), (0.1, 10.0)) == 0
    assert failure_plots.nearest(points, (50.0, 0.0), (0.1, 10.0)) is None
    assert failure_plots.nearest(points[2:], (0.0, 0.0), (1.0, 1.0)) is None


@given(npst.arrays(np.float64, (2, 12), elements=st.sampled_from([0.0, 1.0, 2.5, 3.0, 40.0, 1e6])))
def test_the_rank_correlation_is_spearmans(values):
    found = failure_plots.rank_correlation(*values)
    if (np.ptp(values, axis=1) == 0).any():
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(*values).statistic)


def test_two_frames_have_no_rank_correlation():
    assert failure_plots.rank_correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
