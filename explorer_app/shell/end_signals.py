"""Signals that end the app: they close the window without asking."""

from __future__ import annotations

import signal
from functools import partial
from types import FrameType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

_NAMES = ("SIGTERM", "SIGHUP")
"""SIGHUP: the terminal was closed; it does not exist on Windows."""


class Endings:
    """`reason` is the signal that has ended the application, or empty. Needs a timer of Python's in the event loop:
    Python handles signals only while it runs bytecode; Collector's timer ensures that.
    """

    def __init__(self, app: QApplication) -> None:
        self.reason = ""
        self._app = app
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # ignored under nohup
                signal.signal(number, self._end)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.reason = signal.Signals(number).name
        # `quit` would ask the window, which may ask the user; a timer also works before the event loop starts
        QTimer.singleShot(0, self._app, partial(self._app.exit, 0))
