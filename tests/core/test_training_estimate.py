"""What a run will take: measured, said stage by stage, and without a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from training_helpers import TINY, tiny_config

from lsps_core.cli import main
from lsps_core.training import estimate as measuring
from lsps_core.training.estimate import Estimate
from lsps_core.training.run import Run
from lsps_core.training.trainer import Trainer


@pytest.fixture(autouse=True)
def _soon_enough(monkeypatch):
    monkeypatch.setattr(measuring, "_ENOUGH_SECONDS", 0.1)


def estimate(capsys, run: Path, *arguments: str) -> list[dict]:
    capsys.readouterr()
    assert main(["train", str(run), *arguments, "--estimate"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_stage_is_measured_and_nothing_is_written(stores, tmp_path, capsys):
    settings = [part for setting in TINY for part in ("--set", setting)]
    paths = ["--synthetic", str(stores["synthetic"]), "--real", str(stores["real"])]
    *stages, total = estimate(capsys, tmp_path / "run", *paths, "--device", "cpu", *settings)
    assert [stage["stage"] for stage in stages] == ["pose", "depth", "posterior"]
    assert [stage["steps"] for stage in stages] == [20, 2, 2]
    for stage in stages:
        assert stage["kind"] == "stage"
        assert stage["seconds"] == pytest.approx(stage["steps"] * stage["seconds_per_step"])
        assert stage["seconds"] > 0
    assert total["kind"] == "estimate"
    assert total["seconds"] == pytest.approx(sum(stage["seconds"] for stage in stages))
    assert total["device"] == "cpu"
    assert not (tmp_path / "run").exists()


def test_a_prepared_run_is_left_prepared(stores, tmp_path, capsys):
    run = Run.create(tmp_path / "run", tiny_config(stores, "pose.steps=1", "depth.steps=0"))
    *stages, _ = estimate(capsys, run.path)
    assert [stage["stage"] for stage in stages] == ["pose", "posterior"]
    assert run.is_prepared
    assert [path.name for path in run.path.iterdir()] == ["config.json"]


def test_a_resumed_run_is_measured_for_what_is_left(stores, tmp_path):
    config = tiny_config(stores, "pose.steps=2", "depth.steps=3")
    run = Run.create(tmp_path / "run", config)
    asked = iter([False, False, True])  # after the first step of a stage, and at its end
    assert Trainer(run, config, should_stop=lambda: next(asked)).train() == "stopped"
    stages = list(Estimate(run, config).stages())
    assert [(stage.stage, stage.steps) for stage in stages] == [("depth", 2), ("posterior", 2)]


def test_refusals_are_one_line(stores, tmp_path, capsys):
    arguments = ["--synthetic", str(stores["real"]), "--real", str(stores["real"])]
    assert main(["train", str(tmp_path / "run"), *arguments, "--estimate"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "holds real frames, not synthetic" in line
