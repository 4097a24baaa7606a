"""The plots of the Inspect workspace. Their names are known at start; a thread imports them, and pyqtgraph, later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer_app.workers.late_import import load

if TYPE_CHECKING:
    from explorer_app.inspect.plots.base import Canvas

PLOTS = {
    "Success curve": "explorer_app.inspect.plots.success_curve:SuccessPlot",
    "Error by joint": "explorer_app.inspect.plots.joint_errors:JointPlot",
    "Error by subject, object and view": "explorer_app.inspect.plots.division_errors:DivisionPlot",
    "Along the sequence": "explorer_app.inspect.plots.error_trace:TracePlot",
    "Histogram of errors": "explorer_app.inspect.plots.error_histogram:ErrorHistogram",
    "Map of codes": "explorer_app.inspect.plots.code_map:CodeMap",
    "Real ↔ synthetic latent distance": "explorer_app.inspect.plots.latent_distance:DistancePlot",
    "Typicality, %": "explorer_app.inspect.plots.typicality:TypicalityPlot",
    "Residual and error": "explorer_app.inspect.plots.residual:ResidualPlot",
}
"""Name of a plot: module and class, a subclass of `Canvas`. In the order of the grid."""


def load_plots() -> dict[str, type[Canvas]]:
    """The classes of all plots by name; imports them and the grid. Not for the GUI thread."""
    _, *classes = load("explorer_app.inspect.plots.grid:PlotGrid", *PLOTS.values())
    return dict(zip(PLOTS, classes, strict=True))
