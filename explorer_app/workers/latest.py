"""A thread that works on the newest request and drops older pending ones."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from explorer_app.error_words import line_of
from explorer_app.workers.mailbox import mailbox

_LOGGER = logging.getLogger("explorer_app")
CLOSE_S = 10.0
"""Time for current work to end when the window closes; a thread blocked in the system never ends."""
_NICENESS = 5
"""The GUI thread has priority if there are fewer cores than work."""


class _Request(NamedTuple):
    number: int
    stamp: Any
    work: Callable[[], Any]


class LatestWins(QObject):
    """One thread, one pending request: a new one replaces one that has not started.

    The stamp of a request is returned with its answer, so that the receiver can drop stale answers.
    `answered` and `failed` are emitted in the thread that owns this object, whatever they are connected to.
    """

    answered = Signal(object, object)
    """stamp, answer"""
    failed = Signal(object, str)
    """stamp, one line"""
    settled = Signal()
    """no request is pending"""

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.computed_count = 0
        self._asked_count = 0
        self._waiting: _Request | None = None
        self._is_busy = False
        self._is_closed = False
        self._condition = threading.Condition()
        self._mailbox = mailbox()
        self._thread = threading.Thread(target=self._run, name=f"lsps-{name}", daemon=True)
        """Started by the first request: of some thirty in a window, most are never asked."""

    @property
    def is_busy(self) -> bool:
        """True from a request until its answer, or that of a newer one, is delivered."""
        return self._is_busy

    def ask(self, stamp: Any, work: Callable[[], Any]) -> None:
        """Run `work()` in the thread, unless another request arrives before it starts."""
        with self._condition:
            if self._is_closed:
                return
            self._asked_count += 1
            self._waiting = _Request(self._asked_count, stamp, work)
            self._condition.notify()
        if self._thread.ident is None:
            self._thread.start()
        self._is_busy = True

    def end(self) -> None:
        """Deliver no more answers, and end the thread after its current work, without waiting for it."""
        with self._condition:
            self._is_closed = True
            self._waiting = None
            self._condition.notify()
        self._is_busy = False

    def close(self, timeout_s: float = CLOSE_S) -> bool:
        """End it and wait for the thread. False if it still works by then."""
        self.end()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        _give_way()
        while True:
            with self._condition:
                while self._waiting is None and not self._is_closed:
                    self._condition.wait()
                request, self._waiting = self._waiting, None
            if request is None:  # it was closed
                return
            answer, failure = None, ""
            try:
                answer = request.work()
            except Exception as error:  # any error is reported by the window
                failure = line_of(error)
                if not isinstance(error, ValueError | OSError):  # unexpected: the log gets the traceback
                    _LOGGER.error("%s: %s", self._thread.name, failure, exc_info=error)
            self.computed_count += 1
            if self._is_closed:
                return
            self._mailbox.post(self, partial(self._deliver, request, answer, failure))
            del request, answer  # an idle thread must not keep a model or an image alive

    def _deliver(self, request: _Request, answer: Any, failure: str) -> None:
        if self._is_closed:
            return
        is_last = request.number == self._asked_count
        if is_last:
            self._is_busy = False
        if failure:
            self.failed.emit(request.stamp, failure)
        else:
            self.answered.emit(request.stamp, answer)
        if is_last and not self._is_busy:
            self.settled.emit()


def _give_way() -> None:
    """Lower this thread's priority, on systems where that does not affect the whole process."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, max(niceness, _NICENESS))  # it may not be raised again
