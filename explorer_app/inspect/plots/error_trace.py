"""The error along all sequences. Needs pyqtgraph."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QResizeEvent

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.model.plot_statistics import Trace, along_sequence, peaks
from explorer_app.inspect.plots.base import NO_PLACES, Canvas, Dots, FloatArray, IntArray
from explorer_app.widgets.plot_colours import PlotColours


class TracePlot(Canvas):
    """The error along all sequences; a click selects the worst frame of a column, a drag all frames between."""

    def build(self) -> None:
        self.peaks = self.plot([], [])
        self.spans = pg.PlotCurveItem(connect="pairs")
        self.part = Dots(size=5, pen=pg.mkPen(None))
        self.addItem(self.spans)
        self.addItem(self.part)

    @staticmethod
    def compute(frames: PlotFrames) -> Trace:
        return along_sequence(frames.measured_mm, frames.groups)

    @staticmethod
    def compute_selection(frames: PlotFrames, figures: Trace, places: IntArray) -> FloatArray:
        return peaks(figures, frames.measured_mm, places)

    def draw(self, frames: PlotFrames, figures: Trace) -> None:
        x = figures.middles
        self.peaks.setData(x, figures.high, connect="finite")
        known = np.isfinite(figures.high)
        ends = np.stack([figures.low[known], figures.high[known]], axis=1)
        self.spans.setData(np.repeat(x[known], 2), ends.ravel())
        self.part.setData([], [])
        self._name_groups(figures)
        self.title = f"{frames.measure.capitalize()} by frame, mm"
        top = float(np.nanmax(figures.high)) if known.any() else 1.0
        self.set_view((0, max(len(figures.order), 1)), (0, max(1.08 * top, 1)))

    def _name_groups(self, figures: Trace) -> None:
        """If their names fit."""
        groups = figures.groups
        names = [((start + stop) / 2, name or "ungrouped") for name, start, stop in groups]
        width = max((self.fontMetrics().horizontalAdvance(name) for _, name in names), default=0) + 8
        fits = len(names) > 1 and width * len(names) < self.width() - 50
        self.getAxis("bottom").setTicks([names if fits else [], [(stop, "") for *_, stop in groups]])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.frames is not None:
            self._name_groups(self.figures)

    def draw_selection(self, _frames: PlotFrames, figures: Trace, selected: FloatArray) -> None:
        is_there = np.isfinite(selected)
        self.part.setData(figures.middles[is_there], selected[is_there])

    def colour(self, colours: PlotColours) -> None:
        self.peaks.setPen(pg.mkPen(colours.plain, width=1))
        self.spans.setPen(pg.mkPen(colours.plain, width=1))
        self.part.setBrush(colours.selected)

    def place_x(self, figures: Trace, place: int) -> float:
        return float(np.flatnonzero(figures.order == place)[0]) + 0.5

    def clicked_places(self, figures: Trace, at: QPointF) -> IntArray:
        column = int(np.searchsorted(figures.edges, at.x(), side="right")) - 1
        return figures.worst[column : column + 1] if 0 <= column < len(figures.worst) else NO_PLACES

    def places_between(self, figures: Trace, low: float, high: float) -> IntArray:
        return figures.order[max(int(low), 0) : max(int(np.ceil(high)), 0)]

    def bars_x(self, figures: Trace) -> FloatArray:
        return figures.middles

    def text_at(self, frames: PlotFrames, figures: Trace, at: QPointF) -> str:
        places = self.clicked_places(figures, at)
        if not len(places):
            return ""
        frame, value = frames.frames[places[0]], frames.measured_mm[places[0]]
        return f"frame {frame + 1}: {value:.1f} mm; a click shows it, a drag selects the frames between"
