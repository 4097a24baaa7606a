"""File system calls that may block: a path on a lost network disk blocks the caller."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from explorer_app.error_words import line_of
from explorer_app.workers.mailbox import mailbox

PATIENCE_MS = 5000
_AT_ONCE_S = 0.015
"""A healthy disk answers within this time, without flicker; the window must not be blocked longer than a turn."""


class _Question:
    def __init__(self, what: str, show: Callable[[Any], None], complain: Callable[[str], None] | None) -> None:
        self.what, self.show, self.complain = what, show, complain
        self.is_done = threading.Event()
        self.answer: Any = None
        self.failure = ""


class InOrder(QObject):
    """One thread for each call; results in the order of the calls, in the thread that owns this object.

    A call without a result for PATIENCE_MS has failed, and later ones proceed without it.
    """

    failed = Signal(object, str)
    """the call, and one line; not emitted for calls with their own `complain`"""
    settled = Signal()
    """no request is pending"""

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name, self._is_closed = name, False
        self._questions: deque[_Question] = deque()
        self._threads: list[threading.Thread] = []
        self._mailbox = mailbox()
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
        *,
        is_slow: bool = False,
    ) -> None:
        """Run `show(work())`, with `work` in a thread; what: named in the message if there is no result.

        On a healthy disk it is finished when this returns, unless it is slow: then it is not waited for.
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
        if not is_slow and question is self._questions[0] and question.is_done.wait(_AT_ONCE_S):
            self._give_out()

    def end(self) -> None:
        """Deliver no more results, without waiting for threads."""
        self._is_closed = True
        self._questions.clear()
        self._patience.stop()

    def close(self, timeout_s: float = 1.0) -> bool:
        """Stop; False if a thread is still blocked by then."""
        self.end()
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, question: _Question, work: Callable[[], Any]) -> None:
        try:
            question.answer = work()
        except Exception as error:  # noqa: BLE001 - any error is reported by the window
            question.failure = line_of(error)
        question.is_done.set()
        self._mailbox.post(self, self._give_out)  # its dialog may be closed by now

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
        question.failure = f"{question.what} does not respond; check that its disk is connected"
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
