"""The square of the pad: a dot over a grid of σ."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.model.latent import RANGE_SIGMA
from explorer_app.views import theme

_DOT_RADIUS = 6.5
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class PadSquare(QWidget):
    """±3 σ both ways, up is positive. Shows a place, and tells where the user wants it."""

    held = Signal(bool)
    moved = Signal(float, float)
    nudged = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = (0.0, 0.0)
        self._is_held = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 140)
        self.setAccessibleName("Pad of two axes")
        self.setToolTip("Drag the dot to move both axes, ±3 σ\nArrow keys move it, a double click centres it")

    def sizeHint(self) -> QSize:
        return QSize(190, 190)

    def show_place(self, x: float, y: float) -> None:
        self._place = (x, y)
        self.update()

    def point_of(self, x: float, y: float) -> QPointF:
        """Where a place in σ is drawn, in px."""
        square = self._square()
        unit = square.width() / (2 * RANGE_SIGMA)
        return square.center() + QPointF(x * unit, -y * unit)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in _ARROWS:
            event.accept()  # in here the arrow keys move the dot, not the frame
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS:
            self.nudged.emit(*_ARROWS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_held = True
            self.held.emit(True)
            self._go_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_held:
            self._go_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_held and event.button() == Qt.MouseButton.LeftButton:
            self._is_held = False
            self.held.emit(False)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.moved.emit(0.0, 0.0)

    def _go_to(self, position: QPointF) -> None:
        square = self._square()
        unit = square.width() / (2 * RANGE_SIGMA)
        offset = (position - square.center()) / unit
        self.moved.emit(*(min(max(value, -RANGE_SIGMA), RANGE_SIGMA) for value in (offset.x(), -offset.y())))

    def _square(self) -> QRectF:
        edge = min(self.width(), self.height()) - 2 * _DOT_RADIUS
        return QRectF((self.width() - edge) / 2, (self.height() - edge) / 2, edge, edge)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette, square = QPainter(self), self.palette(), self._square()
        painter.fillRect(square, palette.color(QPalette.ColorRole.Base))
        for sigma in range(-int(RANGE_SIGMA), int(RANGE_SIGMA) + 1):
            painter.setPen(theme.faint(palette) if sigma == 0 else theme.hairline(palette))
            painter.drawLine(self.point_of(sigma, -RANGE_SIGMA), self.point_of(sigma, RANGE_SIGMA))
            painter.drawLine(self.point_of(-RANGE_SIGMA, sigma), self.point_of(RANGE_SIGMA, sigma))
        self._paint_dot(painter)

    def _paint_dot(self, painter: QPainter) -> None:
        inside = [math.copysign(min(abs(value), RANGE_SIGMA), value) for value in self._place]
        palette = self.palette()
        accent = palette.color(QPalette.ColorRole.Highlight)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_off = tuple(inside) != self._place
        painter.setBrush(palette.color(QPalette.ColorRole.Base) if is_off else accent)  # hollow: it lies further out
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Text) if self.hasFocus() else accent, 1.6))
        painter.drawEllipse(self.point_of(*inside), _DOT_RADIUS - 1, _DOT_RADIUS - 1)
