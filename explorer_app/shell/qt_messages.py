"""Qt's messages on stderr in the app's style: one line for a fatal error, without a core dump."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QtMsgType, qInstallMessageHandler

DISPLAY_PACKAGES = (
    "libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-xkb1"
)
_KINDS = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg)
_NOISE = ("This plugin does not support", "propagateSizeHints")


class QtMessages:
    """Keeps Qt's warnings until the application is created: if that fails, they are the reason."""

    def __init__(self) -> None:
        self._held: list[str] | None = []
        qInstallMessageHandler(self._take)

    def release(self) -> None:
        """The application exists: print the kept warnings, and later ones immediately."""
        held, self._held = self._held or [], None
        for text in held:
            _write(text)

    def _take(self, kind: QtMsgType, _context: object, text: str) -> None:
        if kind == QtMsgType.QtFatalMsg:
            reason = " ".join((self._held or [text])[0].split()).rstrip(".")
            _write(
                f"lsps-explorer: Qt cannot open a window: {reason}; --screenshot OUT.png draws it without a display, "
                f"missing packages on Debian may be: {DISPLAY_PACKAGES}"
            )
            os._exit(2)  # Qt would abort the process
        if kind not in _KINDS or text.startswith(_NOISE):
            return
        if self._held is None:
            _write(text)
        else:
            self._held.append(text)


def _write(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
