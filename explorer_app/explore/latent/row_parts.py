"""The slider of one latent axis: filled from the mean outwards, so that the twenty sliders form a profile."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QToolButton, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.icons import give_icon

_MIXED = "mixed: "
_GAP = theme.UNIT
_LONGEST = "in-plane turn + tilt"
"""Names of effects that are longer are rare."""


class AxisLabel(QWidget):
    """The axis' short label and its effect, elided to fit; a mixed effect is fainter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis, self._name = "", ""
        self.setFont(theme.caption(self.font()))

    def show_name(self, axis: str, name: str) -> None:
        self._axis, self._name = axis, name
        self.update()

    def text(self) -> str:
        return f"{self._axis} {self._name}".strip()

    def sizeHint(self) -> QSize:
        """The same for all names, so that the rows align."""
        metrics = self.fontMetrics()
        return QSize(self._axis_width() + _GAP + metrics.horizontalAdvance(_LONGEST), metrics.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette, width = QPainter(self), self.palette(), self._axis_width()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.faint(palette))
        painter.drawText(QRect(0, 0, width, self.height()), middle | Qt.AlignmentFlag.AlignRight, self._axis)
        if not self._name.startswith(_MIXED):
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        room = QRect(width + _GAP, 0, self.width() - width - _GAP, self.height())
        name = self._name.removeprefix(_MIXED)
        painter.drawText(room, middle, self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width()))

    def _axis_width(self) -> int:
        return self.fontMetrics().horizontalAdvance("z20")


class LockButton(QToolButton):
    """Checked is locked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.toggled.connect(self._show_state)
        self._show_state(False)

    @Slot(bool)
    def _show_state(self, is_locked: bool) -> None:
        give_icon(self, "lock" if is_locked else "unlock")

    def setChecked(self, is_locked: bool) -> None:
        super().setChecked(is_locked)
        self._show_state(is_locked)  # also while its signals are blocked

    def sizeHint(self) -> QSize:
        return QSize(20, 20)


_GROOVE, _FILL_ON_COLOURS = 5.0, 2.0
_FULL_COLOUR = 0.25
"""The typicality from which on the groove has its full colour."""
_HANDLE_RADIUS = 6.5
_FINE = 0.1
"""The share of the mouse's way that a drag with Shift moves the handle."""


class LatentSlider(QSlider):
    """Horizontal, 0 in the middle. A click jumps there, Shift makes a drag fine, a double click resets.

    Wheel events go to the enclosing panel.
    """

    reset_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._known_ends: tuple[float, float] | None = None
        self._dragged_x, self._dragged_to = 0.0, 0.0
        self.typicality: Sequence[float] | None = None
        self._stops: list[tuple[float, QColor]] = []
        self.setMinimumWidth(70)

    def show_typicality(self, along: Sequence[float] | None) -> None:
        """along: 0 to 1 at evenly spaced places from one end to the other; None for a plain groove."""
        if along != self.typicality:
            self.typicality = along
            self._colour()

    def _colour(self) -> None:
        shares, palette = self.typicality or (), self.palette()
        plain, full = theme.hairline(palette), theme.typical(palette)
        self._stops = [
            (place / (len(shares) - 1), theme.mixed(plain, full, min(1.0, share / _FULL_COLOUR)))
            for place, share in enumerate(shares)
        ]
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(70, 20)

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.accept()  # here the arrow keys move the slider, not the frame
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        x, (left, right) = event.position().x(), self._ends()
        if abs(x - self.position_of(self.sliderPosition())) > _HANDLE_RADIUS:
            share = (x - left) / (right - left)
            self.setSliderPosition(round(self.minimum() + share * (self.maximum() - self.minimum())))
        self._dragged_x, self._dragged_to = x, float(self.sliderPosition())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.isSliderDown():
            event.ignore()
            return
        x, (left, right) = event.position().x(), self._ends()
        is_fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ticks_per_px = (self.maximum() - self.minimum()) / (right - left) * (_FINE if is_fine else 1.0)
        self._dragged_to += (x - self._dragged_x) * ticks_per_px
        self._dragged_x = x
        self.setSliderPosition(round(self._dragged_to))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

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
        painter.drawRect(QRectF(zero - 0.5, y - 5, 1, 10))
        filled = _GROOVE
        if self._stops:
            gradient = QLinearGradient(left, 0, right, 0)
            gradient.setStops(self._stops)
            painter.setBrush(gradient)
            filled = _FILL_ON_COLOURS
        painter.drawRoundedRect(QRectF(left, y - _GROOVE / 2, right - left, _GROOVE), _GROOVE / 2, _GROOVE / 2)
        accent = palette.color(QPalette.ColorRole.Highlight)
        painter.setBrush(accent)
        painter.drawRect(QRectF(min(zero, handle), y - filled / 2, abs(handle - zero), filled))
        painter.setBrush(palette.color(QPalette.ColorRole.Button).lighter(120))
        painter.setPen(QPen(accent if self.hasFocus() or self.isSliderDown() else theme.faint(palette), 1.4))
        painter.drawEllipse(QPointF(handle, y), _HANDLE_RADIUS, _HANDLE_RADIUS)

    def position_of(self, value: int) -> float:
        """The middle of the style's handle at `value`, so that mouse and drawing agree."""
        return self._between(*self._ends(), value)

    def _ends(self) -> tuple[float, float]:
        """The middle of the handle at the lowest and at the highest value."""
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
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
        super().changeEvent(event)

    def _between(self, left: float, right: float, value: int) -> float:
        return left + (value - self.minimum()) / (self.maximum() - self.minimum()) * (right - left)
