"""Imports in a thread: they stand still while the GUI thread works, and hold it up for a few milliseconds at most."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from explorer_app.workers.late_import import load
from explorer_app.workers.mailbox import mailbox

# steps of Python code, as a module that defines many classes has them
SLOW = """
import time
steps = 0
def step():
    global steps
    steps += 1
end = time.thread_time() + 0.15
while time.thread_time() < end:
    step()
"""

MakeModule = Callable[[str], str]


@pytest.fixture
def make_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeModule:
    monkeypatch.syspath_prepend(tmp_path)
    mailbox()

    def make(code: str) -> str:
        name = f"late_module_{time.monotonic_ns()}"
        (tmp_path / f"{name}.py").write_text(code)
        return name

    return make


def test_the_import_stands_still_while_the_gui_thread_works(qtbot: QtBot, make_module: MakeModule) -> None:
    name, seen, found = make_module(SLOW), [], []

    def look() -> None:
        module = sys.modules.get(name)
        before = getattr(module, "steps", 0)
        time.sleep(0.003)  # as long as Qt works without Python's lock
        seen.append((before, getattr(module, "steps", 0)))

    timer = QTimer(interval=0)
    timer.timeout.connect(look)
    timer.start()
    thread = threading.Thread(target=lambda: found.extend(load(f"{name}:steps")))
    thread.start()
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    timer.stop()
    thread.join()
    amid = [(before, after) for before, after in seen if 0 < before < found[0]]
    assert len(amid) > 5
    assert all(before == after for before, after in amid)


def test_an_import_does_not_wait_for_ever_for_a_gui_thread_that_waits_for_it(make_module: MakeModule) -> None:
    name, found = make_module(SLOW), []
    thread = threading.Thread(target=lambda: found.extend(load(f"{name}:steps")))
    thread.start()
    while name not in sys.modules:
        time.sleep(0.001)
    __import__(name)  # waits until the thread has imported it
    thread.join()
    assert found == [sys.modules[name].steps]


def test_a_failed_import_raises_and_frees_the_gui_thread(qtbot: QtBot, make_module: MakeModule) -> None:
    name, found = make_module("raise ImportError('no driver')"), []

    def attempt() -> None:
        with pytest.raises(ImportError, match="no driver"):
            load(f"{name}:x")
        found.append(sys.getprofile())

    thread = threading.Thread(target=attempt)
    thread.start()
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    thread.join()
    assert found == [None]


def test_the_plots_of_inspect_are_imported_in_turns() -> None:
    """pyqtgraph, and the grid's own classes: a thread that adds classes while Qt works ends the process."""
    code = """
import sys, threading
from PySide6.QtCore import QCoreApplication
from explorer_app.inspect.plots.registry import load_plots
from explorer_app.workers.mailbox import mailbox

class Recorder:
    def find_spec(self, name, path=None, target=None):
        if name in ("pyqtgraph", "explorer_app.inspect.plots.grid"):
            print(name, sys.getprofile() is not None)

sys.meta_path.insert(0, Recorder())
app = QCoreApplication([])
mailbox()
thread = threading.Thread(target=load_plots)
thread.start()
while thread.is_alive():
    app.processEvents()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["explorer_app.inspect.plots.grid", "True", "pyqtgraph", "True"]
