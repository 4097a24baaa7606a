"""Traces the open model in a thread, once the window has had time to show it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:
    from lsps_core.config.model import Domain

_AFTER_MS = 1000


class ModelTracing(QObject):
    """Beside a slider that moves, a traced model decodes 27 pictures a second on two cores, an eager one 6."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._traced: set[Domain] = set()
        self._worker = background.add_worker("trace", lambda _domain, _answer: None)
        self._timer = QTimer(self, singleShot=True, interval=_AFTER_MS)
        self._timer.timeout.connect(self._trace)
        session.model_changed.connect(self._on_model)
        session.domain_changed.connect(self._timer.start)

    def close_down(self) -> None:
        self._timer.stop()

    @Slot()
    def _on_model(self) -> None:
        self._traced.clear()
        self._timer.start()

    @Slot()
    def _trace(self) -> None:
        """For the domain of the frames; without any, for what is decoded alone that does not matter."""
        model, domain = self._session.model, self._session.domain or "real"
        if model is not None and domain not in self._traced:
            self._traced.add(domain)
            self._worker.ask(domain, partial(model.trace, domain))
