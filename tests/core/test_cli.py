"""`lsps` as a shell meets it: exit status, one line a mistake, JSON on stdout and nothing else there."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from lsps_core import checkpoint
from lsps_core.cli import main


def run(capsys, *arguments) -> tuple[int, str, list[str]]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err.strip().splitlines()


def test_simulate_leaves_a_store_that_info_describes(stores, capsys):
    status, out, _ = run(capsys, "info", stores["real"], "--json")
    facts = json.loads(out)
    assert status == 0
    assert (facts["frames"], facts["domain"], facts["simulated"], facts["skeleton"]) == (96, "real", True, "hand21")
    assert sum(facts["groups"].values()) == 96
    assert facts["provenance"]["command"].startswith("lsps simulate")


def test_simulate_never_overwrites_unasked(stores, capsys):
    before = stores["real"].read_bytes()
    status, _, error = run(capsys, "simulate", stores["real"], "--domain", "sensor", "--frames", 2)
    assert status == 2
    assert "exists" in error[-1]
    assert stores["real"].read_bytes() == before


def test_evaluate_prints_one_json_object(trained_run, stores, capsys):
    status, out, _ = run(capsys, "evaluate", trained_run, stores["real"], "--json")
    result = json.loads(out)
    assert status == 0
    assert {"mean_error_mm", "within_40mm_percent", "per_joint_mm", "frames", "protocol"} <= result.keys()
    assert len(result["per_joint_mm"]) == 21


def test_evaluate_for_people_says_that_data_are_simulated(trained_run, stores, capsys, tmp_path):
    status, out, _ = run(capsys, "evaluate", trained_run, stores["real"], "--out", tmp_path / "report")
    assert status == 0
    assert "simulated" in out.splitlines()[0]
    assert json.loads((tmp_path / "report" / "evaluation.json").read_text())["frames"] == 96


def test_evaluate_can_keep_its_figures_in_the_model(trained_run, stores, capsys, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes((trained_run / "model.safetensors").read_bytes())
    _, out, _ = run(capsys, "evaluate", path, stores["real"], "--record", "--json")
    (kept,) = checkpoint.load(path).training["evaluations"]
    assert kept["mean_error_mm"] == json.loads(out)["mean_error_mm"]
    assert kept["data"]["seed"] == 1


def test_info_describes_models_and_runs(trained_run, capsys):
    _, out, _ = run(capsys, "info", trained_run / "model.safetensors", "--json")
    config = json.loads(out)["config"]
    assert (config["joint_count"], config["base_channels"], config["mapping"]) == (21, 4, "surface")
    _, out, _ = run(capsys, "info", trained_run, "--json")
    assert json.loads(out)["finished"] is True
    status, out, _ = run(capsys, "info", trained_run)
    assert status == 0
    assert out.startswith("kind: run")


def test_import_frames_makes_a_store_and_names_what_it_skips(tmp_path, capsys, real_data):
    good = real_data / "sr305" / "20210326-231615_0.png"
    bad = tmp_path / "truncated.png"
    bad.write_bytes(good.read_bytes()[:3000])
    out_path = tmp_path / "mine.h5"
    camera = "476.007,476.007,313.683,242.755"
    status, _, error = run(capsys, "import", "frames", out_path, good, bad, "--camera", camera, "--unit-mm", 0.125)
    assert status == 0
    assert any("truncated.png" in line for line in error)
    _, out, _ = run(capsys, "info", out_path, "--json")
    assert (json.loads(out)["frames"], json.loads(out)["skeleton"]) == (1, None)


@pytest.fixture
def wrong_files(tmp_path, untrained, stores):
    import h5py
    import safetensors.torch

    text = tmp_path / "text.h5"
    text.write_text("frames, but in prose")
    bare = tmp_path / "bare.h5"
    bare.write_bytes(stores["real"].read_bytes())
    with h5py.File(bare, "a") as file:
        del file["depth"]
    newer = tmp_path / "newer.safetensors"
    checkpoint.save(untrained, newer)
    metadata, weights = checkpoint.read_tensors(newer)
    safetensors.torch.save_file(weights, newer, metadata | {"format_version": "7"})
    picture = tmp_path / "truncated.png"
    Image.fromarray(np.full((480, 640), 700, np.uint16)).save(picture)
    picture.write_bytes(picture.read_bytes()[:200])
    return {"text": text, "bare": bare, "newer": newer, "picture": picture, "folder": tmp_path}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["info", "{text}"], "text.h5"),
        (["info", "{bare}"], "depth"),
        (["info", "{newer}"], "version 7"),
        (["info", "{folder}/none.h5"], "none.h5"),
        (["info", "{folder}"], "config.json"),
        (["info", "{picture}"], "neither a model"),
        (["evaluate", "{newer}", "{bare}"], "version 7"),
        (["evaluate", "{folder}", "{bare}"], "without a model"),
        (["import", "frames", "{folder}/o.h5", "{picture}", "--camera", "1,2,3"], "4 numbers FX,FY,CX,CY"),
        (["import", "frames", "{folder}/o.h5", "{picture}", "--camera", "475,475,320,240"], "truncated.png"),
        (["simulate", "{folder}/o.h5", "--domain", "sensor", "--frames", "0"], "frame"),
        (["simulate", "{folder}/none/o.h5", "--domain", "sensor", "--frames", "1"], "folder does not exist"),
        (["simulate", "{folder}/o.h5", "--domain", "sensor", "--frames", "1", "--device", "abacus"], "--device cpu"),
        (["train", "{folder}/run"], "--synthetic"),
        (["train", "{folder}/run", "--synthetic", "{text}", "--real", "{bare}"], "text.h5"),
        (["train", "{folder}/run", "--synthetic", "a", "--real", "b", "--set", "depth.speed=1"], "no such setting"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(wrong_files, capsys, command, message):
    status, out, error = run(capsys, *(part.format(**wrong_files) for part in command))
    assert (status, out) == (2, "")
    said = [line for line in error if line.startswith("lsps ")]
    assert message in said[-1]
    assert not any("Traceback" in line for line in error)
    assert not (wrong_files["folder"] / "run").exists()
    assert not (wrong_files["folder"] / "o.h5").exists()
