"""Which frames to label next."""

from __future__ import annotations

import numpy as np

from lsps_core.finetuning.queue import suggest

NONE = np.zeros(0, np.int64)


def two_clusters(count: int = 40) -> np.ndarray:
    """Codes [count, 20] of two groups of frames that look alike, even and odd ones."""
    codes = np.random.default_rng(1).normal(0, 0.01, (count, 20))
    codes[::2, 0] += 5
    return codes


def frames(found) -> list[int]:
    return [each.frame for each in found]


def test_the_worst_by_any_sign_comes_first_with_its_name():
    codes = np.random.default_rng(0).normal(size=(50, 20))
    residual, disagreement = np.full(50, 1.0) + np.arange(50) * 1e-3, np.linspace(5, 6, 50)
    residual[7], disagreement[20], disagreement[49] = 9.0, 40.0, 5.5
    first, second = suggest(codes, {"residual": residual, "disagreement": disagreement}, NONE, 2)
    assert {(first.frame, first.sign), (second.frame, second.sign)} == {(7, "residual"), (20, "disagreement")}


def test_frames_that_look_alike_are_not_suggested_together():
    signs = {"residual": np.arange(40.0)}
    first, second = frames(suggest(two_clusters(), signs, NONE, 2))
    assert first == 39
    assert second == 38  # of the other group, though frame 37 is nearly as bad


def test_what_is_labelled_and_looks_like_it_comes_last():
    signs = {"residual": np.arange(40.0)}
    found = frames(suggest(two_clusters(), signs, np.array([39]), 5))
    assert 39 not in found
    assert found[0] == 38
    assert len(set(found)) == 5


def test_frames_without_signs_or_codes_are_left_out():
    codes = np.random.default_rng(0).normal(size=(6, 20))
    codes[1] = np.nan
    signs = {"residual": np.array([1, 9, np.nan, 3, np.nan, 2])}
    assert set(frames(suggest(codes, signs, NONE, 10))) == {0, 3, 5}
    assert suggest(codes, {}, NONE, 10) == []
    assert suggest(codes, {"residual": np.full(6, np.nan)}, NONE, 10) == []
    assert suggest(codes, signs, NONE, 0) == []


def test_equal_frames_are_suggested_once():
    assert len(suggest(np.zeros((5, 20)), {"residual": np.arange(5.0)}, NONE, 3)) == 1
