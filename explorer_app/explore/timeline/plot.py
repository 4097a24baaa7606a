"""The curves over time as an image, and over it the frame on screen and the range: moving them paints a line only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.explore.timeline.picture import LEFT_PX, RIGHT_PX, Look, TimePicture
from explorer_app.widgets.plot_colours import PlotColours

_DRAG_PX = 4
_LEAST_FRAMES = 8
_ZOOM = 0.8


class TimePlot(QWidget):
    """Click: go to that frame. Drag: select frames. Wheel: zoom; double-click: all frames."""

    clicked = Signal(int)
    """a frame"""
    selected = Signal(int, int)
    """the first and the last frame"""
    redraw_asked = Signal()
    """Another size, span or palette: `show_picture` is awaited."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Curves over time")
        self.setToolTip("Click: go to that frame. Drag: select frames. Wheel: zoom; double-click: all frames")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.placeholder = ""
        self.picture: TimePicture | None = None
        self.span = (0, 0)
        """The first and the last frame of what is shown."""
        self._count = 0
        self._current = 0
        self._range: tuple[int, int] | None = None
        self._pressed: int | None = None
        self._dragged: tuple[int, int] | None = None

    def sizeHint(self) -> QSize:
        return QSize(500, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 80)

    @property
    def look(self) -> Look:
        colours = PlotColours(self.palette())
        return Look(
            self.width(),
            self.height(),
            self.devicePixelRatioF(),
            colours.ground,
            colours.text,
            colours.faint,
            colours.hairline,
            self.font(),
        )

    def set_count(self, count: int) -> None:
        """Other data, with so many frames."""
        self._count, self.span, self.picture = count, (0, max(count - 1, 0)), None
        self.update()

    def show_picture(self, picture: TimePicture | None) -> None:
        self.picture = picture
        self.update()

    def show_current(self, index: int) -> None:
        for frame in (self._current, index):
            self.update(QRect(round(self._x(frame)) - 2, 0, 5, self.height()))
        self._current = index

    def show_range(self, first_and_last: tuple[int, int] | None) -> None:
        """The frames that are played; None for all."""
        self._range = first_and_last
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), PlotColours(self.palette())
        if self.picture is None:
            painter.fillRect(event.rect(), colours.ground)
            painter.setPen(colours.faint)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 4, -8, -4), flags, self.placeholder)
            return
        painter.setClipRect(event.rect())
        painter.drawImage(QPoint(0, 0), self.picture.image)
        for frames, alpha in ((self._range, 40), (self._dragged, 80)):
            if frames is not None:
                shade = QColor(colours.selected)
                shade.setAlpha(alpha)
                left, right = (round(self._x(frame)) for frame in sorted(frames))
                painter.fillRect(QRect(left, 0, right - left + 1, self.height()), shade)
        painter.setPen(QPen(colours.current, 1))
        x = round(self._x(self._current))
        painter.drawLine(x, 0, x, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._count:
            self._pressed = round(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and abs(event.position().x() - self._pressed) > _DRAG_PX:
            self._dragged = self._frame(self._pressed), self._frame(event.position().x())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, dragged = self._pressed, self._dragged
        self._pressed = self._dragged = None
        if pressed is None:
            return
        if dragged is None:
            self.clicked.emit(self._frame(event.position().x()))
        else:
            self.selected.emit(min(dragged), max(dragged))
        self.update()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self._show_span(0, self._count - 1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the mouse."""
        first, last = self.span
        at = self._frame(event.position().x())
        factor = _ZOOM if event.angleDelta().y() > 0 else 1 / _ZOOM
        first, last = round(at - (at - first) * factor), round(at + (last - at) * factor)
        if last - first >= _LEAST_FRAMES or factor > 1:
            self._show_span(max(first, 0), min(last, self._count - 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.redraw_asked.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.redraw_asked.emit()

    def _show_span(self, first: int, last: int) -> None:
        if (first, last) != self.span and last >= first:
            self.span = first, last
            self.redraw_asked.emit()

    def _x(self, frame: int) -> float:
        first, last = (self.picture.first, self.picture.last) if self.picture is not None else self.span
        return LEFT_PX + (frame - first) / max(last - first, 1) * (self.width() - LEFT_PX - RIGHT_PX)

    def _frame(self, x: float) -> int:
        first, last = (self.picture.first, self.picture.last) if self.picture is not None else self.span
        share = (x - LEFT_PX) / max(self.width() - LEFT_PX - RIGHT_PX, 1)
        return min(max(round(first + share * (last - first)), first), last)
