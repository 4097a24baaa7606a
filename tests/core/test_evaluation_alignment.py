"""Aligned errors and the area under the curve, against independent formulas and by what must not change them."""

from __future__ import annotations

import csv
import json
from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
from scipy.spatial.transform import Rotation

from lsps_core.cli import main
from lsps_core.data.importers.icvl import ICVL_16
from lsps_core.data.importers.nyu import NYU_14
from lsps_core.evaluation import metrics, published
from lsps_core.evaluation.alignment import (
    aligned_errors_mm,
    procrustes,
    procrustes_errors_mm,
    root_relative_errors_mm,
)
from lsps_core.evaluation.protocols import SIMULATED_21


@pytest.fixture
def hands():
    """Predictions near their annotation, [6, 21, 3] each."""
    random = np.random.default_rng(3)
    annotated = random.normal([10, -20, 500], 40, (6, 21, 3))
    return annotated + random.normal(0, 12, annotated.shape), annotated


def smallest_squares(predicted, annotated):
    """The errors of the best similarity, found by a general search: scale, rotation vector, translation."""

    def moved(parameters):
        rotation = Rotation.from_rotvec(parameters[1:4]).as_matrix()
        return np.exp(parameters[0]) * (predicted - predicted.mean(axis=0)) @ rotation.T + 100 * parameters[4:]

    start = np.concatenate([np.zeros(4), annotated.mean(axis=0) / 100])
    best = scipy.optimize.least_squares(lambda p: (moved(p) - annotated).ravel(), start, xtol=1e-14, ftol=1e-14)
    return np.linalg.norm(moved(best.x) - annotated, axis=1)


def test_procrustes_is_the_least_squares_of_a_general_search(hands):
    errors = procrustes_errors_mm(*hands)
    for row, predicted, annotated in zip(errors, *hands, strict=True):
        np.testing.assert_allclose(row, smallest_squares(predicted, annotated), atol=1e-3)
    assert (np.square(errors).sum(axis=1) < np.square(metrics.joint_errors_mm(*hands)).sum(axis=1)).all()


def test_procrustes_forgets_rotation_scale_and_translation(hands):
    predicted, annotated = hands
    before = procrustes_errors_mm(predicted, annotated)
    rotation = Rotation.from_euler("xyz", [70, -130, 20], degrees=True).as_matrix()
    np.testing.assert_allclose(
        procrustes_errors_mm(1.7 * predicted @ rotation.T + np.array([5, 900, -60]), annotated), before, atol=1e-8
    )
    np.testing.assert_allclose(procrustes_errors_mm(0.2 * annotated @ rotation.T - 30, annotated), 0, atol=1e-9)


def test_procrustes_does_not_make_a_left_hand_a_right_one(hands):
    annotated = hands[1]
    mirrored = annotated * np.array([-1, 1, 1])
    assert procrustes_errors_mm(mirrored, annotated).mean() > 10
    for row, predicted, truth in zip(procrustes_errors_mm(mirrored, annotated), mirrored, annotated, strict=True):
        assert np.square(row).sum() <= np.square(smallest_squares(predicted, truth)).sum() + 1e-6


def test_joints_without_annotation_neither_count_nor_pull(hands):
    predicted, annotated = (points.copy() for points in hands)
    annotated[0, 4:] = np.nan
    annotated[1, 2:] = np.nan
    far = predicted.copy()
    far[0, 4:] += 1000
    errors = procrustes_errors_mm(far, annotated)
    np.testing.assert_allclose(errors[0, :4], smallest_squares(predicted[0, :4], annotated[0, :4]), atol=1e-3)
    assert np.isnan(errors[0, 4:]).all()
    assert np.isnan(errors[1]).all()  # two joints fit any two others
    np.testing.assert_allclose(errors[2:], procrustes_errors_mm(predicted[2:], annotated[2:]), atol=1e-9)


def test_degenerate_predictions_are_numbers_or_missing(hands):
    predicted, annotated = (points.copy() for points in hands)
    predicted[0] = 7.0
    predicted[1, 3] = np.nan
    errors = procrustes_errors_mm(predicted, annotated)
    np.testing.assert_allclose(errors[0], np.linalg.norm(annotated[0] - annotated[0].mean(axis=0), axis=1))
    assert np.isnan(errors[1]).all()
    assert np.isfinite(errors[2:]).all()
    assert procrustes_errors_mm(predicted[:0], annotated[:0]).shape == (0, 21)


def test_frames_are_aligned_alike_alone_and_together(hands):
    together = procrustes(*hands)
    for row in range(6):
        np.testing.assert_allclose(procrustes(hands[0][[row]], hands[1][[row]])[0], together[row], atol=1e-9)


def test_root_relative_errors(hands):
    predicted, annotated = hands
    errors = root_relative_errors_mm(predicted, annotated, 2)
    for frame in range(6):
        for joint in range(21):
            own = (predicted[frame, joint] - predicted[frame, 2]) - (annotated[frame, joint] - annotated[frame, 2])
            assert errors[frame, joint] == pytest.approx(float(np.sqrt(own @ own)), abs=1e-9)
    assert (errors[:, 2] == 0).all()
    np.testing.assert_allclose(root_relative_errors_mm(predicted + 33, annotated, 2), errors, atol=1e-9)
    annotated[3, 2] = np.nan
    assert np.isnan(root_relative_errors_mm(predicted, annotated, 2)[3]).all()


def test_the_root_is_that_of_the_skeleton():
    assert SIMULATED_21.root == 0
    assert NYU_14.joints[NYU_14.root] == "palm_3"
    assert ICVL_16.joints[ICVL_16.root] == "palm"
    assert set(aligned_errors_mm(np.zeros((1, 3, 3)), np.ones((1, 3, 3)), None)) == {"procrustes"}


def test_auc_is_the_area_by_trapezoids_of_counted_shares():
    errors = np.random.default_rng(0).uniform(0, 70, (40, 3))
    errors[5, 0] = errors[7, 2] = np.nan
    areas = []
    for joint in errors.T.tolist():
        known = [error for error in joint if error == error]
        shares = [sum(error <= 50 * k / 99 for error in known) / len(known) for k in range(100)]
        areas.append(sum((a + b) / 2 for a, b in pairwise(shares)) / 99)
    assert metrics.pck_auc(errors) == pytest.approx(sum(areas) / 3)
    assert metrics.pck_auc(np.zeros((4, 3))) == 1
    assert metrics.pck_auc(np.full((4, 3), 51.0)) == 0
    assert metrics.pck_auc(np.full((4, 3), 25.0)) == pytest.approx(0.5, abs=0.01)
    assert np.isnan(metrics.pck_auc(np.full((4, 3), np.nan)))


def test_scores_show_them_for_all_frames_and_each_group(tmp_path, capsys):
    random = np.random.default_rng(0)
    uvd = random.normal([150, 120, 400], 20, (12, 16, 3))
    names = tuple(f"test_seq_{1 + index // 8}/image_{index:04d}.png" for index in range(12))
    published.write(tmp_path / "labels.txt", uvd, names)
    published.write(tmp_path / "moved.txt", uvd + np.array([0, 0, 30]), names)
    files = [str(tmp_path / "labels.txt"), str(tmp_path / "moved.txt")]
    assert main(["score", "icvl", *files, "--json", "--out", str(tmp_path / "report")]) == 0
    result = json.loads(capsys.readouterr().out)
    points = [ICVL_16.camera.unproject(each) for each in (uvd + np.array([0, 0, 30]), uvd)]
    expected = {"root_relative": root_relative_errors_mm(*points, 0), "procrustes": procrustes_errors_mm(*points)}
    for name, errors in expected.items():
        assert result[f"{name}_error_mm"] == pytest.approx(errors.mean(), abs=2e-3)
        assert result[f"{name}_auc"] == pytest.approx(metrics.pck_auc(errors), abs=2e-3)
        group = result["per_group"]["test_seq_2"]
        assert group[f"{name}_error_mm"] == pytest.approx(errors[8:].mean(), abs=2e-3)
    assert result["procrustes_error_mm"] < result["root_relative_error_mm"] < result["mean_error_mm"]
    for file in ("frames.csv", "curves.csv", "per_joint.csv"):
        with (tmp_path / "report" / file).open(newline="") as opened:
            assert {row["protocol"] for row in csv.DictReader(opened)} == {"ICVL-16"}
    with (tmp_path / "report" / "frames.csv").open(newline="") as opened:
        rows = [float(row["procrustes_mm"]) for row in csv.DictReader(opened)]
    np.testing.assert_allclose(rows, expected["procrustes"].mean(axis=1), atol=2e-3)
    assert main(["score", "icvl", *files]) == 0
    shown = capsys.readouterr().out
    assert "ICVL-16" in shown
    assert f"{result['procrustes_error_mm']:.3f}" in shown
    assert f"{result['auc']:.4f}" in shown


def test_evaluate_shows_what_score_computes(stores, trained_run, tmp_path, capsys):
    data, predictions = str(stores["real"]), str(tmp_path / "p.txt")
    assert main(["predict", str(trained_run), data, "--out", predictions]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(trained_run), data, "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out)
    assert main(["score", "simulated", data, predictions, "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    for key in ("root_relative_error_mm", "procrustes_error_mm"):
        assert scored[key] == pytest.approx(evaluated[key], abs=2e-3)
    for key in ("auc", "root_relative_auc", "procrustes_auc"):
        assert scored[key] == pytest.approx(evaluated[key], abs=2e-4)
    assert main(["evaluate", str(trained_run), data]) == 0
    shown = capsys.readouterr().out
    assert f"auc {evaluated['auc']:.4f} of PCK to 50 mm" in shown
    assert f"procrustes_error_mm {evaluated['procrustes_error_mm']:.2f}, auc" in shown
