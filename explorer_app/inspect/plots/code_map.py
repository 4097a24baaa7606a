"""Codes of the frames as a map coloured by error, among reference codes, with a lasso. Needs pyqtgraph."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from explorer_app.inspect.model import plot_statistics as failure_plots
from explorer_app.inspect.model.plot_series import Highlight, Series
from explorer_app.inspect.plots.base import Canvas, Colours, FloatArray, IntArray
from explorer_app.model.colours import COLOUR_MAPS
from explorer_app.model.wording import grouped
from explorer_app.widgets import theme

_LEVELS = 12
"""So many colours: one brush a point would take many times as long to draw."""
_TABLE = COLOUR_MAPS["magma"]
_WIDEST_PERCENTILE = 98
_MANY = 300
_AT_ONCE = 4


class ScatterPlot(Canvas):
    """A click shows the nearest frame, a drag is a lasso."""

    name = "Map of codes"
    is_lasso = True

    def build(self) -> None:
        self.others = [pg.ScatterPlotItem(size=4, pxMode=True) for _ in range(2)]
        self.levels = [pg.ScatterPlotItem(size=5, pen=pg.mkPen(None), pxMode=True) for _ in range(_LEVELS)]
        self.part = pg.ScatterPlotItem(size=8, pxMode=True)
        self.here = pg.ScatterPlotItem(size=13, pxMode=True)
        for item in (*self.others, *self.levels, self.part, self.here):
            self.addItem(item)
        self.here.setZValue(12)
        self.span_mm = (0.0, 1.0)
        self._to_draw: list[tuple[pg.ScatterPlotItem, FloatArray]] = []
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._draw_some)
        self.getAxis("left").setStyle(showValues=False)
        self.getAxis("bottom").setStyle(showValues=False)

    def draw(self, series: Series) -> None:
        values = series.measured_mm[series.drawn]
        known = values[np.isfinite(values)]
        low, high = (0.0, 1.0) if not len(known) else np.percentile(known, (0, _WIDEST_PERCENTILE))
        self.span_mm = (float(low), max(float(high), float(low) + 1e-3))
        share = (np.nan_to_num(values, nan=low) - low) / (self.span_mm[1] - low)
        level = (share.clip(0, 1) * (_LEVELS - 1)).round().astype(np.int64)
        self._to_draw = [(item, series.points[level == number]) for number, item in enumerate(self.levels)]
        self._draw_some()
        sets = [*series.references.values(), np.zeros((0, 2)), np.zeros((0, 2))]
        for item, points in zip(self.others, sets, strict=False):
            item.setData(pos=points)
        self.part.setData(pos=np.zeros((0, 2)))
        self.title = f"Codes by {series.measure}"
        if len(series.drawn) < len(series.frames):
            self.title = f"{grouped(len(series.drawn))} of {grouped(len(series.frames))} shown"
        self._fit(np.concatenate([series.points, *series.references.values()]))

    def _draw_some(self) -> None:
        """All at once would have the window wait."""
        for item, points in self._to_draw[:_AT_ONCE]:
            item.setData(pos=points)
        self._to_draw = self._to_draw[_AT_ONCE:]
        if self._to_draw:
            self._turn.start()

    def _fit(self, points: FloatArray) -> None:
        known = points[np.isfinite(points).all(axis=1)]
        if not len(known):
            return
        low, high = known.min(axis=0), known.max(axis=0)
        margin = np.maximum(0.06 * (high - low), 1e-3)
        self.set_view(*zip(low - margin, high + margin, strict=True))

    def draw_highlight(self, _series: Series, highlight: Highlight) -> None:
        points = highlight.points
        self.part.setSize(8 if len(points) <= _MANY else 5)  # many rings would hide what they point out
        self.part.setData(pos=points)

    def colour(self, colours: Colours) -> None:
        for number, item in enumerate(self.levels):
            item.setBrush(level_colour(number / (_LEVELS - 1), colours.ground.lightness() < 128))
        for item, colour in zip(self.others, colours.others, strict=True):
            item.setPen(pg.mkPen(colour, width=1))
            item.setBrush(pg.mkBrush(None))
        ring = QColor(0, 0, 0, 0)
        self.part.setPen(pg.mkPen(colours.plain, width=1.5))
        self.part.setBrush(ring)
        self.here.setPen(pg.mkPen(colours.current, width=2))
        self.here.setBrush(ring)

    def show_current(self, frame: int | None) -> None:
        self.current = frame
        self.current_line.hide()
        points = np.zeros((0, 2))
        if self.series is not None and frame is not None:
            points = self.series.points[self.series.frames[self.series.drawn] == frame]
        self.here.setData(pos=points)

    def clicked_places(self, series: Series, at: QPointF) -> IntArray:
        found = failure_plots.nearest(series.points, (at.x(), at.y()), self.box.viewPixelSize())
        return series.drawn[found : found + 1] if found is not None else series.drawn[:0]

    def lassoed_places(self, series: Series, polygon: FloatArray) -> IntArray:
        return series.drawn[failure_plots.inside(series.points, polygon)]

    def text_at(self, series: Series, at: QPointF) -> str:
        places = self.clicked_places(series, at)
        if not len(places):
            return "Draw a lasso around codes to select their frames"
        frame, value = series.frames[places[0]], series.measured_mm[places[0]]
        return f"frame {frame + 1}: {value:.1f} mm; a click shows it, a drag is a lasso"


def level_colour(share: float, is_dark: bool) -> QColor:
    """0 is the smallest error; the largest stands out from either ground."""
    return QColor(*_TABLE[int(255 * (share if is_dark else 1 - share))].tolist())


class ColourKey(QWidget):
    """What the colours of the map mean, in one line."""

    def __init__(self, plot: ScatterPlot) -> None:
        super().__init__()
        self._plot = plot
        self.setAccessibleName("Legend of the map of codes")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + 4)

    def text(self) -> str:
        (low, high), series = self._plot.span_mm, self._plot.series
        references = series.references if series is not None else ()
        return f"{low:.0f} to {high:.0f} mm; rings: {', '.join(references) or 'none'}"

    def paintEvent(self, _event: QPaintEvent) -> None:
        series = self._plot.series
        if series is None:
            return
        painter, palette, metrics = QPainter(self), self.palette(), self.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = (f"{value:.0f}" for value in self._plot.span_mm)
        x = float(metrics.horizontalAdvance(low) + 8)
        middle, bar = self.height() / 2, 60.0
        gradient = QLinearGradient(x, 0, x + bar, 0)
        for step in range(6):
            gradient.setColorAt(step / 5, level_colour(step / 5, theme.is_dark(palette)))
        painter.fillRect(QRectF(x, middle - 4, bar, 8), gradient)
        painter.setPen(theme.faint(palette))
        line = QRectF(0, 0, self.width(), self.height())
        painter.drawText(line.adjusted(4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, low)
        texts: list[tuple[QColor | None, str]] = [(None, f"{high} mm")]
        texts += zip(Colours(palette).others, series.references, strict=False)
        x += bar + 4
        for colour, text in texts:
            if colour is not None:
                painter.setPen(pg.mkPen(colour, width=1.5))
                painter.drawEllipse(QPointF(x + 4, middle), 3, 3)
                x += 12
            painter.setPen(theme.faint(palette))
            painter.drawText(line.adjusted(x, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
            x += metrics.horizontalAdvance(text) + 12


class ScatterWithKey(QWidget):
    """The map over its legend."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = ScatterPlot()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(150, 120)
        self.key = ColourKey(self.plot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.key)
