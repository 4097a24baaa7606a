"""`--fit`, `--turns` and `lsps fit`: the commands' outputs, of hands read so; and stores annotated by a fit."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from lsps_core.cli import main
from lsps_core.data.crop import normalise, to_joints_mm
from lsps_core.data.store import FrameStore, FrameStoreError, FrameWriter
from lsps_core.evaluation import frame_results
from lsps_core.evaluation.about import Reading
from lsps_core.evaluation.evaluate import predict
from lsps_core.evaluation.frame_evaluation import FrameEvaluation, Watch
from lsps_core.fitting import fit
from lsps_core.inference import Predictor
from lsps_core.simulator.simulate_store import simulate_store

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "resources" / "models" / "compact.safetensors"
STEPS = 4


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """A store of 6 frames of a simulated sensor, with times."""
    path = tmp_path_factory.mktemp("fit") / "six.h5"
    simulate_store(path, "sensor", 6, subjects=2, seed=77, provenance={}, on_progress=lambda _: None)
    with h5py.File(path, "r+") as file:
        file["time_s"] = np.arange(6) / 15
    return path


@pytest.fixture(scope="module")
def expected(path):
    """(fitted joints_mm, residual_mm) of these frames."""
    with FrameStore(path) as store:
        center, half = torch.from_numpy(store.center_mm), torch.from_numpy(store.half_mm)
        image = normalise(torch.from_numpy(store.depth_mm(slice(None)).astype(np.float32)), center, half)
        found = fit(Predictor.load(MODEL), image, center, half, steps=STEPS)
    return to_joints_mm(found.pose, center, half).numpy(), found.residual_mm.numpy()


def run(capsys, *arguments) -> tuple[int, str, list[str]]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err.strip().splitlines()


def test_evaluate_scores_the_fitted_hands(path, expected, capsys):
    with FrameStore(path) as store:
        error_mm = np.linalg.norm(expected[0] - store.joints_mm, axis=2).mean()
    _, plain, _ = run(capsys, "evaluate", MODEL, path, "--json", "--device", "cpu")
    status, out, _ = run(capsys, "evaluate", MODEL, path, "--json", "--device", "cpu", "--fit", STEPS)
    assert status == 0
    before, after = json.loads(plain), json.loads(out)
    assert before.keys() == after.keys()
    assert after["mean_error_mm"] == pytest.approx(error_mm, abs=0.01)
    assert after["mean_error_mm"] < before["mean_error_mm"]


@pytest.mark.parametrize("option", [("--fit",), ("--turns", "2")])
def test_a_models_record_keeps_no_fit(path, capsys, tmp_path, option):
    copy = tmp_path / "model.safetensors"
    copy.write_bytes(MODEL.read_bytes())
    status, _, error = run(capsys, "evaluate", copy, path, "--record", *option)
    assert status == 2
    assert "--record" in error[-1]
    assert copy.read_bytes() == MODEL.read_bytes()


def test_several_turns_are_nearer_to_the_truth(path, capsys):
    predictor, errors_mm = Predictor.load(MODEL), {}
    with FrameStore(ROOT / "resources" / "samples" / "sensor.h5") as store:
        for turns in (1, 4):
            found = [joints_mm for _, joints_mm in predict(predictor, store, np.arange(64), turns=turns)]
            errors_mm[turns] = np.linalg.norm(np.concatenate(found) - store.joints_mm[:64], axis=2).mean()
    assert errors_mm[4] < 0.98 * errors_mm[1]

    status, out, _ = run(capsys, "evaluate", MODEL, path, "--json", "--device", "cpu", "--turns", "4")
    assert status == 0
    with FrameStore(path) as store:
        ((_, joints_mm),) = predict(predictor, store, np.arange(6), turns=4)
        error_mm = np.linalg.norm(joints_mm - store.joints_mm, axis=2).mean()
    assert json.loads(out)["mean_error_mm"] == pytest.approx(error_mm, abs=0.01)
    status, _, error = run(capsys, "evaluate", MODEL, path, "--turns", "0")
    assert (status, error[-1]) == (2, "lsps evaluate: turns is 0: it must be 1 or more")


def test_predict_writes_the_fitted_hands(path, expected, capsys, tmp_path):
    out = tmp_path / "fitted.txt"
    assert run(capsys, "predict", MODEL, path, "--out", out, "--device", "cpu", "--fit", STEPS)[0] == 0
    with FrameStore(path) as store:
        uvd = store.camera.project(expected[0]).reshape(6, -1)
    np.testing.assert_allclose(np.loadtxt(out), uvd, atol=0.05)


def test_failures_keeps_readings_apart(path, expected, capsys, tmp_path):
    model = tmp_path / "model.safetensors"
    model.write_bytes(MODEL.read_bytes())
    for option in ((), ("--fit", STEPS), ("--turns", 2)):
        assert run(capsys, "failures", model, path, "--device", "cpu", *option)[0] == 0
    found = map(frame_results.load, (tmp_path / "evaluations").glob("*.npz"))
    results = {results.about.reading.words: results for results in found}
    plain, turned, fitted = results[""], results["2 turns"], results["fitted"]
    assert (plain.about.reading, fitted.about.reading) == (Reading(), Reading(fit_steps=STEPS))
    with FrameStore(path) as store:
        errors_mm = np.linalg.norm(expected[0] - store.joints_mm, axis=2)
        ((_, joints_mm),) = predict(Predictor.load(MODEL), store, np.arange(6), turns=2)
        turned_mm = np.linalg.norm(joints_mm - store.joints_mm, axis=2)
    np.testing.assert_allclose(fitted.errors_mm, errors_mm, atol=0.05)
    np.testing.assert_allclose(turned.errors_mm, turned_mm, atol=0.05)
    assert abs(turned.errors_mm - plain.errors_mm).max() > 0.5
    assert plain.errors_mm.mean() > fitted.errors_mm.mean()
    np.testing.assert_allclose(fitted.residual_mm, expected[1], atol=0.01)
    assert plain.residual_mm is turned.residual_mm is None


def test_an_evaluation_with_fits_that_was_stopped_keeps_its_residuals(path, expected, tmp_path):
    predictor = Predictor.load(MODEL)
    with FrameStore(path) as store:
        evaluation = FrameEvaluation(predictor, MODEL, store, tmp_path / "fitted.npz", reading=Reading(fit_steps=STEPS))
        begun = []

        def take(block: Path, start: int, stop: int) -> None:
            begun.append(frame_results.load_begun(evaluation.path))
            begun[-1].take(block, start, stop)

        assert evaluation.run(Watch(block=take)) == "finished"
    np.testing.assert_allclose(begun[0].residual_mm, expected[1], atol=0.01)
    np.testing.assert_array_equal(frame_results.load(evaluation.path).residual_mm, begun[0].residual_mm)


def test_results_from_before_there_were_readings_are_read(path, capsys, tmp_path):
    new, old = tmp_path / "new.npz", tmp_path / "old.npz"
    assert run(capsys, "failures", MODEL, path, "--device", "cpu", "--out", new)[0] == 0
    with np.load(new) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays.pop("about").tobytes())
    assert (about.pop("fit_steps"), about.pop("turns")) == (None, 1)
    np.savez(old, about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8), **arrays)
    read = frame_results.load(old, frame_results.load(new).about)
    assert read.residual_mm is None
    np.testing.assert_array_equal(read.errors_mm, frame_results.load(new).errors_mm)


def test_fit_annotates_the_frames_that_it_accepts(path, expected, capsys, tmp_path):
    joints_mm, residual_mm = expected
    accept = float(np.sort(residual_mm)[2:4].mean())
    out = tmp_path / "fitted.h5"
    arguments = ["fit", path, out, "--model", MODEL, "--steps", STEPS, "--accept", accept, "--device", "cpu"]
    status, said, _ = run(capsys, *arguments)
    assert status == 0
    assert "3 (50 %)" in said
    with FrameStore(out) as fitted, FrameStore(path) as store:
        np.testing.assert_array_equal(fitted.depth_mm(slice(None)), store.depth_mm(slice(None)))
        np.testing.assert_allclose(fitted.fit_residual_mm, residual_mm, atol=0.01)
        is_accepted = residual_mm <= accept
        np.testing.assert_allclose(fitted.joints_mm[is_accepted], joints_mm[is_accepted], atol=0.05)
        assert np.isnan(fitted.joints_mm[~is_accepted]).all()
        assert fitted.provenance["origin"] == "fitted"
        assert fitted.provenance["accepted"] == 3
        assert (fitted.names, fitted.domain, fitted.is_simulated) == (store.names, store.domain, True)
        assert store.fit_residual_mm is None
        np.testing.assert_array_equal(fitted.times_s, np.arange(6) / 15)
    assert run(capsys, *arguments)[0] == 2  # it exists


def test_fit_takes_some_frames_from_all_over_the_store(path, capsys, tmp_path):
    out = tmp_path / "few.h5"
    arguments = ["fit", path, out, "--model", MODEL, "--steps", 1, "--frames", 3, "--accept", 1e6, "--device", "cpu"]
    status, said, _ = run(capsys, *arguments)
    assert status == 0
    assert "3 frames, 3 (100 %)" in said
    with FrameStore(out) as fitted, FrameStore(path) as store:
        assert fitted.names == [store.names[place] for place in (0, 2, 5)]
        np.testing.assert_array_equal(fitted.depth_mm(slice(None)), store.depth_mm(np.array([0, 2, 5])))
        assert fitted.provenance["seconds"] > 0


@pytest.mark.parametrize(("option", "value"), [("--accept", 0), ("--steps", 0), ("--frames", 0)])
def test_fit_refuses_settings_without_meaning(path, capsys, tmp_path, option, value):
    status, _, error = run(capsys, "fit", path, tmp_path / "out.h5", "--model", MODEL, option, value)
    assert status == 2
    assert option[2:] in error[-1]
    assert not list(tmp_path.iterdir())


def test_fit_refuses_what_is_not_a_number(path, capsys, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        run(capsys, "fit", path, tmp_path / "out.h5", "--model", MODEL, "--accept", "nan")
    assert "argument --accept: nan is not a number" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_store_has_a_residual_for_each_frame_or_none(path, tmp_path):
    with FrameStore(path) as store:
        frame, camera = store.frame(0), store.camera

    def write():
        with FrameWriter(tmp_path / "odd.h5", domain="real", camera=camera) as writer:
            writer.append(depth_mm=frame.depth_mm[None], center_mm=frame.center_mm[None], half_mm=125.0, names=["a"])
            writer.fit_residual_mm += [1.0, 2.0]

    with pytest.raises(FrameStoreError, match="fit_residual_mm"):
        write()
    assert not (tmp_path / "odd.h5").exists()
