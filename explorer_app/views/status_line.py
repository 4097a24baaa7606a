"""The status bar: model, device, decode time, frame."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from explorer_app.background import Background
from explorer_app.session import Session
from explorer_app.views.tag import Tag


class StatusLine(QStatusBar):
    """What computes, on what, how fast; and what is being waited for."""

    def __init__(self, session: Session, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._background = session, background
        self.activity = QLabel()
        self.model, self.device, self.decode, self.frame = (QLabel() for _ in range(4))
        self.simulated = Tag("trained on simulated data only")
        self.setContentsMargins(10, 0, 10, 0)
        self.addWidget(self.activity, 1)
        for label in (self.simulated, self.model, self.device, self.decode, self.frame):
            self.addPermanentWidget(label)
        self.setSizeGripEnabled(False)
        for signal in (session.model_changed, session.pictures_changed, session.index_changed, session.data_changed):
            signal.connect(self._show)
        background.activity_changed.connect(self._show_activity)
        self._show()

    @Slot()
    def _show(self) -> None:
        model, pictures, data = self._session.model, self._session.pictures, self._session.data
        self.simulated.setVisible(model is not None and model.is_trained_on_simulated_only)
        self.model.setText(f"model {model.name}" if model is not None else "no model")
        self.device.setText(f"on {model.device}" if model is not None else "")
        self.decode.setText(f"decoded in {pictures.decode_ms:.0f} ms" if pictures is not None else "")
        self.frame.setText(f"frame {self._session.index + 1} of {len(data)}" if data is not None else "")

    @Slot()
    def _show_activity(self) -> None:
        self.activity.setText(self._background.activity)
