"""Metrics against loops in plain Python; an evaluation against the routes taken by hand."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.evaluation import metrics
from lsps_core.evaluation.evaluate import evaluate
from lsps_core.inference import Predictor

poses = npst.arrays(np.float64, (4, 3, 3), elements=st.floats(-200, 200))


def table_of(errors_mm, groups=None):
    errors_mm = np.array(errors_mm, dtype=float)
    count, joints = errors_mm.shape
    return metrics.ErrorTable(
        method="method",
        errors_mm=errors_mm,
        joints=tuple(f"joint{j}" for j in range(joints)),
        frames=tuple(map(str, range(count))),
        groups=tuple(groups or [""] * count),
        places=np.arange(count),
    )


@given(poses, poses)
def test_metrics_agree_with_a_loop_over_joints(predicted, annotated):
    errors = metrics.joint_errors_mm(predicted, annotated)
    loop = [
        [sum((a - b) ** 2) ** 0.5 for a, b in zip(p, q, strict=True)] for p, q in zip(predicted, annotated, strict=True)
    ]
    flat = [error for frame in loop for error in frame]
    np.testing.assert_allclose(errors, loop, atol=1e-9)
    assert metrics.mean_error_mm(errors) == pytest.approx(sum(flat) / 12)
    assert metrics.median_error_mm(errors) == pytest.approx(statistics.median(flat))
    assert metrics.percentile_error_mm(errors, 95) == pytest.approx(
        statistics.quantiles(flat, n=20, method="inclusive")[-1]
    )
    assert metrics.max_error_mm(errors) == pytest.approx(max(flat))
    assert metrics.within_percent(errors, 100) == pytest.approx(25 * sum(max(frame) <= 100 for frame in loop))
    np.testing.assert_allclose(metrics.per_joint_mm(errors), np.mean(loop, axis=0), atol=1e-9)


@given(npst.arrays(np.float64, (5, 3), elements=st.integers(0, 90)))
def test_success_curves_agree_with_counting_at_every_distance(errors):
    curves = metrics.success_curves(errors)
    assert curves.distance_mm.tolist() == list(range(81))
    for d in range(81):
        assert curves.worst_joint_percent[d] == pytest.approx(20 * sum(max(frame) <= d for frame in errors))
        assert curves.mean_joint_percent[d] == pytest.approx(20 * sum(sum(frame) / 3 <= d for frame in errors))
        assert curves.joints_percent[d] == pytest.approx(100 / 15 * sum(e <= d for frame in errors for e in frame))
    assert curves.worst_joint_percent[40] == pytest.approx(metrics.within_percent(errors, 40))


def test_joints_without_annotation_do_not_count():
    annotated = np.zeros((2, 3, 3))
    annotated[0, 0] = annotated[:, 2] = np.nan
    predicted = np.zeros((2, 3, 3))
    predicted[..., 0] = [[1000, 30, 1000], [10, 20, 1000]]
    errors = metrics.joint_errors_mm(predicted, annotated)
    assert (metrics.mean_error_mm(errors), metrics.median_error_mm(errors), metrics.max_error_mm(errors)) == (
        20,
        20,
        30,
    )
    assert metrics.within_percent(errors, 40) == 100
    np.testing.assert_array_equal(metrics.per_joint_mm(errors), [10, 25, np.nan])
    assert metrics.frame_mean_mm(errors).tolist() == [30, 15]
    assert metrics.frame_worst_mm(errors).tolist() == [30, 20]
    assert metrics.success_curves(errors).joints_percent[20] == pytest.approx(200 / 3)


def test_poses_of_different_shapes_cannot_be_compared():
    with pytest.raises(ValueError, match="cannot compare"):
        metrics.joint_errors_mm(np.zeros((2, 3, 3)), np.zeros((2, 4, 3)))


def test_groups_split_the_frames_and_come_by_name():
    groups = table_of([[1], [2], [3], [4]], ["b", "a", "b", ""]).by_group()
    assert {name: errors.ravel().tolist() for name, errors in groups.items()} == {"b": [1, 3], "a": [2]}
    assert list(groups) == ["a", "b"]


def test_an_evaluation_agrees_with_the_routes_taken_by_hand(trained_run, stores):
    predictor = Predictor.load(trained_run / "model.safetensors")
    with FrameStore(stores["real"]) as store:
        evaluation = evaluate(predictor, store)
        whole = [store.frame(i) for i in range(len(store))]
    errors, joints = [], []
    for frame in whole:
        image = np.where(frame.depth_mm > 0, (frame.depth_mm - frame.center_mm[2]) / frame.half_mm, 1).clip(-1, 1)
        center = torch.from_numpy(frame.center_mm / frame.half_mm).float()[None]
        pose = predictor.predict_pose(torch.from_numpy(image).float()[None, None], "real", center)[0].numpy()
        joints.append(pose * frame.half_mm + frame.center_mm)
        errors.append(np.linalg.norm(joints[-1] - frame.joints_mm, axis=1))
    assert evaluation.mean_error_mm == pytest.approx(np.mean(errors), abs=0.01)
    assert evaluation.within_40mm_percent == pytest.approx(100 * np.mean(np.max(errors, axis=1) <= 40), abs=1.1)
    assert evaluation.frames == 96
    assert evaluation.simulated
    assert list(evaluation.per_joint_mm.values()) == pytest.approx(np.mean(errors, axis=0), abs=0.01)
    np.testing.assert_allclose(evaluation.predicted.joints_mm, joints, atol=0.05)
    np.testing.assert_allclose(evaluation.predicted.errors_mm, errors, atol=0.05)
    per_group = evaluation.to_json()["per_group"]
    assert {name: group["frames"] for name, group in per_group.items()}.keys() == {"subject0", "subject1"}
    for name, group in per_group.items():
        own = [error for error, frame in zip(errors, whole, strict=True) if frame.name.startswith(name + "/")]
        assert (group["frames"], group["mean_error_mm"]) == (len(own), pytest.approx(np.mean(own), abs=0.01))


def test_an_evaluation_is_streamed_and_can_be_left_between_batches(untrained, stores):
    class LeftError(Exception):
        pass

    batches, progress = [], []

    def leave(batch):
        if batches:
            raise LeftError
        batches.append(batch)

    predictor = Predictor(untrained)
    with FrameStore(stores["real"]) as store:
        with pytest.raises(LeftError):
            evaluate(predictor, store, on_batch=leave)
        batches.clear()
        whole = evaluate(predictor, store, lambda *done: progress.append(done), on_batch=batches.append)
    assert progress[-1] == (96, 96)
    assert [done for done, _ in progress] == np.cumsum([len(batch.indices) for batch in batches]).tolist()
    assert len(batches) > 1
    assert np.concatenate([batch.indices for batch in batches]).tolist() == list(range(96))
    np.testing.assert_array_equal(np.concatenate([batch.errors_mm for batch in batches]), whole.predicted.errors_mm)


def test_a_store_without_annotation_cannot_be_scored(untrained, stores, tmp_path):
    with FrameStore(stores["real"]) as store:
        path = tmp_path / "bare.h5"
        with FrameWriter(path, domain="real", camera=store.camera) as writer:
            writer.append(
                depth_mm=store.depth_mm(slice(0, 4)), center_mm=store.center_mm[:4], half_mm=125.0, names=list("abcd")
            )
    with FrameStore(path) as bare, pytest.raises(ValueError, match="not annotated"):
        evaluate(Predictor(untrained), bare)


def test_frames_without_annotation_are_not_scored(untrained, stores, tmp_path):
    path = tmp_path / "partly.h5"
    with FrameStore(stores["real"]) as store:
        joints_mm = store.joints_mm[:6].copy()
        joints_mm[[1, 4]] = np.nan
        joints_mm[2, 5] = np.nan
        writer = FrameWriter(path, domain="real", camera=store.camera, skeleton=store.skeleton)
        with writer:
            writer.append(
                depth_mm=store.depth_mm(slice(0, 6)),
                center_mm=store.center_mm[:6],
                half_mm=store.half_mm[:6],
                names=store.names[:6],
                joints_mm=joints_mm,
            )
        predictor = Predictor(untrained)
        complete = evaluate(predictor, store)
    with FrameStore(path) as partly:
        evaluation = evaluate(predictor, partly)
    assert (evaluation.frames, evaluation.predicted.indices.tolist()) == (4, [0, 2, 3, 5])
    expected = complete.predicted.errors_mm[[0, 2, 3, 5]].copy()
    expected[1, 5] = np.nan
    np.testing.assert_allclose(evaluation.predicted.errors_mm, expected, atol=1e-3)
    assert evaluation.mean_error_mm == pytest.approx(np.nanmean(expected), abs=0.01)
