"""A square in which a dot drags two latent axes at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from explorer_app.model.latent import RANGE_SIGMA, LatentAxes
from explorer_app.session.session import Session
from explorer_app.session.undo import Merge
from explorer_app.widgets import theme
from explorer_app.widgets.fields import ComboBox
from explorer_app.widgets.layouts import grid_layout

_DOT_RADIUS = 6.5
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class PadSquare(QWidget):
    """±3 σ both ways, up is positive. Shows a position, and emits the position chosen by the user."""

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
        self.setToolTip("Drag the dot to move both axes, ±3 σ\nArrow keys move it, double-click centres it")

    def sizeHint(self) -> QSize:
        return QSize(190, 190)

    def show_place(self, x: float, y: float) -> None:
        self._place = (x, y)
        self.update()

    def point_of(self, x: float, y: float) -> QPointF:
        """A position in σ as px."""
        square = self._square()
        unit = square.width() / (2 * RANGE_SIGMA)
        return square.center() + QPointF(x * unit, -y * unit)

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in _ARROWS:
            event.accept()  # here the arrow keys move the dot, not the frame
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
        painter.setBrush(palette.color(QPalette.ColorRole.Base) if is_off else accent)  # hollow: outside
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Text) if self.hasFocus() else accent, 1.6))
        painter.drawEllipse(self.point_of(*inside), _DOT_RADIUS - 1, _DOT_RADIUS - 1)


_NUDGE_SIGMA = 0.1


class LatentPad(QWidget):
    """A view of two coordinates of `Session.latent`, chosen by its combo boxes."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._axes = LatentAxes()
        self.square = PadSquare()
        self.across, self.upwards = ComboBox(), ComboBox()
        layout = grid_layout(self)
        for column, (sign, box, what) in enumerate((("↔", self.across, "across"), ("↕", self.upwards, "upwards"))):
            box.setAccessibleName(f"Axis of the pad, {what}")
            box.setToolTip(f"The axis that the dot moves {what}")
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            label = QLabel(sign)
            label.setBuddy(box)
            layout.addWidget(label, 0, 2 * column)
            layout.addWidget(box, 0, 2 * column + 1)
            layout.setColumnStretch(2 * column + 1, 1)
        layout.addWidget(self.square, 1, 0, 1, 4)
        layout.setRowStretch(1, 1)
        self._chosen = [0, 1]
        self.across.currentIndexChanged.connect(self._on_across)
        self.upwards.currentIndexChanged.connect(self._on_upwards)
        self.square.held.connect(self._on_held)
        self.square.moved.connect(self._on_moved)
        self.square.nudged.connect(self._on_nudged)
        session.latent_changed.connect(self._show)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """The widgets in tab order."""
        return self.across, self.upwards, self.square

    def show_axes(self, axes: LatentAxes, names: Sequence[str], chosen: tuple[int, int] | None = None) -> None:
        """axes: basis of the moves; names [20] of the rows; chosen: the two initial axes, None to keep them."""
        self._axes = axes
        self._chosen = list(chosen or self._chosen)
        for box in (self.across, self.upwards):
            if [box.itemText(index) for index in range(box.count())] != list(names):
                with QSignalBlocker(box):
                    box.clear()
                    box.addItems(names)
        self._show()

    @Slot(int)
    def _on_across(self, axis: int) -> None:
        self._choose(0, axis)

    @Slot(int)
    def _on_upwards(self, axis: int) -> None:
        self._choose(1, axis)

    def _choose(self, place: int, axis: int) -> None:
        if self._chosen[1 - place] == axis:  # the two axes must differ
            self._chosen[1 - place] = self._chosen[place]
        self._chosen[place] = axis
        self._show()

    @Slot(bool)
    def _on_held(self, is_held: bool) -> None:
        if is_held:
            self._session.begin_edit(self._label)
        else:
            self._session.end_edit()

    @Slot(float, float)
    def _on_moved(self, x: float, y: float) -> None:
        self._session.set_latent(self._axes.moved(self._session.latent, self._by_axis(x, y)), self._label)

    @Slot(int, int)
    def _on_nudged(self, right: int, up: int) -> None:
        x, y = self._place
        values = self._by_axis(x + _NUDGE_SIGMA * right, y + _NUDGE_SIGMA * up)
        self._session.set_latent(self._axes.moved(self._session.latent, values), self._label, merge=Merge.PAD)

    def _by_axis(self, x: float, y: float) -> dict[int, float]:
        return {self._chosen[0]: x, self._chosen[1]: y}

    @property
    def _place(self) -> tuple[float, float]:
        coordinates = self._axes.basis.coordinates(self._session.latent)
        return coordinates[self._chosen[0]], coordinates[self._chosen[1]]

    @property
    def _label(self) -> str:
        first, second = (self._axes.basis.label(axis) for axis in self._chosen)
        return f"move {first} and {second}"

    @Slot()
    def _show(self) -> None:
        for box, axis in zip((self.across, self.upwards), self._chosen, strict=True):
            with QSignalBlocker(box):
                box.setCurrentIndex(axis)
        self.square.show_place(*self._place)
        self.square.setEnabled(not self._axes.locked.issuperset(self._chosen))
