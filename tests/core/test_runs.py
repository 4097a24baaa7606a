"""A run's folder without torch: its record followed while others write it, its last error, and what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsps_core.errors import LspsError
from lsps_core.events import Failed, Noted, error_fields
from lsps_core.runs.follow import EventsFile, last_error
from lsps_core.runs.layout import RunLayout, evaluations_folder, is_locked, locked


def started(step: int = 0) -> dict[str, Any]:
    return {"kind": "started", "time": 1.0 + step, "step": step, "total_steps": 100, "device": "cpu", "parameters": 9}


def stepped(step: int, value: float) -> dict[str, Any]:
    counts = {"stage_step": step, "step": step, "frames_per_s": 10.0, "eta_s": 100.0 - step}
    return {"kind": "step", "time": 2.0 + step, "stage": "pose", "terms": {"kl": value}, **counts}


def write(path: Path, *events: dict[str, Any], mode: str = "w") -> None:
    with path.open(mode) as file:
        file.writelines(json.dumps(event) + "\n" for event in events)


def test_a_followed_file_gives_every_line_once_and_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    file = EventsFile(path)
    assert file.read() == (False, [])
    write(path, started(), stepped(1, 1.0))
    assert [event.kind for event in file.read()[1]] == ["started", "step"]
    line = json.dumps(stepped(2, 2.0))
    with path.open("a") as writer:
        writer.write(line[:20])
        writer.flush()
        assert file.read() == (False, [])
        writer.write(line[20:] + "\n")
    assert [event.step for event in file.read()[1]] == [2]


@pytest.mark.parametrize("in_place", [True, False])
def test_a_rewritten_file_is_read_from_its_beginning(tmp_path, in_place):
    path = tmp_path / "events.jsonl"
    file = EventsFile(path)
    write(path, started(), stepped(1, 1.0), stepped(2, 1.0))
    file.read()
    other = path if in_place else tmp_path / "other"
    write(other, started(1), *(stepped(step, 0.5) for step in range(2, 9)))  # longer than it was
    other.replace(path)
    is_rewound, events = file.read()
    assert is_rewound
    assert len(events) == 8


def test_a_half_line_that_a_kill_left_is_passed_over(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"kind": "st\n' + json.dumps(started()) + "\n")
    assert [event.kind for event in EventsFile(path).read()[1]] == ["started"]


def test_the_last_error_is_read_with_its_field_and_settings(tmp_path):
    path = tmp_path / "error.jsonl"
    assert last_error(path) is None
    error = LspsError("no room", "take {settings}", field="depth.batch_size", settings={"depth.batch_size": "2"})
    lines = [Failed(message="before").line(), Failed(**error_fields(error)).line(), Noted(message="x").line(), "half a"]
    path.write_text("\n".join(lines))
    found = last_error(path).error
    assert (found.what, found.remedy, found.field, found.settings) == (
        "no room", "take {settings}", "depth.batch_size", {"depth.batch_size": "2"},
    )  # fmt: skip
    assert last_error(tmp_path) is None


def test_the_newest_model_is_the_finished_one_or_else_the_last_checkpoint(tmp_path):
    layout = RunLayout(tmp_path)
    assert layout.newest_model() is None
    layout.checkpoints_folder.mkdir()
    for step in (9, 10):
        layout.checkpoint(step).touch()
    (layout.checkpoints_folder / "best.safetensors").touch()
    assert layout.newest_model() == layout.checkpoint(10)
    assert evaluations_folder(layout.checkpoint(10)) == tmp_path / "evaluations"
    layout.model.touch()
    assert layout.newest_model() == layout.model


def test_a_locked_run_is_seen_and_refused(tmp_path):
    layout = RunLayout(tmp_path)
    assert not is_locked(layout)
    with locked(layout) as is_ours:
        assert is_ours
        assert is_locked(layout)
        with locked(layout) as is_also_ours:
            assert not is_also_ours
    assert not is_locked(layout)


def test_what_the_window_knows_of_runs_and_events_imports_no_torch():
    modules = "lsps_core.runs.layout, lsps_core.runs.follow, lsps_core.runs.record, lsps_core.events, lsps_core.config"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
