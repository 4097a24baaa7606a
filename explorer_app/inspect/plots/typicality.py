"""The histogram of the frames' typicality. Needs pyqtgraph."""

from __future__ import annotations

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.plots.histogram_base import Counted, HistogramPlot


class TypicalityPlot(HistogramPlot):
    """How usual the poses are: flat where they are like the training poses, high at 0 % where training had none."""

    column = "typicality"
    unit = " %"

    @staticmethod
    def compute(frames: PlotFrames) -> Counted:
        return Counted.of(100 * frames.numbers("typicality"))
