"""`--screenshot`: an image of the window without a display."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from explorer_app.shell.main_window import FIRST_SIZE, MainWindow

_LAYOUT_MS = 50
"""Until the layouts have settled after new contents."""


class Screenshot(QObject):
    """Waits until everything requested is shown, saves the window and ends the application.

    `failure` is the first error, in one line; then nothing is saved.
    """

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window)
        self.failure = ""
        self._window, self._path = window, path
        window.resize(FIRST_SIZE)  # the screen of an offscreen platform is small
        window.session.message.connect(self._on_message)
        window.background.settled.connect(self._take)

    @Slot(str)
    def _on_message(self, line: str) -> None:
        self.failure = self.failure or line
        self._end()

    @Slot()
    def _take(self) -> None:
        is_ready = not self.failure and not self._window.background.is_busy  # a saved latent is decoded once more
        if is_ready and self._window.session.pictures is not None:
            self._window.background.settled.disconnect(self._take)
            QTimer.singleShot(_LAYOUT_MS, self._save)

    @Slot()
    def _save(self) -> None:
        self._window.save_screenshot(str(self._path))
        self._end()

    def _end(self) -> None:
        QTimer.singleShot(0, QApplication.quit)
