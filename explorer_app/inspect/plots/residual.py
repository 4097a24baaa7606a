"""The residual of fits against the error. Needs pyqtgraph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.model.plot_statistics import nearest, rank_correlation
from explorer_app.inspect.plots.base import NO_PLACES, Canvas, Dots, FloatArray, IntArray
from explorer_app.widgets.plot_colours import PlotColours

MOST_DRAWN = 5_000


@dataclass(frozen=True, eq=False)
class Residuals:
    """residual_mm [n]; points [m, 2] of the frames at the places drawn [m]: residual and error, or disagreement.

    correlation: Spearman's, of all n; None where fewer than three frames have both.
    """

    residual_mm: FloatArray
    drawn: IntArray
    points: FloatArray
    correlation: float | None


class ResidualPlot(Canvas):
    """The residual against the error; a click shows the nearest frame, a drag selects those between."""

    column = "residual_mm"

    def build(self) -> None:
        self.dots = Dots(size=5, pen=pg.mkPen(None), pxMode=True)
        self.part = Dots(size=7, pen=pg.mkPen(None), pxMode=True)
        self.addItem(self.dots)
        self.addItem(self.part)

    @staticmethod
    def compute(frames: PlotFrames) -> Residuals:
        residual_mm, measured_mm = frames.numbers("residual_mm"), frames.measured_mm
        known = np.flatnonzero(np.isfinite(residual_mm) & np.isfinite(measured_mm))
        drawn = known[np.linspace(0, len(known) - 1, min(len(known), MOST_DRAWN)).astype(np.int64)]
        points = np.stack([residual_mm[drawn], measured_mm[drawn]], axis=1)
        return Residuals(residual_mm, drawn, points, rank_correlation(residual_mm[known], measured_mm[known]))

    @staticmethod
    def compute_selection(_frames: PlotFrames, figures: Residuals, places: IntArray) -> FloatArray:
        return figures.points[np.isin(figures.drawn, places)]

    def draw(self, frames: PlotFrames, figures: Residuals) -> None:
        self.part.setData(pos=np.zeros((0, 2)))
        self.dots.setData(pos=figures.points)
        self.title = f"{frames.measure.capitalize()} by residual, mm"
        if figures.correlation is not None:
            self.title += f": Spearman {figures.correlation:.2f}".replace("-", "−")
        if len(figures.points):
            across, up = 1.05 * figures.points.max(axis=0)
            self.set_view((0, max(float(across), 1)), (0, max(float(up), 1)))

    def draw_selection(self, _frames: PlotFrames, _figures: Residuals, selected: FloatArray) -> None:
        self.part.setData(pos=selected)

    def colour(self, colours: PlotColours) -> None:
        self.dots.setBrush(colours.plain)
        self.part.setBrush(colours.selected)

    def place_x(self, figures: Residuals, place: int) -> float:
        return float(figures.residual_mm[place])

    def clicked_places(self, figures: Residuals, at: QPointF) -> IntArray:
        found = nearest(figures.points, (at.x(), at.y()), self.box.viewPixelSize()) if len(figures.points) else None
        return figures.drawn[found : found + 1] if found is not None else NO_PLACES

    def places_between(self, figures: Residuals, low: float, high: float) -> IntArray:
        return np.flatnonzero((figures.residual_mm >= low) & (figures.residual_mm <= high))

    def text_at(self, frames: PlotFrames, figures: Residuals, at: QPointF) -> str:
        places = self.clicked_places(figures, at)
        if not len(places):
            return "A drag selects the frames whose residual is between"
        place = places[0]
        what = f"residual {figures.residual_mm[place]:.1f} mm, {frames.measure} {frames.measured_mm[place]:.1f} mm"
        return f"frame {frames.frames[place] + 1}: {what}; a click shows it"
