"""What must not happen while a monkey plays: exceptions in slots, Qt's complaints, pauses, leaks."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import psutil
from PySide6.QtCore import QObject, Qt, QTimer, QtMsgType, Slot, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QWidget

PAUSE_S = 0.1
WIDEST_PX = 1000
_BEAT_MS = 4
_LOOK_S = 0.02
_EXPECTED_MESSAGES = (
    "This plugin does not support",
    "Mouse event ",  # of the tests' own mouse, where a window or a menu has closed meanwhile
    "QXcbClipboard::setMimeData: Cannot set X11 selection owner",  # X times it by real input, of which there is none
    "QGraphicsView::dragLeaveEvent",  # a drag that was begun outside of it, as in every Qt program
)
_MOST_PAUSES = 200
"""Of those in which the machine was busy with something else."""


@dataclass(kw_only=True)
class Report:
    """What was seen of one seed; `problems` counts each once, with the action at which it was first seen."""

    seed: int
    actions: int = 0
    seconds: float = 0.0
    has_ended: bool = False
    problems: dict[str, int] = field(default_factory=dict)
    first_seen: dict[str, int] = field(default_factory=dict)
    pauses: list[dict[str, Any]] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    left_over: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Watch(QObject):
    """Listens from `start` to `stop`. `action` is the number of the action that is being done.

    stacks: a file for where the threads were at each pause. own_s: what the monkey itself has needed so far, which is
    no pause of the window's.
    """

    def __init__(self, report: Report, stacks: TextIO, own_s: Callable[[], float]) -> None:
        super().__init__()
        self._own_s = own_s
        self.report = report
        self.action = 0
        self._counts: Counter[str] = Counter()
        self._beat = QTimer(self, interval=_BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._note_beat)
        self._last = (0.0, 0.0, 0.0)
        self._stacks = stacks
        self._is_over = threading.Event()
        self._observer = threading.Thread(target=self._observe, name="monkey-observer", daemon=True)

    def start(self) -> None:
        sys.excepthook = self._on_exception
        sys.unraisablehook = lambda found: self._on_exception(found.exc_type, found.exc_value, found.exc_traceback)
        threading.excepthook = lambda found: self._on_exception(found.exc_type, found.exc_value, found.exc_traceback)
        qInstallMessageHandler(self._on_message)
        self._last = self._times()
        self._beat.start()
        self._observer.start()

    def stop(self) -> None:
        self._is_over.set()
        self._observer.join()
        self._beat.stop()
        self.report.problems = dict(self._counts)

    def problem(self, text: str) -> None:
        self.report.first_seen.setdefault(text, self.action)
        self._counts[text] += 1

    def note_memory(self) -> None:
        """What is in use: pages that glibc keeps free for later would hide a small leak, and pass for one."""
        gc.collect()
        if sys.platform == "linux":
            with contextlib.suppress(AttributeError):  # another libc, musl for one
                ctypes.CDLL(None).malloc_trim(0)
        self.report.memory_mb.append(round(psutil.Process().memory_info().rss / 1e6, 1))

    def check_width(self, window: QWidget) -> None:
        """No text makes a window, or a dialog, wider than screens are: what is that large takes seconds to paint."""
        for shown in (window, QApplication.activeModalWidget()):
            for label in shown.findChildren(QLabel) if shown is not None else []:
                is_ignored = label.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
                if label.minimumSizeHint().width() > WIDEST_PX and not is_ignored and label.isVisible():
                    name = f"{type(label.parent()).__name__}, {label.accessibleName() or label.text()[:40]}"
                    self.problem(f"a text of {type(shown).__name__} is too wide for a screen: {name}")

    def forget_pause(self) -> None:
        """What took long just now was the monkey's own."""
        self._last = self._times()

    def _on_exception(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        frames = traceback.extract_tb(trace)[-3:]
        places = " < ".join(f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in reversed(frames))
        text = f"exception {kind.__name__}: {str(error)[:200]} at {places}"
        if text not in self._counts:
            print(f"action {self.action}", file=self._stacks)
            traceback.print_exception(kind, error, trace, file=self._stacks)
        self.problem(text)

    def _on_message(self, kind: QtMsgType, _context: object, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not text.startswith(_EXPECTED_MESSAGES):
            self.problem(f"Qt says: {text[:200]}")

    @Slot()
    def _note_beat(self) -> None:
        before, self._last = self._last, self._times()
        wall, cpu, own = (now - then for now, then in zip(self._last, before, strict=True))
        wall -= own
        is_worth_a_line = len(self.report.pauses) < _MOST_PAUSES or cpu - own > PAUSE_S
        if wall > PAUSE_S and is_worth_a_line:
            pause = {"action": self.action, "wall_s": round(wall, 3), "cpu_s": round(max(cpu - own, 0), 3)}
            self.report.pauses.append(pause)

    def _times(self) -> tuple[float, float, float]:
        return time.monotonic(), time.thread_time(), self._own_s()

    def _observe(self) -> None:
        """In a thread: write down where all threads are when the GUI thread has not beaten for long."""
        seen = 0.0
        while not self._is_over.wait(_LOOK_S):
            last = self._last[0]
            if time.monotonic() - last > PAUSE_S * 0.8 and last != seen:
                seen = last
                print(f"action {self.action}", file=self._stacks, flush=True)
                # not sys._current_frames: walking the frames of a thread that runs on crashes Python 3.11
                faulthandler.dump_traceback(self._stacks)
