"""How many frames have which distance between their depth latents. Needs pyqtgraph."""

from __future__ import annotations

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.plots.histogram import Counted, HistogramPlot


class DistancePlot(HistogramPlot):
    """How far the depth latents of frames and of their translations are apart."""

    @staticmethod
    def compute(frames: PlotFrames) -> Counted:
        return Counted.of(frames.numbers("latent_distance"))
