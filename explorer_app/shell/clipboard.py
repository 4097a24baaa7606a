"""Copy the window's state as a script, a command or JSON, and paste a latent."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from explorer_app.model import copy_as
from explorer_app.session.session import Session
from explorer_app.session.snapshot import script_domain, snapshot


class Clipboard(QObject):
    """The system's clipboard for one session."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session

    @Slot()
    def copy_python(self) -> None:
        self._copy("a Python script", lambda: copy_as.as_python(snapshot(self._session), script_domain(self._session)))

    @Slot()
    def copy_command(self) -> None:
        self._copy("a command", lambda: copy_as.as_command(snapshot(self._session)))

    @Slot()
    def copy_latent(self) -> None:
        self._copy("JSON", lambda: copy_as.as_json(self._session.latent))

    @Slot()
    def paste_latent(self) -> None:
        self._session.asked.emit()
        try:
            latent = copy_as.latent_from_text(QGuiApplication.clipboard().text())
        except ValueError as error:
            self._session.message.emit(f"the clipboard holds {error}")
            return
        self._session.set_latent(latent, "paste")

    def _copy(self, kind: str, text: Callable[[], str]) -> None:
        self._session.asked.emit()
        try:
            QGuiApplication.clipboard().setText(text())
        except ValueError as error:
            self._session.message.emit(str(error))
        else:
            self._session.done.emit(f"copied as {kind}")
