"""How long the explorer's GUI thread is deaf: idle, and in what a user does: dragging, playing, labelling and more.

A second thread posts a question to the GUI thread a millisecond after the last one was answered. Its wait is the time
the GUI thread was busy in one go. Where that is over 16 ms, the thread looks at what the GUI thread is doing just then.

Run: python tests/benchmarks/event_loop.py [--preset compact] [--frames 500] [--device cpu] [--json]
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from app_window import open_window, percentile, wait_ms, wait_until, write_preset
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from explorer_app.explore.model.walk_export import ExportOptions
from explorer_app.model.walk import WalkPlan
from explorer_app.resources import resource
from explorer_app.shell.help.command_palette import CommandPalette
from explorer_app.shell.main_window import MainWindow

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MS = 16.0
IDLE_MS = 2000
DRAG_MS = 3000
DRAG_INTERVAL_MS = 8


class Probe(QObject):
    """Asks the GUI thread every millisecond whether it listens, and notes how long that took (ms)."""

    _asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.waits_ms: list[float] = []
        self.culprits: Counter[str] = Counter()
        """What was being handled when the limit was passed: our innermost line of it."""
        self._answered = threading.Event()
        self._ends = threading.Event()
        self._gui_thread = threading.get_ident()
        self._asked_at = 0.0
        self._asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._ask_again_and_again, name="probe")
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            wait_until(lambda: not thread.is_alive())

    @Slot()
    def _answer(self) -> None:
        self.waits_ms.append(1000 * (time.perf_counter() - self._asked_at))
        self._answered.set()

    def _ask_again_and_again(self) -> None:
        while not self._ends.wait(0.001):
            self._answered.clear()
            self._asked_at = time.perf_counter()
            self._asked.emit()
            if not self._answered.wait(LIMIT_MS / 1000):
                self.culprits[_line_of(self._gui_thread)] += 1
                self._answered.wait()
        self._asked.emit()  # wakes the GUI thread, which waits for this one to end


def _line_of(thread: int) -> str:
    """The innermost line of the app that a thread is at.

    By faulthandler, which reads the stack without touching it: frames of `sys._current_frames()` crash PySide.
    """
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file)
        file.seek(0)
        _, _, stack = file.read().partition(f"hread 0x{thread:016x}")
    lines = [line.strip() for line in stack.partition("\n\n")[0].splitlines()[1:]]
    ours = [line for line in lines if "/explorer_app/" in line or "/lsps_core/" in line]
    return (ours or lines or ["unknown"])[0].replace(str(ROOT), "")


def drag(window: MainWindow) -> None:
    """A slider held, and moved 120 times a second."""
    slider = window.latent.sliders[0]
    ticks = 0

    def move() -> None:
        nonlocal ticks
        ticks += 5
        slider.setValue(abs((ticks + 300) % 1200 - 600) - 300)

    slider.setSliderDown(True)
    timer = QTimer(interval=DRAG_INTERVAL_MS)
    timer.timeout.connect(move)
    timer.start()
    wait_ms(DRAG_MS)
    timer.stop()
    slider.setSliderDown(False)
    wait_until(lambda: not window.background.is_busy)


def encode(window: MainWindow, frame_count: int) -> None:
    """Steps through the frames, each of them encoded and decoded before the next."""
    session = window.session
    for step in range(1, frame_count + 1):
        session.set_index(step % len(session.data))
        wait_until(lambda: session.encoding is not None and session.view.index == session.index)


def export(window: MainWindow, folder: Path) -> None:
    """A walk through three hands as an animation of 120 frames."""
    model, bar = window.session.model, window.walk.exporting
    window.session.set_walk(WalkPlan(tuple(model.sample(seed) for seed in range(3))))
    bar.export(ExportOptions(suffix=".gif", frames_per_segment=60), folder / "walk.gif")
    wait_until(lambda: not bar.file_export.is_running)


def play(window: MainWindow) -> None:
    """The frames at their own rate."""
    playback = window.explore.playback
    playback.set_loop(True)
    playback.toggle()
    wait_ms(DRAG_MS)
    playback.pause()
    wait_until(lambda: not window.background.is_busy)


def read_all(window: MainWindow) -> None:
    """The dock Time: every frame read, its curves drawn, and a scrub over them."""
    view = window.explore.time
    window.docks["Time"].raise_()
    view.read.click()
    wait_until(lambda: view.reading.sequence is not None and view.plot.picture is not None)
    wait_until(lambda: not window.background.is_busy)
    for index in range(0, len(window.session.data), 8):
        window.session.set_index(index)
        wait_ms(DRAG_INTERVAL_MS)
    wait_until(lambda: not window.background.is_busy)
    window.docks["Frame"].raise_()


def label(window: MainWindow, frame_count: int) -> None:
    """Labels kept of frame after frame, and their list."""
    labelling, session = window.explore.labelling, window.session
    for index in range(frame_count):
        session.set_index(index)
        wait_until(lambda: session.encoding is not None and session.view.index == session.index)
        labelling.keep()
    window.strip.label.list.trigger()
    wait_ms(IDLE_MS)
    window.strip.label.dialog.close()


def find_command(window: MainWindow) -> None:
    """The command palette, and what is typed there."""
    window.help.show_commands()
    palette = window.findChild(CommandPalette)
    for length in range(len("walk") + 1):
        palette.text.setText("walk"[:length])
        wait_ms(50)
    palette.close()


def hover(window: MainWindow, frame_count: int) -> None:
    """The workspace Inspect with an evaluation, and pictures of frames under the mouse in the map of codes."""
    window.workspaces.go("Inspect")
    window.docks["Plots"].raise_()
    wait_until(lambda: any(plot.frames is not None for plot in _maps(window)) and not window.background.is_busy)
    pictures = _maps(window)[0].pictures
    for frame in range(frame_count):
        pictures.html(frame, window.palette())  # asks for it
        wait_ms(DRAG_INTERVAL_MS)
        pictures.html(frame, window.palette())
    window.workspaces.go("Explore")


def _maps(window: MainWindow) -> list[Any]:
    return [plot for plot in window.inspect.plots.findChildren(QWidget) if getattr(plot, "name", "") == "Map of codes"]


def watch(window: MainWindow, frame_count: int, folder: Path) -> dict[str, Probe]:
    activities = {
        "idle": lambda: wait_ms(IDLE_MS),
        "dragging": lambda: drag(window),
        f"encoding {frame_count} frames": lambda: encode(window, frame_count),
        "exporting a walk": lambda: export(window, folder),
        "playing": lambda: play(window),
        "reading all frames": lambda: read_all(window),
        "labelling 30 frames": lambda: label(window, 30),
        "finding a command": lambda: find_command(window),
        "hovering in Inspect": lambda: hover(window, 100),
    }
    probes = {}
    for name, act in activities.items():
        wait_ms(300)
        probes[name] = Probe()
        with probes[name].watching():
            act()
    return probes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=("compact", "paper"), default="compact")
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(write_preset(options.preset, Path(folder)), Path(folder) / "model.safetensors"))
        store = Path(shutil.copy(resource("samples", "sensor.h5"), folder))  # labels and results go beside them
        evaluate = [
            sys.executable,
            "-m",
            "lsps_core.cli",
            "failures",
            str(path),
            str(store),
            "--device",
            options.device,
        ]
        subprocess.run(evaluate, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open_window(path, options.device) as window:
            window.open_paths([store])
            wait_until(lambda: window.session.view is not None and not window.background.is_busy)
            probes = watch(window, options.frames, Path(folder))
    results = {
        name: {
            "longest_ms": max(probe.waits_ms),
            "p99_ms": percentile(probe.waits_ms, 99),
            "over_16_ms": sum(wait > LIMIT_MS for wait in probe.waits_ms),
            "asked": len(probe.waits_ms),
            "culprits": dict(probe.culprits.most_common(8)),
        }
        for name, probe in probes.items()
    }
    if options.json:
        print(json.dumps(results))
        return
    print(f"{'':24s}  longest      p99   over 16 ms   asked")
    for name, result in results.items():
        print(f"{name:24s} {result['longest_ms']:5.1f} ms {result['p99_ms']:5.1f} ms ", end="")
        print(f"{result['over_16_ms']:12d} {result['asked']:7d}")
        for culprit, count in result["culprits"].items():
            print(f"    {count:4d} x {culprit}")


if __name__ == "__main__":
    main()
