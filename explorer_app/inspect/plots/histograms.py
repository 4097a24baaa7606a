"""Histograms of the failures, whose bars can be pointed at. Needs pyqtgraph."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF

from explorer_app.inspect.model.plot_series import Highlight, Series
from explorer_app.inspect.model.plot_statistics import Histogram
from explorer_app.inspect.plots.base import Canvas, Colours, FloatArray, IntArray
from explorer_app.model.wording import grouped

_NO_PLACES: IntArray = np.zeros(0, dtype=np.int64)


class _HistogramPlot(Canvas):
    """Bars to click; a drag selects those between."""

    unit = ""

    def build(self) -> None:
        self.bars = pg.BarGraphItem(x0=[], x1=[], height=[])
        self.part = pg.BarGraphItem(x0=[], x1=[], height=[])
        self.addItem(self.bars)
        self.addItem(self.part)

    def values(self, series: Series) -> FloatArray:
        raise NotImplementedError

    def histogram(self, series: Series) -> Histogram | None:
        raise NotImplementedError

    def selected_counts(self, highlight: Highlight) -> IntArray:
        raise NotImplementedError

    def draw(self, series: Series) -> None:
        bars = self.histogram(series)
        self.part.setOpts(x0=[], x1=[], height=[])
        if bars is None:
            self.bars.setOpts(x0=[], x1=[], height=[])
            return
        self.bars.setOpts(x0=bars.edges[:-1], x1=bars.edges[1:], height=bars.counts)
        self.set_view((bars.edges[0], bars.edges[-1]), (0, 1.08 * max(int(bars.counts.max()), 1)))

    def draw_highlight(self, series: Series, highlight: Highlight) -> None:
        bars = self.histogram(series)
        if bars is not None:
            self.part.setOpts(x0=bars.edges[:-1], x1=bars.edges[1:], height=self.selected_counts(highlight))

    def colour(self, colours: Colours) -> None:
        self.bars.setOpts(pen=pg.mkPen(colours.ground, width=0.5), brush=colours.plain)
        self.part.setOpts(pen=pg.mkPen(None), brush=colours.selected)

    def place_x(self, series: Series, place: int) -> float:
        return float(self.values(series)[place])

    def clicked_places(self, series: Series, at: QPointF) -> IntArray:
        bars = self.histogram(series)
        if bars is None:
            return _NO_PLACES
        bar = _bar_at(bars, at.x())
        return bars.frames_in(self.values(series), bar) if 0 <= bar < len(bars.counts) else _NO_PLACES

    def places_between(self, series: Series, low: float, high: float) -> IntArray:
        bars = self.histogram(series)
        if bars is None:
            return _NO_PLACES
        last = len(bars.counts) - 1
        return bars.frames_in(self.values(series), *(min(max(_bar_at(bars, x), 0), last) for x in (low, high)))

    def bars_x(self, series: Series) -> FloatArray:
        bars = self.histogram(series)
        return (bars.edges[:-1] + bars.edges[1:]) / 2 if bars is not None else np.zeros(0)

    def text_at(self, series: Series, at: QPointF) -> str:
        bars = self.histogram(series)
        bar = _bar_at(bars, at.x()) if bars is not None else -1
        if bars is None or not 0 <= bar < len(bars.counts):
            return ""
        low, high = bars.edges[bar : bar + 2]
        return f"{grouped(int(bars.counts[bar]))} frames from {low:.3g} to {high:.3g}{self.unit}; a click selects them"


def _bar_at(bars: Histogram, x: float) -> int:
    return int(np.searchsorted(bars.edges, x, side="right")) - 1


class ErrorPlot(_HistogramPlot):
    """How many frames have which mean error, or disagreement."""

    name = "Histogram of errors"
    unit = " mm"

    def draw(self, series: Series) -> None:
        super().draw(series)
        self.title = f"Frames by {series.measure}, mm"

    def values(self, series: Series) -> FloatArray:
        return series.measured_mm

    def histogram(self, series: Series) -> Histogram | None:
        return series.errors

    def selected_counts(self, highlight: Highlight) -> IntArray:
        return highlight.errors


class DistancePlot(_HistogramPlot):
    """How far the depth latents of frames and of their translations are apart."""

    name = "Real ↔ synthetic latent distance"

    def draw(self, series: Series) -> None:
        super().draw(series)
        self.title = "Real ↔ synthetic latent distance"

    def values(self, series: Series) -> FloatArray:
        return series.latent_distance

    def histogram(self, series: Series) -> Histogram | None:
        return series.distances

    def selected_counts(self, highlight: Highlight) -> IntArray:
        return highlight.distances
