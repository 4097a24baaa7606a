"""A task of seconds or minutes in a thread, with progress, cancel and failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from explorer_app.error_words import line_of
from explorer_app.workers.latest import CLOSE_S
from explorer_app.workers.mailbox import mailbox

Progress = Callable[[int, int], None]


class CancelledError(Exception):
    """Raised by the progress function in the task's thread after a cancel."""


class Task(QObject):
    """One thread for one piece of work: `work(progress)`, which calls progress(done, in_all) regularly.

    Signals are emitted in the thread that owns this object. After `cancel`, the next call of progress raises
    `CancelledError` in the work, which cleans up; then `cancelled` is emitted.
    """

    progressed = Signal(int, int)
    """done, in all"""
    finished = Signal(object)
    """what the work returned"""
    failed = Signal(str)
    """one line"""
    cancelled = Signal()
    ended = Signal()
    """after any of the three signals above"""

    def __init__(self, name: str, work: Callable[[Progress], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._is_asked_to_stop = threading.Event()
        self._is_closed = False
        self.is_running = True
        self._mailbox = mailbox()
        self._thread = threading.Thread(target=self._run, name=f"lsps-{name}", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Request a cancel; `cancelled` follows, or `finished` if it was already done."""
        self._is_asked_to_stop.set()

    def close(self, timeout_s: float = CLOSE_S) -> bool:
        """Stop it and wait; no signal follows. False if it still works by then."""
        self._is_closed = True
        self.cancel()
        self._thread.join(timeout_s)
        self.is_running = False
        return not self._thread.is_alive()

    def _run(self) -> None:
        answer, failure, was_cancelled = None, "", False
        try:
            answer = self._work(self._report)
        except CancelledError:
            was_cancelled = True
        except Exception as error:  # noqa: BLE001 - any error is reported by the window
            failure = line_of(error)
        if not self._is_closed:
            self._mailbox.post(self, partial(self._deliver, answer, failure, was_cancelled))

    def _report(self, done: int, in_all: int) -> None:
        if self._is_asked_to_stop.is_set():
            raise CancelledError
        self._mailbox.post(self, partial(self._tell, done, in_all))

    def _tell(self, done: int, in_all: int) -> None:
        if not self._is_closed:
            self.progressed.emit(done, in_all)

    def _deliver(self, answer: Any, failure: str, was_cancelled: bool) -> None:
        if self._is_closed:
            return
        self.is_running = False
        self._thread.join()
        if was_cancelled:
            self.cancelled.emit()
        elif failure:
            self.failed.emit(failure)
        else:
            self.finished.emit(answer)
        self.ended.emit()
