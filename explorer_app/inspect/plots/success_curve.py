"""The success curve of the failures. Needs pyqtgraph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.model.plot_statistics import SuccessCurve, success_curve
from explorer_app.inspect.plots.base import Canvas, FloatArray, IntArray
from explorer_app.widgets.plot_colours import PlotColours
from lsps_core.evaluation.metrics import WITHIN_MM


@dataclass(frozen=True, eq=False)
class Success:
    """worst_mm [n], the error of each frame's worst joint; curve, None if no frame is annotated."""

    worst_mm: FloatArray
    curve: SuccessCurve | None


class SuccessPlot(Canvas):
    """% of frames whose worst joint is within a distance; a click selects those beyond, a drag those between."""

    def build(self) -> None:
        self.curve = self.plot([], [])
        self.part = self.plot([], [])
        self.mark = pg.InfiniteLine(
            WITHIN_MM, label=f"{WITHIN_MM:.0f} mm", labelOpts={"position": 0.1, "anchors": [(0, 0.5), (0, 0.5)]}
        )
        self.addItem(self.mark)

    @staticmethod
    def compute(frames: PlotFrames) -> Success:
        worst = frames.numbers("worst_mm")
        return Success(worst, success_curve(worst))

    @staticmethod
    def compute_selection(_frames: PlotFrames, figures: Success, places: IntArray) -> SuccessCurve | None:
        return success_curve(figures.worst_mm[places])

    def draw(self, _frames: PlotFrames, figures: Success) -> None:
        curve = figures.curve
        self.title = f"{curve.mark_percent:.1f} % within {WITHIN_MM:.0f} mm" if curve else "Success: no annotation"
        self.curve.setData(*((curve.distance_mm, curve.percent) if curve else ([], [])))
        self.part.setData([], [])
        self.set_view((0, 80), (0, 102))

    def draw_selection(self, _frames: PlotFrames, _figures: Success, selected: SuccessCurve | None) -> None:
        self.part.setData(*((selected.distance_mm, selected.percent) if selected else ([], [])))

    def colour(self, colours: PlotColours) -> None:
        self.curve.setPen(pg.mkPen(colours.plain, width=2))
        self.part.setPen(pg.mkPen(colours.selected, width=2))
        self.mark.setPen(pg.mkPen(colours.faint, style=Qt.PenStyle.DotLine))
        self.mark.label.setColor(colours.faint)

    def place_x(self, figures: Success, place: int) -> float:
        return float(figures.worst_mm[place])

    def clicked_places(self, figures: Success, at: QPointF) -> IntArray:
        return np.flatnonzero(figures.worst_mm > at.x())

    def places_between(self, figures: Success, low: float, high: float) -> IntArray:
        worst = figures.worst_mm
        return np.flatnonzero((worst >= low) & (worst <= high))

    def text_at(self, _frames: PlotFrames, figures: Success, at: QPointF) -> str:
        if figures.curve is None:
            return ""
        percent = np.interp(at.x(), figures.curve.distance_mm, figures.curve.percent)
        return f"{percent:.1f} % within {at.x():.0f} mm. A click selects the frames beyond, a drag those between"
