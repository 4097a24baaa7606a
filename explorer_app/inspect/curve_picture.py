"""A few curves over one axis, drawn with QPainter: pyqtgraph needs most of a second to import and 30 ms a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.plot_colours import PlotColours

FloatArray = npt.NDArray[np.floating]

_SWATCH_PX = 16
_GAP_PX = 12


@dataclass(frozen=True, eq=False)
class Curve:
    """x [T] ascending, y [T], and its name."""

    name: str
    x: FloatArray
    y: FloatArray
    colour: int = 0


class CurvePicture(QWidget):
    """Curves over x from 0 or so to the largest, y from 0 on; `mark` is a dotted line, `current` a solid one."""

    def __init__(self, x_label: str, y_label: str, name: str) -> None:
        super().__init__()
        self._labels = x_label, y_label
        self.curves: tuple[Curve, ...] = ()
        self.mark: float | None = None
        self.current: float | None = None
        self.top: float | None = None
        self.placeholder = ""
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(240, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 70)

    def show_curves(self, curves: Sequence[Curve]) -> None:
        self.curves = tuple(curves)
        self.setAccessibleDescription("; ".join(curve.name for curve in curves))
        self.update()

    def show_current(self, x: float | None) -> None:
        self.current = x
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette, metrics = QPainter(self), self.palette(), self.fontMetrics()
        painter.fillRect(self.rect(), theme.view_background(palette))
        painter.setPen(theme.faint(palette))
        if not self.curves:
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 4, -8, -4), flags, self.placeholder)
            return
        height = metrics.height()
        top = self.top or 1.08 * max(float(np.nanmax(curve.y)) for curve in self.curves) or 1.0  # all may be 0
        left = max(metrics.horizontalAdvance(text) for text in (f"{top:.0f}", self._labels[1])) + 10
        area = QRectF(left, height + 4, self.width() - left - 8, self.height() - 2 * height - 10)
        low, high = float(self.curves[0].x[0]), float(self.curves[0].x[-1])

        def at(x: float, y: float) -> QPointF:
            return QPointF(
                area.left() + (x - low) / max(high - low, 1e-9) * area.width(), area.bottom() - y / top * area.height()
            )

        self._paint_axes(painter, area, (low, high), top)
        for x, style in ((self.mark, Qt.PenStyle.DotLine), (self.current, Qt.PenStyle.SolidLine)):
            if x is not None:
                painter.setPen(QPen(theme.faint(palette), 1, style))
                painter.drawLine(at(x, 0), at(x, top))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = PlotColours(palette).curves
        for curve in self.curves:
            colour = colours[curve.colour % len(colours)]
            painter.setPen(QPen(colour, 2))
            known = np.isfinite(curve.y)
            points = zip(curve.x[known].tolist(), curve.y[known].tolist(), strict=True)
            painter.drawPolyline(QPolygonF([at(x, y) for x, y in points]))
            if self.current is not None:
                painter.setBrush(colour)
                painter.drawEllipse(at(self.current, float(np.interp(self.current, curve.x, curve.y))), 4, 4)
        self._paint_names(painter, area)
        painter.end()

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        """In a line above the curves; if they do not fit there, below them, one on top of the other."""
        palette, metrics = self.palette(), self.fontMetrics()
        colours = PlotColours(palette).curves
        widths = [_SWATCH_PX + metrics.horizontalAdvance(curve.name) + _GAP_PX for curve in self.curves]
        x, y = area.left(), metrics.height() - 2.0
        is_stacked = sum(widths) > self.width() - x
        if is_stacked:
            x = max(area.right() - max(widths), area.left() + 4)
            y = area.bottom() - 6 - (len(self.curves) - 1) * metrics.height()
        for curve in self.curves:
            painter.setPen(QPen(colours[curve.colour % len(colours)], 3))
            middle = y - metrics.ascent() / 3
            painter.drawLine(QPointF(x, middle), QPointF(x + _SWATCH_PX - 4, middle))
            painter.setPen(palette.text().color())
            room = int(self.width() - x - _SWATCH_PX - 8)
            text = metrics.elidedText(curve.name, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QPointF(x + _SWATCH_PX, y), text)
            if is_stacked:
                y += metrics.height()
            else:
                x += _SWATCH_PX + metrics.horizontalAdvance(text) + _GAP_PX

    def _paint_axes(self, painter: QPainter, area: QRectF, span: tuple[float, float], top: float) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        painter.setPen(theme.hairline(palette))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.drawLine(area.bottomLeft(), area.topLeft())
        painter.setPen(theme.faint(palette))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for y, line in ((0.0, area.bottom()), (top, area.top())):
            painter.drawText(QRectF(0, line - 10, area.left() - 4, 20), right, f"{y:.0f}")
        below = QRectF(area.left(), area.bottom() + 2, area.width(), metrics.height())
        first, last = (f"{x:.0f}" for x in span)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, first)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, last)
        ends = max(metrics.horizontalAdvance(text) for text in (first, last)) + theme.GAP
        label = metrics.elidedText(self._labels[0], Qt.TextElideMode.ElideRight, int(below.width()) - 2 * ends)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, label)
        middle = QRectF(0, area.center().y() - 10, area.left() - 4, 20)
        painter.drawText(middle, right, self._labels[1])
