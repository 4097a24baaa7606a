"""The docks in which failures are looked at beside their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from explorer_app.references import References
from explorer_app.views.compare_panel import ComparePanel
from explorer_app.views.explain_panel import ExplainPanel
from explorer_app.views.failure_plots import FailurePlots
from explorer_app.views.worst_gallery import WorstGallery
from explorer_app.workspaces import INSPECT

if TYPE_CHECKING:
    from explorer_app.docks import Docks
    from explorer_app.main_window import MainWindow


class InspectDocks(QObject):
    """Plots, the worst, reasons and comparisons: tabs to the right of the table, so that both are in view."""

    def __init__(self, window: MainWindow, docks: Docks) -> None:
        super().__init__(window)
        session, failures, background = window.session, window.failures, window.background
        self.references = References(session, background, self)
        self.plots = FailurePlots(failures, self.references, background)
        self.worst = WorstGallery(session, failures, background)
        self.explain = ExplainPanel(session, failures, self.references, background)
        self.compare = ComparePanel(session, failures, window.evaluation, background)
        right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        panels = {"Plots": self.plots, "Worst": self.worst, "Explain": self.explain, "Compare": self.compare}
        first, *others = [docks.add(title, panel, right, INSPECT) for title, panel in panels.items()]
        window.addDockWidget(bottom, first, Qt.Orientation.Horizontal)
        for dock in others:
            window.tabifyDockWidget(first, dock)

    def close_down(self) -> None:
        self.compare.close_down()
