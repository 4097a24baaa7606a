"""Imports that define or first use Qt classes, such as pyqtgraph's: for a thread, once they are needed.

PySide 6.11 keeps its classes in tables that the GUI thread also reads without Python's lock, from inside Qt. A thread
that adds classes at that moment ends the process: 6 of 766 starts on a loaded machine (Python 3.11). So the import
happens in turns of a few milliseconds, during which the GUI thread waits.
"""

from __future__ import annotations

import sys
import threading
import time
from pkgutil import resolve_name
from typing import Any

from explorer_app.workers.mailbox import mailbox

TURN_S = 0.005
_MOST_S = 0.05
"""The GUI thread's longest wait, where one step of the import takes that long or waits for another thread."""
_PATIENCE_S = 0.25
"""The thread's longest wait for a turn, where the GUI thread itself waits, for this very import perhaps."""


def load(*paths: str) -> list[Any]:
    """The objects at paths such as "package.module:Class"; imports their modules. Not for the GUI thread."""
    turns = _Turns()
    try:
        return [resolve_name(path) for path in paths]
    finally:
        turns.end()


class _Turn:
    """Begins when the GUI thread comes to it, and lasts until the thread ends it."""

    def __init__(self) -> None:
        self.has_begun, self.is_over = threading.Event(), threading.Event()
        self._end_s = 0.0

    def give(self) -> None:
        """In the GUI thread."""
        self._end_s = time.monotonic() + TURN_S
        self.has_begun.set()
        self.is_over.wait(_MOST_S)

    @property
    def is_used_up(self) -> bool:
        return self.has_begun.is_set() and time.monotonic() > self._end_s


class _Turns:
    """From now to `end`, what this thread does happens in turns; they change at any call of a function."""

    def __init__(self) -> None:
        self._take()
        sys.setprofile(self._check)

    def end(self) -> None:
        sys.setprofile(None)
        self._turn.is_over.set()

    def _take(self) -> None:
        self._turn = _Turn()
        mailbox().post(mailbox(), self._turn.give)
        self._turn.has_begun.wait(_PATIENCE_S)

    def _check(self, *_: object) -> None:
        if self._turn.is_used_up:
            self._turn.is_over.set()
            self._take()
