"""What a killed run leaves behind, and what is left of it when the run goes on; a disk that takes no more."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.training import TrainConfig
from lsps_core.events import Ended, Event, Noted, Saved, Started, Stepped, Validated
from lsps_core.training.run import Run, RunError


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.create(tmp_path / "run", TrainConfig(synthetic_path="s.h5", real_path="r.h5"))


def stepped(step: int) -> Stepped:
    return Stepped(stage="pose", stage_step=step, step=step, terms={"a": step / 3, "b/c": 0.5}, frames_per_s=9, eta_s=1)


def validated(step: int) -> Validated:
    return Validated(stage="pose", step=step, mean_error_mm=step / 7, best_error_mm=1.0, domain="real")


def saved(step: int) -> Saved:
    return Saved(kind="checkpoint", stage="pose", step=step, path=f"{step:08d}.safetensors")


def save(run: Run, model: Checkpoint, step: int) -> None:
    state = {"stage": "pose", "stage_step": step, "seconds": 1.0, "best_mm": {}, "last_mm": None}
    run.save_checkpoint(step, model, {"moment": torch.zeros(3)}, state)


def record(run: Run, *events: Event) -> None:
    for event in events:
        run.record(event)


def told(run: Run) -> list[tuple[str, int]]:
    lines = (run.path / "events.jsonl").read_text().splitlines()
    return [(event["kind"], event.get("step", -1)) for event in map(json.loads, lines)]


def metric_steps(run: Run) -> list[tuple[int, str]]:
    with (run.path / "metrics.csv").open(newline="") as file:
        return [(int(row["step"]), row["name"]) for row in csv.DictReader(file)]


def test_going_on_drops_what_was_told_after_the_checkpoint(run):
    record(run, Started(step=0, total_steps=9, device="cpu", parameters=1), stepped(1), stepped(2), validated(2))
    record(run, saved(2), stepped(3), validated(3), Ended(step=3, reason="failed"))
    before = (run.path / "metrics.csv").read_text()
    run.rewind(2)
    assert told(run) == [("started", 0), ("step", 1), ("step", 2), ("validation", 2), ("checkpoint", 2)]
    assert metric_steps(run)[-1] == (2, "mean_error_mm")
    assert before.startswith((run.path / "metrics.csv").read_text().rstrip())
    record(run, stepped(3))
    assert [step for step, name in metric_steps(run) if name == "a"] == [1, 2, 3]


def test_what_the_trainer_makes_again_is_dropped_too(run):
    record(run, validated(1), stepped(2), validated(2), saved(2))
    run.rewind(2, redo=True)
    assert told(run) == [("validation", 1), ("step", 2)]


def test_half_a_line_is_dropped(run):
    record(run, stepped(1), stepped(2))
    for name in ("events.jsonl", "metrics.csv"):
        path = run.path / name
        path.write_bytes(path.read_bytes()[:-20])
    run.rewind(2)
    record(run, stepped(2))
    assert told(run) == [("step", 1), ("step", 2)]
    assert [step for step, name in metric_steps(run) if name == "a"] == [1, 2]


def test_what_is_told_after_half_a_line_is_kept(run):
    record(run, stepped(1), stepped(2))
    path = run.path / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    record(run, Noted(message="changed"))
    run.rewind(2)
    assert told(run) == [("step", 1), ("note", -1)]


def test_a_kill_within_a_save_leaves_nothing_behind(run, untrained):
    for step in (1, 2):
        save(run, untrained, step)
        run.save_preview(step, Image.new("L", (4, 4)))
    folder = run.path / "checkpoints"
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    (folder / "00000003.state.safetensors").write_bytes(b"its model was never written")
    (folder / ".00000004.state.safetensors.abc.part").write_bytes(b"half")
    (run.path / ".config.json.abc.part").write_bytes(b"half")
    run.save_preview(3, Image.new("L", (4, 4)))
    run.rewind(2)
    assert {path: path.read_bytes() for path in folder.iterdir()} == whole
    assert not list(run.path.glob(".*.part"))
    assert len(list((run.path / "previews").iterdir())) == 2


def test_a_damaged_checkpoint_is_set_aside_and_told(run, untrained):
    for step in (1, 2):
        save(run, untrained, step)
    newest = run.checkpoints()[-1]
    newest.write_bytes(newest.read_bytes()[:100])
    assert run.latest()[2]["stage_step"] == 1
    run.rewind(1)
    assert [path.name for path in run.checkpoints()] == ["00000001.safetensors"]
    assert newest.with_name("00000002.safetensors.damaged").exists()
    (note,) = [json.loads(line) for line in (run.path / "events.jsonl").read_text().splitlines()]
    assert note["kind"] == "note"
    assert "00000002.safetensors cannot be read" in note["message"]


def test_two_checkpoints_are_there_whenever_a_third_is_written(run, untrained, monkeypatch):
    counts = []
    replace = Path.replace

    def counting(path: Path, target: Path) -> Path:
        counts.append(len(run.checkpoints()))
        result = replace(path, target)
        counts.append(len(run.checkpoints()))
        return result

    monkeypatch.setattr(Path, "replace", counting)
    for step in range(1, 6):
        save(run, untrained, step)
    assert min(counts[counts.index(2) :]) == 2
    assert len(run.checkpoints()) == 2


def test_what_cannot_be_saved_is_one_line_and_leaves_the_last_checkpoint(run, untrained):
    save(run, untrained, 1)
    (run.path / "previews").write_bytes(b"")  # a file where a folder must be
    with pytest.raises(RunError, match=r"cannot be written: .*; checkpoint 00000001.safetensors is unchanged") as error:
        run.save_preview(2, Image.new("L", (4, 4)))
    assert "\n" not in str(error.value)
    assert run.latest()[2]["stage_step"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_full_disk_stops_the_record_but_not_the_reason_why(tmp_path):
    heard: list[Event] = []
    run = Run.create(tmp_path / "run", TrainConfig(synthetic_path="s.h5", real_path="r.h5"), heard.append)
    (run.path / "events.jsonl").symlink_to("/dev/full")
    with pytest.raises(RunError, match="No space left"):
        run.record(stepped(1))
    run.record(Ended(step=1, reason="failed", message="full"))
    assert [event.kind for event in heard] == ["end"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_one_line(run, untrained):
    save(run, untrained, 1)
    folder = run.path / "checkpoints"
    folder.chmod(0o500)
    try:
        with pytest.raises(RunError, match="Permission denied; checkpoint 00000001"):
            save(run, untrained, 2)
    finally:
        folder.chmod(0o700)
    assert run.latest()[2]["stage_step"] == 1


def test_a_new_run_takes_an_empty_folder_and_no_other(tmp_path):
    config = TrainConfig(synthetic_path="s.h5", real_path="r.h5")
    Run.create(tmp_path, config)
    with pytest.raises(RunError, match="exists already"):
        Run.create(tmp_path, config)
    with pytest.raises(RunError, match="Not a directory"):
        Run.create(tmp_path / "config.json", config)
