"""Histograms of the failures, whose bars can be pointed at. Needs pyqtgraph."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF

from explorer_app.inspect.model.plot_statistics import Histogram
from explorer_app.inspect.plots.base import Canvas, Colours, FloatArray, IntArray

_NO_PLACES: IntArray = np.zeros(0, dtype=np.int64)


class _HistogramPlot(Canvas):
    """Bars to click; a drag selects those between."""

    unit = ""

    def build(self) -> None:
        self.bars = pg.BarGraphItem(x0=[], x1=[], height=[])
        self.part = pg.BarGraphItem(x0=[], x1=[], height=[])
        self.addItem(self.bars)
        self.addItem(self.part)

    def values(self) -> FloatArray:
        raise NotImplementedError

    def histogram(self) -> Histogram | None:
        raise NotImplementedError

    def selected_counts(self) -> IntArray:
        raise NotImplementedError

    def draw(self) -> None:
        bars = self.histogram()
        self.part.setOpts(x0=[], x1=[], height=[])
        if bars is None:
            self.bars.setOpts(x0=[], x1=[], height=[])
            return
        self.bars.setOpts(x0=bars.edges[:-1], x1=bars.edges[1:], height=bars.counts)
        self.set_view((bars.edges[0], bars.edges[-1]), (0, 1.08 * max(int(bars.counts.max()), 1)))

    def draw_highlight(self) -> None:
        bars = self.histogram()
        if bars is not None:
            self.part.setOpts(x0=bars.edges[:-1], x1=bars.edges[1:], height=self.selected_counts())

    def colour(self, colours: Colours) -> None:
        self.bars.setOpts(pen=pg.mkPen(colours.ground, width=0.5), brush=colours.plain)
        self.part.setOpts(pen=pg.mkPen(None), brush=colours.selected)

    def place_x(self, place: int) -> float:
        return float(self.values()[place])

    def _bar_at(self, x: float) -> int:
        return int(np.searchsorted(self.histogram().edges, x, side="right")) - 1

    def clicked_places(self, at: QPointF) -> IntArray:
        bars = self.histogram()
        bar = self._bar_at(at.x()) if bars is not None else -1
        return bars.frames_in(self.values(), bar) if bars is not None and 0 <= bar < len(bars.counts) else _NO_PLACES

    def places_between(self, low: float, high: float) -> IntArray:
        bars = self.histogram()
        if bars is None:
            return _NO_PLACES
        last = len(bars.counts) - 1
        return bars.frames_in(self.values(), *(min(max(self._bar_at(x), 0), last) for x in (low, high)))

    def bars_x(self) -> FloatArray:
        bars = self.histogram()
        return (bars.edges[:-1] + bars.edges[1:]) / 2 if bars is not None else np.zeros(0)

    def text_at(self, at: QPointF) -> str:
        bars = self.histogram()
        bar = self._bar_at(at.x()) if bars is not None else -1
        if bars is None or not 0 <= bar < len(bars.counts):
            return ""
        low, high = bars.edges[bar : bar + 2]
        return f"{bars.counts[bar]:,} frames from {low:.3g} to {high:.3g}{self.unit}; a click selects them"


class ErrorPlot(_HistogramPlot):
    """How many frames have which mean error, or disagreement."""

    name = "Histogram of errors"
    unit = " mm"

    def draw(self) -> None:
        super().draw()
        self.title = f"Frames by {self.series.measure}, mm"

    def values(self) -> FloatArray:
        return self.series.measured_mm

    def histogram(self) -> Histogram | None:
        return self.series.errors

    def selected_counts(self) -> IntArray:
        return self.highlight.errors


class DistancePlot(_HistogramPlot):
    """How far the depth latents of frames and of their translations are apart."""

    name = "Real ↔ synthetic latent distance"

    def draw(self) -> None:
        super().draw()
        self.title = "Real ↔ synthetic latent distance"

    def values(self) -> FloatArray:
        return self.series.latent_distance

    def histogram(self) -> Histogram | None:
        return self.series.distances

    def selected_counts(self) -> IntArray:
        return self.highlight.distances
