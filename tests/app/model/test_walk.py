"""Walks: the laws of their paths, what plays when, and what a model makes of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer_app.explore.model.walk_frames import WalkFrames
from explorer_app.model.latent import LatentCode
from explorer_app.model.walk import MAX_KEYFRAMES, PATHS, Path, Playhead, WalkPlan, slerp
from lsps_core.inference import Predictor
from lsps_core.latent_paths import through_hands

CODES = tuple(LatentCode().with_value(axis, 1.5).with_value(7, axis - 1.0) for axis in range(4))


def points(count: int, size: int = 20, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, size))


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("kind", PATHS)
@given(count=st.integers(2, 6), seed=st.integers(0, 99))
def test_a_path_passes_through_its_points(kind, is_closed, count, seed):
    keys = points(count, seed=seed)
    path = Path(keys, kind, is_closed)
    for position, key in enumerate(keys):
        np.testing.assert_allclose(path.at(position), key, atol=1e-9)
    np.testing.assert_allclose(path.at(path.length), keys[0] if is_closed else keys[-1], atol=1e-9)


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("kind", PATHS)
@settings(max_examples=25)  # of a thousand points each
@given(count=st.integers(2, 6), seed=st.integers(0, 99))
def test_a_path_never_jumps(kind, is_closed, count, seed):
    path = Path(points(count, seed=seed), kind, is_closed)
    steps = [path.at(position) for position in np.linspace(0, path.length, 200 * path.length + 1)]
    assert max(np.linalg.norm(b - a) for a, b in pairwise(steps)) < 0.25
    if is_closed:
        np.testing.assert_allclose(path.at(path.length - 1e-9), path.at(1e-9), atol=1e-6)


@given(share=st.floats(0, 1), seed=st.integers(0, 99), norm=st.floats(0.1, 10))
def test_an_arc_between_equal_norms_keeps_the_norm(share, seed, norm):
    a, b = (norm * v / np.linalg.norm(v) for v in points(2, seed=seed))
    assert np.linalg.norm(slerp(a, b, share)) == pytest.approx(norm)


@pytest.mark.parametrize(
    ("a", "b"), [([0.0, 0], [1.0, 1]), ([1.0, 0], [0.0, 0]), ([1.0, 2], [2.0, 4]), ([1.0, 0], [-1.0, 0])]
)
def test_without_an_arc_the_way_is_straight(a, b):
    a, b = np.array(a), np.array(b)
    np.testing.assert_allclose(slerp(a, b, 0.25), 0.75 * a + 0.25 * b)


def test_a_walk_of_one_keyframe_leads_nowhere():
    assert WalkPlan(CODES[:1]).length == 0
    assert Playhead(0.4).moved(1, WalkPlan(CODES[:1])) == (Playhead(), True)
    with pytest.raises(ValueError, match="two keyframes"):
        Path(points(1))


def test_a_plan_says_what_it_cannot_be():
    with pytest.raises(ValueError, match=r"'crooked'.*linear"):
        WalkPlan(path="crooked")
    with pytest.raises(ValueError, match="at most"):
        WalkPlan().with_keyframes_at(0, [LatentCode()] * (MAX_KEYFRAMES + 1))


def test_keyframes_are_put_in_taken_out_and_moved():
    a, b, c, d = CODES
    plan = WalkPlan((a, b, c))
    assert plan.with_keyframes_at(1, [d]).keyframes == (a, d, b, c)
    assert plan.without_keyframe(1).keyframes == (a, c)
    assert plan.with_keyframe_moved(0, 3).keyframes == (b, c, a)
    assert plan.with_keyframe_moved(0, 2).keyframes == (b, a, c)
    assert plan.with_keyframe_moved(2, 0).keyframes == (c, a, b)
    assert plan.with_keyframe_moved(1, 1).keyframes == (a, b, c)


def test_the_playhead_ends_goes_round_or_turns():
    once, loop, back = (WalkPlan(CODES[:3], ending=ending) for ending in ("once", "loop", "ping-pong"))
    assert (once.length, loop.length, back.length) == (2, 3, 2)
    assert Playhead(1.75).moved(0.5, once) == (Playhead(2.0), True)
    assert Playhead(2.75).moved(0.5, loop) == (Playhead(0.25), False)
    turned, has_ended = Playhead(1.75).moved(0.5, back)
    assert (turned, has_ended) == (Playhead(1.75, is_forward=False), False)
    assert turned.moved(1.75, back)[0] == Playhead(0.0)


def test_a_round_of_frames_can_be_repeated_without_a_doubled_one():
    assert WalkPlan(CODES[:3], ending="once").frame_positions(2) == [0, 0.5, 1, 1.5, 2]
    assert WalkPlan(CODES[:3], ending="loop").frame_positions(2) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert WalkPlan(CODES[:3], ending="ping-pong").frame_positions(1) == [0, 1, 2, 1]


@pytest.mark.parametrize("path", PATHS)
def test_frames_of_a_pose_walk_are_those_of_its_codes(model, path):
    frames = WalkFrames(model, WalkPlan(CODES, path=path))
    codes = [frames.code_at(position) for position in (0, 0.5, 3.5, 4)]
    assert (codes[0], codes[-1]) == (CODES[0], CODES[0])
    for code, pictures in zip(codes, frames.pictures_at([0, 0.5, 3.5, 4]), strict=True):
        single = model.decode(code)
        assert pictures.latent == code
        np.testing.assert_allclose(pictures.real, single.real, atol=1e-2)
        assert not pictures.is_blend


@pytest.mark.parametrize("ending", ["once", "loop"])
def test_a_walk_through_hands_bends_and_turns_the_pose(model, ending):
    frames = WalkFrames(model, WalkPlan(CODES[:3], path="hands", ending=ending))
    ends = (*CODES[:3], CODES[0]) if ending == "loop" else CODES[:3]
    predictor = Predictor.load(model.path)
    for segment, (start, end) in enumerate(pairwise(ends)):
        latents = (torch.from_numpy(model.scale.to_latent(code)) for code in (start, end))
        expected = through_hands(predictor, *latents, torch.tensor([0.25, 0.5])).numpy()
        found = [model.scale.to_latent(frames.code_at(segment + share)) for share in (0.25, 0.5)]
        np.testing.assert_allclose(found, expected, atol=1e-5)
        near = frames.code_at(segment + 0.001)
        np.testing.assert_allclose(near.values, start.values, atol=0.05)
    assert frames.code_at(1.5) != WalkFrames(model, WalkPlan(CODES[:3], path="linear", ending=ending)).code_at(1.5)


def test_there_are_no_hands_between_depth_latents():
    with pytest.raises(ValueError, match="depth latents has no poses"):
        WalkPlan(CODES, path="hands", space="depth")


def test_frames_of_a_depth_walk_start_from_the_keyframes_pictures(model):
    frames = WalkFrames(model, WalkPlan(CODES[:2], path="linear", space="depth", ending="once"))
    first, middle, last = frames.pictures_at([0, 0.5, 1])
    for pictures, code in ((first, CODES[0]), (last, CODES[1])):
        np.testing.assert_allclose(pictures.synthetic, model.decode(code).synthetic, atol=1e-2)
    assert middle.is_blend
    half = model.depth_latents(CODES[:2]).mean(axis=0, keepdims=True)
    (expected,) = model.decode_depth_latents(half)
    np.testing.assert_allclose(middle.synthetic, expected.synthetic, atol=1e-2)
    np.testing.assert_allclose(middle.latent.values, expected.latent.values, atol=1e-4)
