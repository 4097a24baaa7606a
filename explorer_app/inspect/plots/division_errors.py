"""The mean error of each group by subject, object, view and so on, as bars. Needs pyqtgraph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF

from explorer_app.inspect.model.failure_table import DIVIDED
from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.plots.base import NO_PLACES, Canvas, FloatArray, IntArray
from explorer_app.model.wording import grouped
from explorer_app.widgets.plot_colours import PlotColours

_GAP = 1.0
"""Between the bars of two divisions."""


@dataclass(frozen=True, eq=False)
class DivisionErrors:
    """K bars: names and divisions [K], x and mean_mm [K], NaN without a value; places: of the frames of each."""

    names: list[str]
    divisions: list[str]
    x: FloatArray
    mean_mm: FloatArray
    places: list[IntArray]

    def bar_at(self, x: float) -> int | None:
        """The bar at a position, None beside all."""
        if not len(self.x):
            return None
        nearest = int(np.abs(self.x - x).argmin())
        return nearest if abs(self.x[nearest] - x) <= 0.5 else None


class DivisionPlot(Canvas):
    """The mean error of each group of a store that divides its frames; a click selects a group's frames."""

    column = DIVIDED

    @staticmethod
    def compute(frames: PlotFrames) -> DivisionErrors:
        names, divisions, x, places = [], [], [], []
        position = 0.0
        for division, groups in frames.divisions.items():
            known = np.unique(groups)
            if len(known) < 2:
                continue
            for name in known:
                names.append(str(name))
                divisions.append(division)
                x.append(position)
                places.append(np.flatnonzero(groups == name))
                position += 1.0
            position += _GAP
        means = [_mean(frames.measured_mm[part]) for part in places]
        return DivisionErrors(names, divisions, np.array(x), np.array(means), places)

    @staticmethod
    def compute_selection(frames: PlotFrames, figures: DivisionErrors, places: IntArray) -> FloatArray:
        return np.array([_mean(frames.measured_mm[np.intersect1d(part, places)]) for part in figures.places])

    def build(self) -> None:
        self.bars = pg.BarGraphItem(x=[], height=[], width=0.8)
        self.part = pg.BarGraphItem(x=[], height=[], width=0.4)
        self.addItem(self.bars)
        self.addItem(self.part)
        self.names: list[pg.TextItem] = []
        self._ground = self.palette().base().color()

    def draw(self, frames: PlotFrames, figures: DivisionErrors) -> None:
        heights = np.nan_to_num(figures.mean_mm)
        self.bars.setOpts(x=figures.x, height=heights)
        self.part.setOpts(x=[], height=[])
        self._write_names(figures)
        self.title = f"Mean {frames.measure} by group, mm"
        if not figures.names:
            self.title = "Groups: all frames are of one"
        self.set_view((-0.7, float(figures.x.max(initial=0)) + 0.7), (0, max(1.08 * heights.max(initial=0), 1)))

    def _write_names(self, figures: DivisionErrors) -> None:
        """Names of groups stand in their bars, which are too narrow for them; divisions below."""
        for name in self.names:
            self.removeItem(name)
        self.names = [pg.TextItem(name, color=self._ground, anchor=(0, 0.5), angle=90) for name in figures.names]
        for name, x in zip(self.names, figures.x, strict=True):
            name.setPos(float(x), 0.0)
            name.setZValue(10)
            self.addItem(name, ignoreBounds=True)
        members = np.array(figures.divisions)
        ticks = [(float(figures.x[members == each].mean()), each) for each in dict.fromkeys(figures.divisions)]
        self.getAxis("bottom").setTicks([ticks])

    def draw_selection(self, _frames: PlotFrames, figures: DivisionErrors, selected: FloatArray) -> None:
        self.part.setOpts(x=figures.x, height=np.nan_to_num(selected))

    def colour(self, colours: PlotColours) -> None:
        self.bars.setOpts(pen=pg.mkPen(None), brush=colours.plain)
        self.part.setOpts(pen=pg.mkPen(None), brush=colours.selected)
        self._ground = colours.ground
        for name in self.names:
            name.setColor(colours.ground)

    def place_x(self, figures: DivisionErrors, place: int) -> float:
        """Of its bar in the first division."""
        first = next((bar for bar, part in enumerate(figures.places) if place in part), None)
        return float(figures.x[first]) if first is not None else np.nan

    def clicked_places(self, figures: DivisionErrors, at: QPointF) -> IntArray:
        bar = figures.bar_at(at.x())
        return figures.places[bar] if bar is not None else NO_PLACES

    def bars_x(self, figures: DivisionErrors) -> FloatArray:
        return figures.x

    def text_at(self, _frames: PlotFrames, figures: DivisionErrors, at: QPointF) -> str:
        bar = figures.bar_at(at.x())
        if bar is None:
            return ""
        count = grouped(len(figures.places[bar]))
        about = f"{figures.divisions[bar]} {figures.names[bar]}"
        return f"{about}: {figures.mean_mm[bar]:.1f} mm; {count} frames, which a click selects"


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
