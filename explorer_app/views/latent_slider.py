"""The slider of one latent axis: filled from the mean outwards, so that twenty of them read as one profile."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

from explorer_app.views import theme

_GROOVE = 4.0
_HANDLE_RADIUS = 6.5


class LatentSlider(QSlider):
    """Horizontal, 0 in the middle; a double click resets it, and the wheel is left to the panel it stands in."""

    reset_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._known_ends: tuple[float, float] | None = None
        self.setMinimumWidth(70)

    def sizeHint(self) -> QSize:
        return QSize(70, 20)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.accept()  # in here the arrow keys move the slider, not the frame
            return True
        return super().event(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_asked.emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, y = self.palette(), self.height() / 2
        left, right = self._ends()
        zero, handle = (left + right) / 2, self._between(left, right, self.sliderPosition())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.hairline(palette))
        painter.drawRoundedRect(QRectF(left, y - _GROOVE / 2, right - left, _GROOVE), _GROOVE / 2, _GROOVE / 2)
        painter.drawRect(QRectF(zero - 0.5, y - 5, 1, 10))
        accent = palette.color(QPalette.ColorRole.Highlight)
        painter.setBrush(accent)
        painter.drawRect(QRectF(min(zero, handle), y - _GROOVE / 2, abs(handle - zero), _GROOVE))
        painter.setBrush(palette.color(QPalette.ColorRole.Button).lighter(120))
        painter.setPen(QPen(accent if self.hasFocus() or self.isSliderDown() else theme.faint(palette), 1.4))
        painter.drawEllipse(QPointF(handle, y), _HANDLE_RADIUS, _HANDLE_RADIUS)

    def position_of(self, value: int) -> float:
        """Where the style has the middle of the handle at `value`, so that the mouse finds it where it is drawn."""
        return self._between(*self._ends(), value)

    def _ends(self) -> tuple[float, float]:
        """Where the middle of the handle is at the lowest and at the highest value."""
        if self._known_ends is None:
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderGroove
            groove = self.style().subControlRect(control, option, part, self)
            length = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, option, self)
            self._known_ends = groove.left() + length / 2, groove.left() + groove.width() - length / 2
        return self._known_ends

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._known_ends = None
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        self._known_ends = None
        super().changeEvent(event)

    def _between(self, left: float, right: float, value: int) -> float:
        return left + (value - self.minimum()) / (self.maximum() - self.minimum()) * (right - left)
