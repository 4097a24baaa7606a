"""Real runs in processes of their own: they are followed, held, ended, and found again."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot
from run_helpers import LONG, kill, prepare_run

from explorer_app.preferences import Preferences
from explorer_app.train.model import run_folder
from explorer_app.train.model.run_folder import RunFolder, RunView
from explorer_app.train.model.run_process import ProcessRecord
from explorer_app.train.runs import TrainingRuns


@pytest.fixture
def preferences() -> Preferences:
    return Preferences()


@pytest.fixture
def make_runs(qtbot: QtBot, preferences: Preferences) -> Iterator[Callable[[], TrainingRuns]]:  # noqa: ARG001 - Qt must be there
    """Makes what a window follows its runs with; nothing is left, whatever becomes of the test."""
    made = []

    def make() -> TrainingRuns:
        made.append(TrainingRuns(preferences))
        made[-1].set_shown(True)
        return made[-1]

    yield make
    for runs in made:
        for path in runs.known:
            kill(path)
        runs.close()


def wait_for(qtbot: QtBot, runs: TrainingRuns, path: Path, *states: str) -> RunView:
    qtbot.waitUntil(lambda: path in runs.views and runs.views[path].state in states, timeout=WAIT_MS)
    return runs.views[path]


def wait_for_stage(qtbot: QtBot, runs: TrainingRuns, path: Path, stage: str) -> None:
    qtbot.waitUntil(
        lambda: runs.views[path].curves.stage == stage and runs.views[path].state == "training", timeout=WAIT_MS
    )


def test_a_run_goes_on_without_its_window_and_is_found_again(qtbot, make_runs, tmp_path, small_stores):
    path = prepare_run(tmp_path / "run", small_stores, *LONG)
    runs = make_runs()
    assert runs.start(path)
    wait_for(qtbot, runs, path, "training")
    assert_held_while_sliders_move(qtbot, runs, path)
    later = make_runs()
    view = wait_for(qtbot, later, path, "training")
    assert [other.path for other in later.ours] == [path]
    assert view.memory_bytes is None or view.memory_bytes > 2**20
    wait_for_stage(qtbot, later, path, "posterior")
    assert not later.start(path)  # one process is enough
    later.stop(path)
    view = wait_for(qtbot, later, path, "stopped")
    assert view.checkpoint is not None
    assert set(view.curves.terms) == {"pose", "depth", "posterior"}
    assert view.curves.best_mm is not None
    assert not later.ours


def test_a_run_pauses_stops_is_killed_resumes_and_is_cancelled(qtbot, make_runs, tmp_path, small_stores):
    path = prepare_run(tmp_path / "run", small_stores, *LONG)
    runs = make_runs()
    assert runs.start(path)
    wait_for(qtbot, runs, path, "training")
    wait_for_stage(qtbot, runs, path, "posterior")
    runs.pause(path)
    step = wait_for(qtbot, runs, path, "paused").curves.step
    runs.stop(path)  # a paused one hears it as well
    stopped = wait_for(qtbot, runs, path, "stopped")
    assert stopped.curves.step >= step

    assert runs.start(path)
    wait_for(qtbot, runs, path, "starting")
    wait_for(qtbot, runs, path, "training")
    assert runs.views[path].curves.step >= stopped.curves.step
    kill(path)
    died = wait_for(qtbot, runs, path, "died")
    assert "was killed" in died.why
    assert f"resume continues from step {int(died.checkpoint.stem)}" in died.why

    assert runs.start(path)
    wait_for(qtbot, runs, path, "training")
    assert not runs.views[path].why
    runs.cancel(path)
    cancelled = wait_for(qtbot, runs, path, "cancelled")
    assert cancelled.checkpoint == died.checkpoint
    assert not cancelled.why


def assert_held_while_sliders_move(qtbot: QtBot, runs: TrainingRuns, path: Path) -> None:
    """A run in training is held where that is how it shares, and let go when its window closes."""
    runs.make_room()
    record = ProcessRecord.read(path)
    assert not record.is_paused
    runs.share = "hold"
    runs.make_room()
    qtbot.waitUntil(lambda: record.is_paused, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not record.is_paused, timeout=WAIT_MS)  # once they rest
    wait_for(qtbot, runs, path, "training")
    runs.make_room()
    runs.close()
    qtbot.waitUntil(lambda: not record.is_paused, timeout=WAIT_MS)  # nobody is left who would let it go on


def test_a_run_whose_stores_are_gone_says_so(qtbot, make_runs, tmp_path, small_stores):
    moved = {name: shutil.copy(path, tmp_path) for name, path in small_stores.items()}
    path = prepare_run(tmp_path / "run", {name: Path(copy) for name, copy in moved.items()})
    Path(moved["real"]).unlink()
    runs = make_runs()
    assert runs.start(path)
    view = wait_for(qtbot, runs, path, "failed")
    assert str(moved["real"]) in view.why
    assert "Traceback" not in view.why
    assert view.error.what in view.tail
    assert view.error.field == "real_path"


def test_a_run_that_is_not_finite_goes_on_with_what_it_offers_and_is_found_finished(
    qtbot, make_runs, tmp_path, small_stores
):
    path = prepare_run(tmp_path / "runs" / "run", small_stores, "pose.learning_rate=1e15")
    runs = make_runs()
    assert runs.start(path)
    view = wait_for(qtbot, runs, path, "failed")
    assert "nan" in view.why or "inf" in view.why or "not finite" in view.why
    assert view.offered_settings == ("pose.learning_rate=5e+14",)
    assert runs.start(path, ["pose.learning_rate=0.001"])
    view = wait_for(qtbot, runs, path, "finished")
    assert any("pose.learning_rate" in note for note in view.curves.notes)
    assert view.share_done == 1
    assert view.checkpoint == path / "model.safetensors"
    assert view.curves.previews
    runs.forget(path)
    qtbot.waitUntil(lambda: not runs.views, timeout=WAIT_MS)
    runs.runs_path = tmp_path / "runs"
    assert wait_for(qtbot, runs, path, "finished").curves.step == view.curves.step


def test_a_folder_that_cannot_be_written_is_one_line(qtbot, make_runs, tmp_path):
    runs = make_runs()
    with qtbot.waitSignal(runs.message, timeout=WAIT_MS) as told:
        assert not runs.start(tmp_path / "nowhere")
    assert "nowhere" in told.args[0]


def events_of(path: Path, *events: dict) -> Path:
    path.mkdir()
    (path / "config.json").write_text("{}")
    lines = [{"time": 1.0, "step": 3, "total_steps": 9, "device": "cpu", "parameters": 1, **event} for event in events]
    (path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_states_without_a_process(tmp_path):
    started = {"kind": "started"}
    about = {"what": "xyzzy", "remedy": "{settings}", "settings": {"depth.batch_size": "2"}}
    ended = {"kind": "end", "reason": "failed", "message": "out of memory", **about}
    assert RunFolder(events_of(tmp_path / "new")).look().state == "new"
    assert RunFolder(events_of(tmp_path / "died", started)).look().state == "died"
    failed = RunFolder(events_of(tmp_path / "failed", started, ended)).look()
    assert (failed.state, failed.why) == ("failed", "xyzzy; depth.batch_size=2")
    assert failed.offered_settings == ("depth.batch_size=2",)
    path = events_of(tmp_path / "gone", started)
    folder = RunFolder(path)
    folder.look()
    shutil.rmtree(path)
    assert folder.look().state == "missing"
    assert str(path) in folder.look().why


def test_a_stop_file_beside_a_dead_process_is_not_stopping(tmp_path):
    path = events_of(tmp_path / "run", {"kind": "started"})
    (path / "stop").touch()
    assert RunFolder(path).look().state == "died"


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    path = events_of(tmp_path / "run", {"kind": "started"})
    monkeypatch.setattr(run_folder.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert "disk" in RunFolder(path).look().why


def test_a_process_of_the_same_number_is_another_one(tmp_path):
    record = ProcessRecord.of(os.getpid())
    assert record.is_alive
    assert record.memory_bytes > 2**20
    record.write(tmp_path)
    assert ProcessRecord.read(tmp_path) == record
    other = dataclasses.replace(record, born=record.born - 60)
    assert not other.is_alive
    with pytest.raises(ProcessLookupError, match="has ended"):
        other.kill()


def test_a_process_that_has_ended_is_not_alive_and_cannot_be_asked(qtbot):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = ProcessRecord.of(child.pid)
    record.pause()
    qtbot.waitUntil(lambda: record.is_paused, timeout=WAIT_MS)
    record.unpause()
    qtbot.waitUntil(lambda: not record.is_paused, timeout=WAIT_MS)
    record.kill()
    child.stdin.close()
    child.wait()
    assert not record.is_alive
    assert record.memory_bytes is None
    with pytest.raises(ProcessLookupError, match="has ended"):
        record.unpause()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MB; the test skips where none may be mounted."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(path)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_a_run_on_a_disk_that_fills_up_says_so_and_goes_on_once_there_is_room(
    qtbot, make_runs, small_disk, small_stores
):
    path = prepare_run(small_disk / "run", small_stores, *LONG, "checkpoint_minutes=0.03")
    runs = make_runs()
    assert runs.start(path)
    wait_for(qtbot, runs, path, "training")
    wait_for_stage(qtbot, runs, path, "posterior")
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    view = wait_for(qtbot, runs, path, "failed", "died")
    assert "No space left" in view.why or "is full" in view.why
    assert "free some space" in view.why
    kept = view.checkpoint
    filler.unlink()
    assert runs.start(path)
    view = wait_for(qtbot, runs, path, "training")
    assert view.curves.step >= int(kept.stem)
    runs.stop(path)
    wait_for(qtbot, runs, path, "stopped")
