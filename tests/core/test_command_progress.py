"""`lsps simulate` and `lsps import` as another program follows them: JSON lines, and a stop without half a file."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from programs import LSPS

from lsps_core.cli import main
from lsps_core.commands import finetune
from lsps_core.data.store import FrameStore
from lsps_core.events import Started, Stepped


def events(capsys, *arguments: str) -> list[dict]:
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def hand(path: Path) -> Path:
    depth = np.zeros((240, 320), np.uint16)
    depth[90:150, 130:190] = 500
    np.save(path, depth)
    return path


def test_simulating_is_told_from_its_start_to_its_end(tmp_path, capsys):
    path = tmp_path / "s.h5"
    first, *told, last = events(capsys, "simulate", path, "--domain", "synthetic", "--frames", 70, "--events")
    assert first == {"kind": "started", "path": str(path), "total": 70}
    assert all(event["kind"] == "progress" for event in told)
    assert (told[-1]["done"], told[-1]["total"]) == (70, 70)
    assert told[-1]["frames_per_s"] > 0
    assert last == {"kind": "ended", "reason": "finished", "path": str(path), "frames": 70}


def test_an_import_names_what_it_skips(tmp_path, capsys):
    good, bad = hand(tmp_path / "good.npy"), tmp_path / "bad.npy"
    bad.write_bytes(b"nothing")
    out = tmp_path / "o.h5"
    arguments = ["import", "frames", out, good, bad, "--camera", "240,240,160,120", "--jobs", 1, "--events"]
    *_, progress, skipped, last = events(capsys, *arguments)
    assert (progress["kind"], progress["done"]) == ("progress", 2)
    assert skipped["kind"] == "skipped"
    assert "bad.npy" in skipped["lines"][0]
    assert last == {
        "kind": "ended", "reason": "finished", "path": str(out), "frames": 1, "skipped": 1, "resumed": 0,
    }  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="a kill cannot be heard there")
def test_a_kill_stops_cleanly_and_says_so(programs, tmp_path):
    command = ["simulate", str(tmp_path / "s.h5"), "--domain", "synthetic"]
    command += ["--frames", "1000000", "--events"]
    process = programs.start(LSPS, *command)
    while json.loads(process.stdout.readline())["kind"] != "progress":
        pass
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    assert json.loads(out.splitlines()[-1]) == {"kind": "ended", "reason": "stopped", "path": str(tmp_path / "s.h5")}
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a kill cannot be heard there")
def test_an_import_that_was_killed_goes_on(programs, tmp_path):
    pictures = [str(hand(tmp_path / f"{index:03d}.npy")) for index in range(200)]
    out = tmp_path / "o.h5"
    command = ["import", "frames", str(out), *pictures]
    command += ["--camera", "240,240,160,120", "--jobs", "1", "--events"]
    process = programs.start(LSPS, *command)
    while json.loads(process.stdout.readline())["kind"] != "progress":
        pass
    process.terminate()
    process.communicate()
    assert not out.exists()
    again = programs.run(LSPS, *command)
    last = json.loads(again.stdout.splitlines()[-1])
    assert (last["reason"], last["frames"]) == ("finished", 200)
    assert last["resumed"] > 0
    with FrameStore(out) as store:
        assert len(store) == 200


def test_a_folder_stands_for_its_pictures(tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.npy", "b.npy"):
        hand(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    arguments = ["import", "frames", tmp_path / "o.h5", folder, "--camera", "240,240,160,120", "--jobs", 1, "--events"]
    assert events(capsys, *arguments)[-1]["frames"] == 2
    (tmp_path / "empty").mkdir()
    arguments[2:4] = [tmp_path / "p.h5", tmp_path / "empty"]
    assert main([str(argument) for argument in arguments]) == 2
    assert "has no depth images" in capsys.readouterr().err


def test_a_fine_tuning_tells_the_speed_at_which_it_counts(monkeypatch, capsys):
    clock = iter([10.0, 14.0])
    monkeypatch.setattr(finetune.time, "monotonic", lambda: next(clock))
    counts = {"stage": "posterior", "terms": {}, "frames_per_s": 0.5, "eta_s": 1.0}
    with finetune._Events(Path("out"), {"fold1": 640}, {"fold1": Path("runs/fold1")}) as shown:
        shown.started("fold1", 1, 1)
        shown.event(Started(step=0, total_steps=10, device="cpu", parameters=1))
        for step in (1, 3):
            shown.event(Stepped(stage_step=step, step=step, **counts))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[1]["kind"] == "part"
    assert [(each["done"], each["frames_per_s"]) for each in told[-2:]] == [(64, 0.0), (192, 32.0)]
