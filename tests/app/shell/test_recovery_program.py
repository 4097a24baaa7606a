"""The program itself, ended in every way: by a kill, by the system, by a crash, by the user."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from programs import Programs

from explorer_app.model.latent import LatentCode
from explorer_app.model.saved_session import SavedSession

CODE = LatentCode().with_value(3, 0.1 + 0.2)
FIRST = """
def drive(window):
    session = window.session

    def change():
        session.set_latent(code.with_value(0, 1.0), "earlier")
        session.set_latent(code, "mine")
        kept = lambda: any(code == SavedSession.load(path).latent for path in states())
        when(kept, {end})

    when(lambda: session.pictures is not None and not window.background.is_busy, change)
"""
NEXT = """
def drive(window):
    session = window.session
    another = code.with_value(1, {number})

    def restore():
        say(text=window.recovery_bar.text)
        window.recovery_bar.restore.click()
        is_there = lambda: not (window.opener.is_restoring or window.background.is_busy)
        when(is_there, change)

    def change():
        assert session.latent.values[3] == code.values[3]
        session.set_latent(another, "another")
        kept = lambda: [another] == [SavedSession.load(path).latent for path in states()]
        when(kept, {end})

    when(lambda: bool(window.recovery_bar.text) and not window.background.is_busy, restore)
"""
"""Restores what it is offered, changes it, and ends in its own way."""
SECOND = """
def drive(window):
    def answer():
        say(text=window.recovery_bar.text)
        window.recovery_bar.restore.click()
        is_there = lambda: not (window.opener.is_restoring or window.background.is_busy)
        when(is_there, finish)

    def finish():
        shown = snapshot(window.session)
        say(latent=list(shown.latent.values), history=[entry.name for entry in shown.history], index=shown.index)
        when(lambda: len(states()) == 1, window.close)

    when(lambda: bool(window.recovery_bar.text) and not window.background.is_busy, answer)
"""
THIRD = """
def drive(window):
    dock = window.docks["Pose latent"]

    def say_and_float():
        say(text=window.recovery_bar.text, message=window.messages.text)
        dock.setFloating(True)
        window.hide()
        QTimer.singleShot(200, close_dock)

    def close_dock():
        dock.close()
        QTimer.singleShot(200, end)

    def end():
        say(is_alive=True)
        window.show()
        window.close()

    is_there = lambda: window.session.pictures is not None and not window.background.is_busy
    when(is_there, lambda: QTimer.singleShot(1000, say_and_float))
"""
"""A floating panel that is closed while the window is hidden does not end the program."""
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from explorer_app import application
from explorer_app.command_line import parse
from explorer_app.model.latent import LatentCode
from explorer_app.model.saved_session import SavedSession
from explorer_app.session.snapshot import snapshot

if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests run under nohup, which has it ignored
code = LatentCode().with_value(3, 0.1 + 0.2)
timers = []

def say(**values):
    print(json.dumps(values), flush=True)

def states():
    return list(Path(os.environ["XDG_DATA_HOME"]).rglob("recovery/*.lsps.json"))

def when(is_time, act):
    timer = QTimer(interval=20)

    def look():
        if is_time():
            timer.stop()
            act()

    timer.timeout.connect(look)
    timer.start()
    timers.append(timer)

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def terminate():
    os.kill(os.getpid(), signal.SIGTERM)

def hang_up():
    os.kill(os.getpid(), signal.SIGHUP)

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def crash():
    os.kill(os.getpid(), signal.SIGSEGV)
{drive}
begin = application.begin

def begin_and_drive(window, options):
    begin(window, options)
    drive(window)

application.begin = begin_and_drive
sys.exit(application.run(parse(sys.argv[1:])))
"""


Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def run(programs: Programs, tmp_path: Path) -> Run:
    """Runs a program that is driven so: the exit status, what the program said, and its stderr."""

    def run_driven(drive: str, *arguments: object, **options: bool) -> tuple[int, dict[str, Any], str]:
        places = {name: str(tmp_path / name.lower()) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME")}
        environment = os.environ | places | {"QT_QPA_PLATFORM": "offscreen", "LSPS_NO_OPENGL": "1"}
        ended = programs.run(PROGRAM.replace("{drive}", drive), *arguments, env=environment, **options)
        said: dict[str, Any] = {}
        for line in ended.stdout.splitlines():
            said |= json.loads(line)
        return ended.returncode, said, ended.stderr

    return run_driven


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("recovery/*") if path.is_file()]


ENDS = {
    "crash": (-signal.SIGSEGV, "(Segmentation fault)"),
    "interrupt": (-signal.SIGINT, "ended unexpectedly"),
    "terminate": (0, "ended by the system"),
    "hang_up": (0, "(SIGHUP)"),
    "kill": (-signal.SIGKILL, "ended unexpectedly"),
}
"""Exit status, and what the next window says."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the places of files are Linux's")
def test_what_a_window_showed_is_offered_by_the_next_and_restored_once(
    run: Run, tmp_path: Path, model_path: Path, store_path: Path
) -> None:
    """Each window but the first is offered what the one before it left, restores it, and is ended in another way."""
    first = next(iter(ENDS))
    drive = FIRST.replace("{end}", first)
    assert run(drive, model_path, store_path, "--frame", 3, is_fresh=True)[0] == ENDS[first][0]
    before = _left(tmp_path)
    assert (before.latent, before.index) == (CODE, 2)
    for number, (earlier, end) in enumerate(pairwise(ENDS), start=1):
        drive = NEXT.replace("{number}", str(number)).replace("{end}", end)
        ended, said, _ = run(drive, model_path)
        assert ended == ENDS[end][0], end
        _assert_told(tmp_path, said, earlier)
        before = _left(tmp_path)
        assert before.latent == CODE.with_value(1, number)

    files, shot = _files(tmp_path), tmp_path / "shot.png"
    assert run("drive = lambda window: None", model_path, "--screenshot", shot)[0] == 0
    assert shot.is_file()
    assert _files(tmp_path) == files, "a screenshot neither keeps nor takes an offer"

    ended, said, stderr = run(SECOND, model_path)
    assert (ended, stderr) == (0, "")
    _assert_told(tmp_path, said, end)
    assert tuple(said["latent"]) == before.latent.values
    assert said["index"] == 2
    assert said["history"] == [entry.name for entry in before.history]
    assert [name for name in said["history"] if name in ("earlier", "mine")] == ["earlier", "mine"]
    assert said["history"][-1] == "another"
    assert _files(tmp_path) == [], "it was restored, and the window that did so was closed"

    ended, said, stderr = run(THIRD, model_path)
    assert (ended, stderr) == (0, "")
    assert said == {"text": "", "message": "", "is_alive": True}


def _left(folder: Path) -> SavedSession:
    """What the last window has left."""
    (path,) = folder.rglob("recovery/*.lsps.json")
    return SavedSession.load(path)


def _assert_told(folder: Path, said: dict[str, Any], end: str) -> None:
    """What a window said of the one before it, which ended so; the log of all of them has the stacks of the crash."""
    says = ENDS[end][1]
    assert says in said["text"]
    assert "lsps-explorer.log" in said["text"]
    (log,) = folder.rglob("lsps-explorer.log")
    text = log.read_text(encoding="utf-8")
    assert says.strip("()") in text
    assert text.count("in crash") == 1
