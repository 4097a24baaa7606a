"""Histograms of the failures with selectable bars. Needs pyqtgraph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.model.plot_statistics import Histogram, histogram
from explorer_app.inspect.plots.base import NO_PLACES, Canvas, FloatArray, IntArray
from explorer_app.model.wording import grouped
from explorer_app.widgets.plot_colours import PlotColours


@dataclass(frozen=True, eq=False)
class Counted:
    """A value of each frame [n], and its histogram; None without values."""

    values: FloatArray
    bars: Histogram | None

    @classmethod
    def of(cls, values: FloatArray) -> Counted:
        return cls(values, histogram(values))


class HistogramPlot(Canvas):
    """Bars to click; a drag selects those between. A subclass has `compute`, which returns a `Counted`."""

    unit = ""

    def build(self) -> None:
        self.bars = pg.BarGraphItem(x0=[], x1=[], height=[])
        self.part = pg.BarGraphItem(x0=[], x1=[], height=[])
        self.addItem(self.bars)
        self.addItem(self.part)

    @staticmethod
    def compute_selection(_frames: PlotFrames, figures: Counted, places: IntArray) -> IntArray:
        return figures.bars.counts_of(figures.values[places]) if figures.bars is not None else NO_PLACES

    def draw(self, _frames: PlotFrames, figures: Counted) -> None:
        bars = figures.bars
        self.part.setOpts(x0=[], x1=[], height=[])
        if bars is None:
            self.bars.setOpts(x0=[], x1=[], height=[])
            return
        self.bars.setOpts(x0=bars.edges[:-1], x1=bars.edges[1:], height=bars.counts)
        self.set_view((bars.edges[0], bars.edges[-1]), (0, 1.08 * max(int(bars.counts.max()), 1)))

    def draw_selection(self, _frames: PlotFrames, figures: Counted, selected: IntArray) -> None:
        bars = figures.bars
        if bars is not None:
            self.part.setOpts(x0=bars.edges[:-1], x1=bars.edges[1:], height=selected)

    def colour(self, colours: PlotColours) -> None:
        self.bars.setOpts(pen=pg.mkPen(colours.ground, width=0.5), brush=colours.plain)
        self.part.setOpts(pen=pg.mkPen(None), brush=colours.selected)

    def place_x(self, figures: Counted, place: int) -> float:
        return float(figures.values[place])

    def clicked_places(self, figures: Counted, at: QPointF) -> IntArray:
        bars = figures.bars
        if bars is None:
            return NO_PLACES
        bar = bars.bar_at(at.x())
        return bars.frames_in(figures.values, bar) if 0 <= bar < len(bars.counts) else NO_PLACES

    def places_between(self, figures: Counted, low: float, high: float) -> IntArray:
        bars = figures.bars
        if bars is None:
            return NO_PLACES
        last = len(bars.counts) - 1
        return bars.frames_in(figures.values, *(min(max(bars.bar_at(x), 0), last) for x in (low, high)))

    def bars_x(self, figures: Counted) -> FloatArray:
        bars = figures.bars
        return (bars.edges[:-1] + bars.edges[1:]) / 2 if bars is not None else np.zeros(0)

    def text_at(self, _frames: PlotFrames, figures: Counted, at: QPointF) -> str:
        bars = figures.bars
        bar = bars.bar_at(at.x()) if bars is not None else -1
        if bars is None or not 0 <= bar < len(bars.counts):
            return ""
        low, high = bars.edges[bar : bar + 2]
        return f"{grouped(int(bars.counts[bar]))} frames from {low:.3g} to {high:.3g}{self.unit}; a click selects them"
