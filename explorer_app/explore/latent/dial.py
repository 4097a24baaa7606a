"""Turns the shown hand in the image, at constant shape."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QDial, QWidget

from explorer_app.model.latent import LatentCode
from explorer_app.session.session import Session
from explorer_app.widgets.fields import named

_SIDE_PX = 40
_TIP = "Turn the hand in the image: drag around, or use the arrow keys; its shape does not change"


class TurnDial(QDial):
    """Relative: what is dialled turns the hand from where it was before, however far; another latent starts anew."""

    turn_asked = Signal(LatentCode)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._base: LatentCode | None = None
        """The hand at `_zero`; turns do not add up the losses of each other."""
        self._zero = 0
        self._is_turning = False
        self.setRange(-180, 179)  # 0 is at the top
        self.setWrapping(True)
        self.setSingleStep(2)
        self.setPageStep(15)
        named(self, "Turn of the hand in the image", _TIP)
        self.valueChanged.connect(self._turn)
        session.latent_changed.connect(self._forget)
        session.model_changed.connect(self._show)
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(_SIDE_PX, _SIDE_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The left button takes the handle to the mouse, without a turn."""
        before = self.value()
        with QSignalBlocker(self):
            super().mousePressEvent(event)
        self._zero += self.value() - before
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self._session.begin_edit("turn")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)  # QDial ignores a release while another button is down
            self._session.end_edit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.accept()  # here the arrow keys turn the hand, and do not change the frame
            return True
        return super().event(event)

    @Slot(int)
    def _turn(self, value: int) -> None:
        model = self._session.model
        if model is None:
            return
        if self._base is None:
            self._base = self._session.latent
        clockwise = (value - self._zero) % 360
        code = model.prior.turned(self._base, -math.radians(clockwise)) if clockwise else self._base
        self._is_turning = True
        self.turn_asked.emit(code)
        self._is_turning = False

    @Slot()
    def _forget(self) -> None:
        """The latent was changed elsewhere: turn from there."""
        if self._is_turning:
            return
        self._base = None
        if not self.isSliderDown():
            with QSignalBlocker(self):
                self.setValue(0)
        self._zero = self.value()

    @Slot()
    def _show(self) -> None:
        self.setEnabled(self._session.model is not None)
        self._forget()
