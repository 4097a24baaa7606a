"""The histogram of errors. Needs pyqtgraph."""

from __future__ import annotations

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.plots.histogram_base import Counted, HistogramPlot


class ErrorHistogram(HistogramPlot):
    """The histogram of mean errors, or of disagreement."""

    unit = " mm"

    @staticmethod
    def compute(frames: PlotFrames) -> Counted:
        return Counted.of(frames.measured_mm)

    def draw(self, frames: PlotFrames, figures: Counted) -> None:
        super().draw(frames, figures)
        self.title = f"Frames by {frames.measure}, mm"
