from __future__ import annotations

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


@given(poses, poses)
def test_metrics_agree_with_a_loop_over_joints(predicted, annotated):
    errors = metrics.joint_errors_mm(predicted, annotated)
    loop = [
        [sum((a - b) ** 2) ** 0.5 for a, b in zip(p, q, strict=True)] for p, q in zip(predicted, annotated, strict=True)
    ]
    np.testing.assert_allclose(errors, loop, atol=1e-9)
    assert metrics.mean_error_mm(errors) == pytest.approx(sum(map(sum, loop)) / 12)
    assert metrics.within_percent(errors, 100) == pytest.approx(25 * sum(max(frame) <= 100 for frame in loop))
    np.testing.assert_allclose(metrics.per_joint_mm(errors), np.mean(loop, axis=0), atol=1e-9)


def test_joints_without_annotation_do_not_count():
    annotated = np.zeros((2, 2, 3))
    annotated[0, 0] = np.nan
    predicted = np.zeros((2, 2, 3))
    predicted[..., 0] = [[1000, 30], [10, 20]]
    errors = metrics.joint_errors_mm(predicted, annotated)
    assert metrics.mean_error_mm(errors) == 20
    assert metrics.within_percent(errors, 40) == 100
    assert metrics.per_joint_mm(errors).tolist() == [10, 25]


def test_poses_of_different_shapes_cannot_be_compared():
    with pytest.raises(ValueError, match="cannot compare"):
        metrics.joint_errors_mm(np.zeros((2, 3, 3)), np.zeros((2, 4, 3)))


def test_an_evaluation_agrees_with_the_routes_taken_by_hand(trained_run, stores):
    predictor = Predictor.load(trained_run / "model.safetensors")
    with FrameStore(stores["real"]) as store:
        evaluation = evaluate(predictor, store)
        whole = [store.frame(i) for i in range(len(store))]
    errors = []
    for frame in whole:
        image = np.where(frame.depth_mm > 0, (frame.depth_mm - frame.center_mm[2]) / frame.half_mm, 1).clip(-1, 1)
        pose = predictor.predict_pose(torch.from_numpy(image).float()[None, None], "real")[0].numpy()
        errors.append(np.linalg.norm(pose * frame.half_mm + frame.center_mm - frame.joints_mm, axis=1))
    assert evaluation.mean_error_mm == pytest.approx(np.mean(errors), abs=0.01)
    assert evaluation.within_40mm_percent == pytest.approx(100 * np.mean(np.max(errors, axis=1) <= 40), abs=1.1)
    assert evaluation.frames == 96
    assert evaluation.simulated
    assert list(evaluation.per_joint_mm.values()) == pytest.approx(np.mean(errors, axis=0), abs=0.01)


def test_a_store_without_annotation_cannot_be_scored(untrained, stores, tmp_path):
    with FrameStore(stores["real"]) as store:
        path = tmp_path / "bare.h5"
        with FrameWriter(path, domain="real", camera=store.camera) as writer:
            writer.append(
                depth_mm=store.depth_mm(slice(0, 4)), center_mm=store.center_mm[:4], half_mm=125.0, names=list("abcd")
            )
    with FrameStore(path) as bare, pytest.raises(ValueError, match="not annotated"):
        evaluate(Predictor(untrained), bare)
