"""Questions to the file system, which may never answer: a path on a network disk that is gone holds whoever asks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from explorer_app.workers.latest import one_line

PATIENCE_MS = 5000
_AT_ONCE_S = 0.05
"""A healthy disk answers within this time, and then nothing flickers; the window may be held no longer."""


class _Question:
    def __init__(self, what: str, show: Callable[[Any], None], complain: Callable[[str], None] | None) -> None:
        self.what, self.show, self.complain = what, show, complain
        self.is_done = threading.Event()
        self.answer: Any = None
        self.failure = ""


class InOrder(QObject):
    """A thread for each question, answers in the order of the questions, in the thread that owns this object.

    A question that finds no answer for PATIENCE_MS has failed, and those behind it go on without it.
    """

    failed = Signal(object, str)
    """what was asked, one line; for questions that say themselves how to complain it is not emitted"""
    settled = Signal()
    """nothing is asked any more"""
    _done = Signal()

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name, self._is_closed = name, False
        self._questions: deque[_Question] = deque()
        self._threads: list[threading.Thread] = []
        self._done.connect(self._give_out, Qt.ConnectionType.QueuedConnection)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._give_up)

    @property
    def is_busy(self) -> bool:
        return bool(self._questions)

    def ask(
        self,
        what: str,
        work: Callable[[], Any],
        show: Callable[[Any], None],
        complain: Callable[[str], None] | None = None,
    ) -> None:
        """Have `show(work())` done, work in a thread; what: whom to blame where no answer comes.

        On a healthy disk it is done when this returns.
        """
        if self._is_closed:
            return
        question = _Question(what, show, complain)
        self._questions.append(question)
        thread = threading.Thread(target=self._run, args=(question, work), name=f"lsps-{self._name}", daemon=True)
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()
        if not self._patience.isActive():
            self._patience.start()
        if question is self._questions[0] and question.is_done.wait(_AT_ONCE_S):
            self._give_out()

    def end(self) -> None:
        """Give out nothing any more, without waiting for anybody."""
        self._is_closed = True
        self._questions.clear()
        self._patience.stop()

    def close(self, timeout_s: float = 1.0) -> bool:
        """End it; False where a thread still waits for an answer by then."""
        self.end()
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, question: _Question, work: Callable[[], Any]) -> None:
        try:
            question.answer = work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the window says it and lives on
            question.failure = one_line(error)
        question.is_done.set()
        with suppress(RuntimeError):  # its dialog is gone since
            if not self._is_closed:
                self._done.emit()

    @Slot()
    def _give_out(self) -> None:
        was_busy = self.is_busy
        while self._questions and self._questions[0].is_done.is_set():
            self._finish(self._questions.popleft())
            self._patience.start()
        if was_busy and not self._questions:
            self._patience.stop()
            self.settled.emit()

    @Slot()
    def _give_up(self) -> None:
        question = self._questions.popleft()
        question.failure = f"{question.what} does not answer; look whether its disk is connected"
        self._finish(question)
        if self._questions:
            self._patience.start()
        else:
            self.settled.emit()
        self._give_out()

    def _finish(self, question: _Question) -> None:
        if not question.failure:
            question.show(question.answer)
        elif question.complain is not None:
            question.complain(question.failure)
        else:
            self.failed.emit(question.what, question.failure)
