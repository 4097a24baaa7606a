"""`lsps score`, `lsps predict`, `lsps evaluate --against`: figures that agree with each other and with the field's."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from lsps_core import checkpoint
from lsps_core.camera import ICVL, NYU
from lsps_core.checkpoint import Checkpoint
from lsps_core.cli import main
from lsps_core.config.model import ModelConfig
from lsps_core.data.importers.icvl import ICVL_16
from lsps_core.data.importers.nyu import NYU_14
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.evaluation import published
from lsps_core.evaluation.protocols import SIMULATED_21, of_dataset
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import ICVL16, NYU36

BUNDLED = Path(__file__).parents[2] / "resources" / "models" / "compact.safetensors"
FIGURES = ("frames", "mean_error_mm", "median_error_mm", "percentile95_error_mm", "max_error_mm", "within_40mm_percent")


def lsps(capsys, *arguments) -> dict:
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.strip().splitlines()[-1]


def farther(uvd, distance_mm):
    return uvd + np.array([0, 0, distance_mm])


def random_model(path, skeleton):
    torch.manual_seed(0)
    model = TriDomainModel(ModelConfig(joint_count=skeleton.joint_count, base_channels=4))
    weights = model.state_dict()
    statistics = {"half_mm": 125.0, "latent_mean": (0.0,) * 20, "latent_std": (1.0,) * 20}
    checkpoint.save(Checkpoint(config=model.config, skeleton=skeleton, weights=weights, **statistics), path)
    return path


def random_store(path, skeleton, camera, names, *, is_mirrored=False, provenance=None):
    random = np.random.default_rng(5)
    count = len(names)
    center = random.normal([-20, 30, 500], 20, (count, 3))
    depth = (center[:, 2, None, None] + random.integers(-90, 90, (count, 128, 128))).astype(np.uint16)
    joints = center[:, None] + random.normal(0, 25, (count, skeleton.joint_count, 3))
    about = {"camera": camera, "skeleton": skeleton, "is_mirrored": is_mirrored, "provenance": provenance}
    with FrameWriter(path, domain="real", **about) as writer:
        writer.append(depth_mm=depth, center_mm=center, half_mm=125.0, names=names, joints_mm=joints)
    return path


@pytest.mark.parametrize(
    ("dataset", "file", "mean", "within"),
    [
        ("nyu", "pred_deepprior++.txt", 12.238, 83.53),
        ("nyu", "pred_feedback.txt", 15.973, 65.85),
        ("nyu", "pred_pose-ren.txt", 11.811, 79.77),
        ("icvl", "pred_lrf.txt", 12.578, 70.86),
        ("icvl", "pred_pose-ren.txt", 6.791, 95.30),
    ],
)
def test_published_figures_are_reproduced(real_data, capsys, dataset, file, mean, within):
    folder = real_data / dataset
    result = lsps(capsys, "score", dataset, folder / "test_labels_uvd.txt", folder / file)
    assert result["mean_error_mm"] == pytest.approx(mean, abs=0.001)
    assert result["within_40mm_percent"] == pytest.approx(within, abs=0.01)
    assert result["curves"]["worst_joint_percent"][40] == pytest.approx(within, abs=0.01)
    groups = {name: group["frames"] for name, group in result["per_group"].items()}
    assert groups == dict(of_dataset(dataset).parts)
    assert np.mean(list(result["per_joint_mm"].values())) == pytest.approx(mean, abs=0.001)


def test_several_files_are_scored_side_by_side(tmp_path, capsys):
    uvd = np.random.default_rng(0).normal([150, 120, 400], 20, (40, 16, 3))
    for name, shift in {"labels": 0, "near": 1, "$far_": 30}.items():
        published.write(tmp_path / f"{name}.txt", farther(uvd, shift))
    files = [tmp_path / "near.txt", tmp_path / "$far_.txt"]
    out = tmp_path / "report"
    result = lsps(capsys, "score", "icvl", tmp_path / "labels.txt", *files, "--out", out)
    near, far = result["predictions"]
    assert (near["file"], far["file"]) == tuple(map(str, files))
    assert "mean_error_mm" not in result
    assert near["mean_error_mm"] < 2 < 28 < far["mean_error_mm"]
    assert json.loads((out / "evaluation.json").read_text()) == result
    with (out / "curves.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "near"]
    assert [float(row["worst_joint_percent"]) for row in rows] == near["curves"]["worst_joint_percent"]
    with (out / "frames.csv").open(newline="") as file:
        means = [float(row["mean_mm"]) for row in csv.DictReader(file) if row["method"] == "$far_"]
    assert np.mean(means) == pytest.approx(far["mean_error_mm"], abs=0.001)
    for picture in ("success.png", "joints.png"):
        with Image.open(out / picture) as drawn:
            assert min(drawn.size) > 400
    assert main(["score", "icvl", str(tmp_path / "labels.txt"), *map(str, files)]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in table[2:]] == [
        ["near.txt", f"{near['mean_error_mm']:.3f}"],
        ["$far_.txt", f"{far['mean_error_mm']:.3f}"],
    ]


def test_simulated_predictions_score_as_they_evaluate(stores, tmp_path, capsys):
    labels, predictions = tmp_path / "labels.txt", tmp_path / "predictions.txt"
    with FrameStore(stores["real"]) as store:
        published.write(labels, published.labels_of(store, SIMULATED_21).uvd)
    assert main(["predict", str(BUNDLED), str(stores["real"]), "--out", str(predictions)]) == 0
    capsys.readouterr()
    evaluated = lsps(capsys, "evaluate", BUNDLED, stores["real"])
    for truth in (labels, stores["real"]):
        scored = lsps(capsys, "score", "simulated", truth, predictions)
        assert scored["simulated"] is True
        for key in FIGURES:
            assert scored[key] == pytest.approx(evaluated[key], abs=0.0011), key
    assert scored["per_joint_mm"] == pytest.approx(evaluated["per_joint_mm"], abs=0.0011)
    assert scored["per_group"].keys() == evaluated["per_group"].keys()


def test_predictions_of_a_mirrored_store_are_in_the_pictures_it_was_made_of(tmp_path, capsys):
    """ICVL's left hands are stored flipped; its label files are not."""
    names = [f"test_seq_1/image_{i:04d}.png" for i in range(20)] + [f"test_seq_2/image_{i:04d}.png" for i in range(9)]
    path = random_store(tmp_path / "icvl.h5", ICVL16, ICVL.mirrored(320), names, is_mirrored=True)
    with FrameStore(path) as store:
        flipped = store.joints_mm.astype(float)
    labels = tmp_path / "labels.txt"
    original = ICVL.project(flipped * [-1, 1, 1])
    in_flipped_picture = ICVL.mirrored(320).project(flipped)
    np.testing.assert_allclose(319 - in_flipped_picture[..., 0], original[..., 0], atol=1e-9)
    published.write(labels, original)
    model, out = random_model(tmp_path / "model.safetensors", ICVL16), tmp_path / "predictions.txt"
    assert main(["predict", str(model), str(path), "--out", str(out)]) == 0
    capsys.readouterr()
    evaluated, scored = lsps(capsys, "evaluate", model, path), lsps(capsys, "score", "icvl", labels, out)
    assert evaluated["protocol"] == scored["protocol"] == "ICVL-16"
    for key in FIGURES:
        assert scored[key] == pytest.approx(evaluated[key], abs=0.0011), key
    assert {name: group["frames"] for name, group in evaluated["per_group"].items()} == {
        "test_seq_1": 20,
        "test_seq_2": 9,
    }
    perfect = lsps(capsys, "score", "icvl", path, labels)
    assert perfect["max_error_mm"] < 0.01


def nyu_store(folder, first, count, **about):
    numbers = range(first, first + count)
    names = [f"subject{1 + (number > 2440)}/depth_1_{number:07d}.png" for number in numbers]
    return random_store(folder / "nyu.h5", NYU36, NYU, names, **about)


def test_nyu_is_evaluated_by_its_14_joints_or_by_all(tmp_path, capsys):
    store, model = nyu_store(tmp_path, 2437, 7), random_model(tmp_path / "model.safetensors", NYU36)
    fourteen, everything = (
        lsps(capsys, "evaluate", model, store),
        lsps(capsys, "evaluate", model, store, "--protocol", "all"),
    )
    assert (fourteen["protocol"], everything["protocol"]) == ("NYU-14", "all 36 joints of nyu36")
    assert (len(fourteen["per_joint_mm"]), len(everything["per_joint_mm"])) == (14, 36)
    common = {joint: everything["per_joint_mm"][joint] for joint in fourteen["per_joint_mm"]}
    assert common == fourteen["per_joint_mm"]
    assert list(common) == [NYU36.joints[index] for index in NYU_14.indices]
    assert {name: group["frames"] for name, group in fourteen["per_group"].items()} == {"subject1": 4, "subject2": 3}
    assert "joints of icvl16" in refusal(capsys, "evaluate", model, store, "--protocol", "icvl16")


def test_frames_without_annotation_are_predicted_too(stores, untrained, tmp_path):
    path, model, out = tmp_path / "bare.h5", tmp_path / "model.safetensors", tmp_path / "new" / "predictions.txt"
    checkpoint.save(untrained, model)
    with FrameStore(stores["real"]) as store:
        with FrameWriter(path, domain="real", camera=store.camera) as writer:
            names = [f"frame{i}.png" for i in range(5)]
            depth = store.depth_mm(slice(0, 5))
            writer.append(depth_mm=depth, center_mm=store.center_mm[:5], half_mm=125.0, names=names)
        camera, centers = store.camera, store.center_mm[:5]
    assert main(["predict", str(model), str(path), "--out", str(out), "--names"]) == 0
    file = published.read(out, SIMULATED_21)
    assert file.names == tuple(names)
    assert np.abs(camera.unproject(file.uvd) - centers[:, None]).max() < 125 * 3
    assert [item.name for item in out.parent.iterdir()] == ["predictions.txt"]


def test_published_curves_are_laid_over_an_evaluation(tmp_path, capsys):
    """A store of some test frames takes its lines out of a file of all of them."""
    store, model = nyu_store(tmp_path, 2430, 20), random_model(tmp_path / "model.safetensors", NYU36)
    uvd = np.random.default_rng(1).normal([300, 200, 700], 20, (NYU_14.frame_count, 14, 3))
    with FrameStore(store) as opened:
        uvd[2429:2449] = farther(published.labels_of(opened, NYU_14).uvd, 7)
    theirs, out = tmp_path / "theirs.txt", tmp_path / "report"
    published.write(theirs, uvd)
    result = lsps(capsys, "evaluate", model, store, "--against", theirs, "--out", out)
    (other,) = result["against"]
    assert (other["method"], other["frames"]) == ("theirs", 20)
    assert 7 < other["mean_error_mm"] < 7.5
    assert result["mean_error_mm"] != other["mean_error_mm"]
    assert {"theirs"} < {line.split(",")[0] for line in (out / "curves.csv").read_text().splitlines()[1:]}
    published.write(theirs, uvd[:300])
    assert "theirs.txt has 300 frames" in refusal(capsys, "evaluate", model, store, "--against", theirs)


def test_training_frames_are_not_taken_for_test_frames_of_the_same_number(tmp_path, capsys):
    store = nyu_store(tmp_path, 1, 10, provenance={"split": "train"})
    theirs = tmp_path / "theirs.txt"
    published.write(theirs, np.full((NYU_14.frame_count, 14, 3), 400.0))
    assert "nothing shows which are which" in refusal(capsys, "score", "nyu", store, theirs)


def test_a_report_says_that_data_are_simulated_and_a_record_stays_small(stores, tmp_path, capsys):
    model = tmp_path / "model.safetensors"
    model.write_bytes(BUNDLED.read_bytes())
    result = lsps(capsys, "evaluate", model, stores["real"], "--record", "--out", tmp_path / "report")
    assert len(result["curves"]["distance_mm"]) == 81
    *_, entry = checkpoint.load(model).training["evaluations"]
    assert entry["per_group"] == result["per_group"]
    assert "curves" not in entry
    assert len(json.dumps(entry)) < 3000
    plain = tmp_path / "plain.h5"
    plain.write_bytes(stores["real"].read_bytes())
    with h5py.File(plain, "a") as file:
        file.attrs["simulated"] = False
    lsps(capsys, "evaluate", model, plain, "--out", tmp_path / "plain")
    for name in ("success.png", "joints.png"):
        with Image.open(tmp_path / "report" / name) as said, Image.open(tmp_path / "plain" / name) as unsaid:
            ink = [int((np.asarray(picture.convert("L"))[:60] < 128).sum()) for picture in (said, unsaid)]
        assert ink[0] > ink[1] + 200, name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "nyu", "{labels}", "{labels}"], "48 numbers"),
        (["score", "icvl", "{labels}", "{folder}/none.txt"], "does not exist"),
        (["score", "icvl", "{store}", "{labels}"], "joints of hand21"),
        (["score", "icvl", "{folder}/none.h5", "{labels}"], "does not exist"),
        (["predict", "{model}", "{store}", "--out", "{folder}"], "cannot be written"),
        (["predict", "{model}", "{store}", "--out", "{folder}/o.txt", "--protocol", "hands"], "no protocol 'hands'"),
        (["evaluate", "{model}", "{store}", "--against", "{labels}"], "48 numbers"),
        (["evaluate", "{model}", "{store}", "--protocol", "nyu14"], "joints of nyu36"),
    ],
)
def test_a_mistake_in_scoring_is_one_line(arguments, message, untrained, stores, tmp_path, capsys):
    values = {"folder": tmp_path / "f", "labels": tmp_path / "f" / "labels.txt", "model": tmp_path / "m.safetensors"}
    checkpoint.save(untrained, values["model"])
    published.write(values["labels"], np.random.default_rng(0).normal(200, 20, (4, 16, 3)))
    line = refusal(capsys, *(part.format(**values, store=stores["real"]) for part in arguments))
    assert line.startswith("lsps ")
    assert message in line
    assert [item.name for item in values["folder"].iterdir()] == ["labels.txt"]


def test_icvl_names_of_an_original_label_file_pair_with_the_set(tmp_path, capsys):
    uvd = np.random.default_rng(0).normal([150, 120, 400], 20, (ICVL_16.frame_count, 16, 3))
    names = tuple(f"test_seq_2\\image_{i:04d}.png" for i in range(894))
    published.write(tmp_path / "second.txt", uvd[702:], names)
    published.write(tmp_path / "all.txt", farther(uvd, 3))
    result = lsps(capsys, "score", "icvl", tmp_path / "second.txt", tmp_path / "all.txt")
    assert (result["frames"], list(result["per_group"])) == (894, ["test_seq_2"])
    assert 3 < result["mean_error_mm"] < 3.3


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_predictions_in_millimetres_read_back_as_the_stores_own(tmp_path, is_mirrored):
    camera = ICVL.mirrored(320) if is_mirrored else ICVL
    names = [f"test_seq_1/image_{i:04d}.png" for i in range(6)]
    path = random_store(tmp_path / "icvl.h5", ICVL16, camera, names, is_mirrored=is_mirrored)
    protocol = replace(ICVL_16, file_axes="x y z")
    with FrameStore(path) as store:
        published.write_joints(tmp_path / "ours.txt", store.joints_mm, store, protocol, tuple(names))
        labels = published.labels_of(store, protocol)
        flip = (-1 if is_mirrored else 1, -1, 1)
        expected = store.joints_mm.astype(float) * flip
    file = published.read(tmp_path / "ours.txt", protocol)
    np.testing.assert_allclose(file.uvd, labels.uvd, atol=1e-2)
    numbers = [line.split()[1:] for line in (tmp_path / "ours.txt").read_text().splitlines()]
    np.testing.assert_allclose(np.array(numbers, float).reshape(6, 16, 3), expected, atol=1e-3)
