"""Near duplicates, nearest training poses, density of codes and the walk to the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer_app.inspect.model import explain, near_duplicates
from explorer_app.inspect.model.explain import Codes
from lsps_core.data.store import FrameStore
from lsps_core.inference import Predictor

HAND = np.random.default_rng(0).normal(0, 40, (21, 3))


def poses_at(*shifts_mm: float) -> np.ndarray:
    """A hand moved along x: the root mean square of the joints' distances is that of the shifts."""
    return np.stack([HAND + np.array([shift, 0, 0]) for shift in shifts_mm])


def test_the_worst_are_scored_frames_of_the_group_asked_for():
    scores = np.array([3, math.nan, 9, 9, 1, 5])
    assert near_duplicates.worst(scores).tolist() == [2, 3, 5, 0, 4]
    assert near_duplicates.worst(scores, 2).tolist() == [2, 3]
    assert near_duplicates.worst(scores, is_eligible=np.arange(6) % 2 == 1).tolist() == [3, 5]


def test_what_is_near_identical_is_one_group_under_its_worst_frame():
    frames, groups = np.array([70, 10, 71, 11, 500]), np.array(["a"] * 5)
    poses = poses_at(0, 50, 3, 52, 6)
    found = near_duplicates.near_duplicates(frames, poses, groups, threshold_mm=4)
    assert [(duplicates.frame, duplicates.frames.tolist(), duplicates.count) for duplicates in found] == [
        (70, [70, 71, 500], 3),
        (10, [10, 11], 2),
    ]
    apart = near_duplicates.near_duplicates(frames, poses, groups, threshold_mm=4, within_frames=5)
    assert [duplicates.frames.tolist() for duplicates in apart] == [[70, 71], [10, 11], [500]]
    groups[1] = "b"
    apart = near_duplicates.near_duplicates(frames, poses, groups, threshold_mm=4, within_frames=5)
    assert [duplicates.frames.tolist() for duplicates in apart] == [[70, 71], [10], [11], [500]]
    in_sequence = near_duplicates.near_duplicates(frames, poses, groups, threshold_mm=math.inf, within_frames=1)
    assert [duplicates.frames.tolist() for duplicates in in_sequence] == [[70, 71], [10], [11], [500]]
    assert near_duplicates.near_duplicates(frames[:0], poses[:0], groups[:0]) == []


@settings(max_examples=30)
@given(st.lists(st.floats(0, 300), min_size=1, max_size=30), st.floats(0.1, 30))
def test_near_duplicates_part_the_frames_and_are_far_from_each_other(shifts, threshold_mm):
    frames = np.arange(len(shifts)) * 3
    found = near_duplicates.near_duplicates(frames, poses_at(*shifts), np.full(len(shifts), "a"), threshold_mm)
    assert sorted(np.concatenate([duplicates.frames for duplicates in found]).tolist()) == frames.tolist()
    assert [duplicates.frame for duplicates in found] == sorted(duplicates.frame for duplicates in found)
    for duplicates in found:
        assert duplicates.frames[0] == duplicates.frame == duplicates.frames.min()
    for one in found:
        for other in found:
            if one is not other:
                gap = np.abs(np.subtract.outer(*(np.array(shifts)[b.frames // 3] for b in (one, other)))).min()
                assert gap > threshold_mm - 1e-3


def test_the_nearest_poses_are_those_of_a_plain_search_whatever_the_chunks():
    generator = np.random.default_rng(1)
    poses, pose = generator.normal(size=(50, 21, 3)), generator.normal(size=(21, 3))
    poses[4], poses[9, :20], pose[3] = np.nan, np.nan, np.nan
    mean = [np.nanmean(np.linalg.norm(other - pose, axis=1)) if i != 4 else math.inf for i, other in enumerate(poses)]
    expected = np.argsort(mean)[:6]
    for size in (50, 7, 1):
        chunks = (poses[start : start + size] for start in range(0, 50, size))
        found = explain.nearest_poses(pose, chunks, half_mm=125, count=6)
        assert found.indices.tolist() == expected.tolist()
        np.testing.assert_allclose(found.distances, 125 * np.array(mean)[expected])


def test_poses_of_a_store_are_normalised_by_their_own_cubes(store_path):
    with FrameStore(store_path) as store:
        parts = list(explain.poses_of(store, chunk=2))
        assert [len(part) for part in parts] == [2, 2, 1]
        frame = store.frame(3)
        np.testing.assert_allclose(parts[1][1], (frame.joints_mm - frame.center_mm) / frame.half_mm, atol=1e-6)
        found = explain.nearest_poses(parts[1][1], explain.poses_of(store), frame.half_mm, count=2)
        assert found.indices[0] == 3
        assert found.distances[0] == pytest.approx(0, abs=1e-4)


def test_sparsity_tells_a_crowd_from_an_outskirt():
    generator = np.random.default_rng(0)
    codes = np.concatenate([generator.normal(size=(200, 20)), np.full((1, 20), np.nan)])
    known = Codes(codes, count=5)
    query = np.stack([np.zeros(20), np.full(20, 4.0)])
    distances = np.sort(np.linalg.norm(codes[None, :200] - query[:, None], axis=2), axis=1)
    np.testing.assert_allclose(known.sparsity(query), distances[:, :5].mean(axis=1))
    assert known.sparsity(query)[0] < known.typical < known.sparsity(query)[1]
    own = known.sparsity(codes[:1], is_member=True)
    assert own[0] == pytest.approx(np.sort(np.linalg.norm(codes[1:200] - codes[0], axis=1))[:5].mean())
    near = known.nearest(codes[17])
    assert near.indices[0] == 17
    assert near.distances[0] == 0
    with pytest.raises(ValueError, match="too few"):
        Codes(codes[:5], count=5)


def test_the_walk_ends_at_the_code_of_the_truth(model):
    predictor = Predictor.load(model.path)

    def decode(latents):
        return predictor.decode_pose(torch.from_numpy(np.float32(latents))).numpy()

    def encode(poses):
        return predictor.encode_pose(torch.from_numpy(np.float32(poses))).numpy()

    truth = decode(np.full((1, 20), 0.5, dtype=np.float32))[0]
    truth[2] = np.nan
    start = np.linspace(-1, 1, 20, dtype=np.float32)
    walk = explain.walk_to_truth(start, truth, 125.0, decode, encode, steps=9)
    np.testing.assert_allclose(walk.latents[0], start, atol=1e-6)
    whole = np.where(np.isfinite(truth), truth, decode(start[None])[0])
    np.testing.assert_allclose(walk.latents[-1], encode(whole[None])[0], atol=1e-6)
    np.testing.assert_allclose(walk.latents[4], (walk.latents[0] + walk.latents[-1]) / 2, atol=1e-5)
    expected = np.nanmean(np.linalg.norm(decode(start[None])[0] - truth, axis=1)) * 125
    assert walk.errors_mm[0] == pytest.approx(expected, rel=1e-5)
    assert np.isnan(walk.joint_errors_mm[:, 2]).all()
    with pytest.raises(ValueError, match="not annotated"):
        explain.walk_to_truth(start, np.full((21, 3), np.nan), 125.0, decode, encode)
