"""The histogram of distances between depth latents. Needs pyqtgraph."""

from __future__ import annotations

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.plots.histogram_base import Counted, HistogramPlot


class DistancePlot(HistogramPlot):
    """The histogram of distances between the depth latents of frames and of their translations."""

    @staticmethod
    def compute(frames: PlotFrames) -> Counted:
        return Counted.of(frames.numbers("latent_distance"))

    def draw(self, frames: PlotFrames, figures: Counted) -> None:
        super().draw(frames, figures)
        self.title = "Distance real ↔ synthetic"  # the name does not fit a plot of the grid
