"""Codes of the frames as a map coloured by error, among reference codes, with a lasso. Needs pyqtgraph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.model.plot_statistics import inside, nearest
from explorer_app.inspect.plots.base import Canvas, Dots, FloatArray, IntArray
from explorer_app.model.colours import COLOUR_MAPS
from explorer_app.model.wording import grouped
from explorer_app.widgets import theme
from explorer_app.widgets.plot_colours import PlotColours
from explorer_app.widgets.turns import Turns

MOST_DRAWN = 5_000
_LEVELS = 12
"""Number of colours: one brush a point would be many times slower to draw."""
_TABLE = COLOUR_MAPS["magma"]
_WIDEST_PERCENTILE = 98
_MANY = 300
_AT_ONCE = 4


@dataclass(frozen=True, eq=False)
class CodePoints:
    """points [m, 2] of the codes of the frames at the places drawn [m]; references [k, 2] by name."""

    drawn: IntArray
    points: FloatArray
    references: Mapping[str, FloatArray]


class CodeMap(Canvas):
    """A click shows the nearest frame, a drag is a lasso."""

    is_lasso = True
    wants_references = True

    def build(self) -> None:
        self.key = ColourKey(self)
        self.others = [Dots(size=4, pxMode=True) for _ in range(2)]
        self.levels = [Dots(size=5, pen=pg.mkPen(None), pxMode=True) for _ in range(_LEVELS)]
        self.part = Dots(size=8, pxMode=True)
        self.here = Dots(size=13, pxMode=True)
        for item in (*self.others, *self.levels, self.part, self.here):
            self.addItem(item)
        self.here.setZValue(12)
        self.span_mm = (0.0, 1.0)
        self._turns = Turns(self)
        self.getAxis("left").setStyle(showValues=False)
        self.getAxis("bottom").setStyle(showValues=False)

    def legend(self) -> QWidget:
        return self.key

    @staticmethod
    def compute(frames: PlotFrames) -> CodePoints:
        drawn = np.linspace(0, len(frames) - 1, min(len(frames), MOST_DRAWN)).astype(np.int64)
        points, *others = frames.project([frames.pose_latent(drawn), *frames.references.values()])
        return CodePoints(drawn, points, dict(zip(frames.references, others, strict=True)))

    @staticmethod
    def compute_selection(frames: PlotFrames, figures: CodePoints, places: IntArray) -> FloatArray:
        is_selected = np.zeros(len(frames), dtype=bool)
        is_selected[places] = True
        return figures.points[is_selected[figures.drawn]]

    def show_figures(self, frames: PlotFrames | None, figures: CodePoints | None = None) -> None:
        super().show_figures(frames, figures)
        self.key.update()

    def draw(self, frames: PlotFrames, figures: CodePoints) -> None:
        values = frames.measured_mm[figures.drawn]
        known = values[np.isfinite(values)]
        low, high = (0.0, 1.0) if not len(known) else np.percentile(known, (0, _WIDEST_PERCENTILE))
        self.span_mm = (float(low), max(float(high), float(low) + 1e-3))
        share = (np.nan_to_num(values, nan=low) - low) / (self.span_mm[1] - low)
        level = (share.clip(0, 1) * (_LEVELS - 1)).round().astype(np.int64)
        by_level = [figures.points[level == number] for number in range(_LEVELS)]
        self._turns.start(partial(self._draw_levels, first, by_level) for first in range(0, _LEVELS, _AT_ONCE))
        sets = [*figures.references.values(), np.zeros((0, 2)), np.zeros((0, 2))]
        for item, points in zip(self.others, sets, strict=False):
            item.setData(pos=points)
        self.part.setData(pos=np.zeros((0, 2)))
        self.title = f"Codes by {frames.measure}"
        if len(figures.drawn) < len(frames):
            self.title = f"{grouped(len(figures.drawn))} of {grouped(len(frames))} shown"
        self._fit(np.concatenate([figures.points, *figures.references.values()]))

    def _draw_levels(self, first: int, points: list[FloatArray]) -> None:
        for level in range(first, min(first + _AT_ONCE, _LEVELS)):
            self.levels[level].setData(pos=points[level])

    def _fit(self, points: FloatArray) -> None:
        known = points[np.isfinite(points).all(axis=1)]
        if not len(known):
            return
        low, high = known.min(axis=0), known.max(axis=0)
        margin = np.maximum(0.06 * (high - low), 1e-3)
        self.set_view(*zip(low - margin, high + margin, strict=True))

    def draw_selection(self, _frames: PlotFrames, _figures: CodePoints, selected: FloatArray) -> None:
        self.part.setSize(8 if len(selected) <= _MANY else 5)  # many rings would hide the points
        self.part.setData(pos=selected)

    def colour(self, colours: PlotColours) -> None:
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
        if self.frames is not None and frame is not None:
            points = self.figures.points[self.frames.frames[self.figures.drawn] == frame]
        self.here.setData(pos=points)

    def clicked_places(self, figures: CodePoints, at: QPointF) -> IntArray:
        found = nearest(figures.points, (at.x(), at.y()), self.box.viewPixelSize())
        return figures.drawn[found : found + 1] if found is not None else figures.drawn[:0]

    def lassoed_places(self, figures: CodePoints, polygon: FloatArray) -> IntArray:
        return figures.drawn[inside(figures.points, polygon)]

    def text_at(self, frames: PlotFrames, figures: CodePoints, at: QPointF) -> str:
        places = self.clicked_places(figures, at)
        if not len(places):
            return "Draw a lasso around codes to select their frames"
        frame, value = int(frames.frames[places[0]]), frames.measured_mm[places[0]]
        picture = self.pictures.html(frame, self.palette()) if self.pictures is not None else ""
        text = f"frame {frame + 1}: {value:.1f} mm; a click shows it, a drag is a lasso"
        return f"{picture}<br>{text}" if picture else text


def level_colour(share: float, is_dark: bool) -> QColor:
    """0 is the smallest error; the largest has the highest contrast on either background."""
    return QColor(*_TABLE[int(255 * (share if is_dark else 1 - share))].tolist())


class ColourKey(QWidget):
    """The legend of the map's colours, in one line."""

    def __init__(self, plot: CodeMap) -> None:
        super().__init__()
        self._plot = plot
        self.setAccessibleName("Legend of the map of codes")
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + 4)

    def text(self) -> str:
        (low, high), figures = self._plot.span_mm, self._plot.figures
        references = figures.references if figures is not None else ()
        return f"{low:.0f} to {high:.0f} mm; rings: {', '.join(references) or 'none'}"

    def paintEvent(self, _event: QPaintEvent) -> None:
        figures = self._plot.figures
        if figures is None:
            return
        painter, palette, metrics = QPainter(self), self.palette(), self.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = (f"{value:.0f}" for value in self._plot.span_mm)
        x = float(metrics.horizontalAdvance(low) + 6)
        middle, bar = self.height() / 2, 18.0
        gradient = QLinearGradient(x, 0, x + bar, 0)
        for step in range(6):
            gradient.setColorAt(step / 5, level_colour(step / 5, theme.is_dark(palette)))
        painter.fillRect(QRectF(x, middle - 4, bar, 8), gradient)
        painter.setPen(theme.faint(palette))
        line = QRectF(0, 0, self.width(), self.height())
        painter.drawText(line.adjusted(2, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, low)
        texts: list[tuple[QColor | None, str]] = [(None, f"{high} mm")]
        names = [name.partition(" (")[0] for name in figures.references]  # `text` has the whole names
        texts += zip(PlotColours(palette).others, names, strict=False)
        x += bar + 4
        for colour, text in texts:
            if colour is not None:
                painter.setPen(pg.mkPen(colour, width=1.5))
                painter.drawEllipse(QPointF(x + 4, middle), 3, 3)
                x += 10
            painter.setPen(theme.faint(palette))
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(int(self.width() - x), 0))
            painter.drawText(line.adjusted(x, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
            x += metrics.horizontalAdvance(text) + 6
