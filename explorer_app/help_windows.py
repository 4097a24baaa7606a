"""The windows that tell about the program: messages, shortcuts, the model, and what this is."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMainWindow

from explorer_app.log import LOG_NAME, LOGGER, RecentRecords
from explorer_app.preferences import Preferences
from explorer_app.session import Session
from explorer_app.views.about import About
from explorer_app.views.log_window import LogWindow
from explorer_app.views.shortcuts import ShortcutSheet


class HelpWindows(QObject):
    """Opens them beside the main window, and keeps the messages for the log."""

    def __init__(self, window: QMainWindow, session: Session, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._session, self._preferences = window, session, preferences
        self._records = RecentRecords()
        LOGGER.addHandler(self._records)
        self.log_window: LogWindow | None = None

    def close_down(self) -> None:
        LOGGER.removeHandler(self._records)

    @Slot(str)
    def log(self, line: str) -> None:
        LOGGER.warning(line)
        if self.log_window is not None:
            self.log_window.show_records()

    @Slot()
    def show_log(self) -> None:
        """All messages since the start, in a window beside this one."""
        if self.log_window is None:
            folder = self._preferences.folder
            path = str(folder / LOG_NAME) if folder is not None else ""
            self.log_window = LogWindow(self._records, path, self._window)
        self.log_window.show_records()
        self.log_window.show()
        self.log_window.raise_()

    @Slot()
    def show_shortcuts(self) -> None:
        sheet = ShortcutSheet(self._window.menuBar(), self._window)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    @Slot()
    def show_model_info(self) -> None:
        if self._session.model is None:
            self._session.message.emit("there is no model yet; open one with File ▸ Open")
            return
        from explorer_app.views.model_info import ModelInfo  # torch is there, now that there is a model

        info = ModelInfo(self._session.model, self._window)
        info.finished.connect(info.deleteLater)
        info.open()

    @Slot()
    def show_about(self) -> None:
        about = About(self._session.model, self._window)
        about.finished.connect(about.deleteLater)
        about.open()
