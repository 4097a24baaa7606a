"""The docks of the Inspect workspace."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow

from explorer_app.inspect.compare.panel import ComparisonPanel
from explorer_app.inspect.evaluation import Evaluation
from explorer_app.inspect.explain.panel import ExplainPanel
from explorer_app.inspect.failures import Failures
from explorer_app.inspect.frame_tiles import FrameTiles
from explorer_app.inspect.panel import FailuresPanel
from explorer_app.inspect.plots.panel import FailurePlots
from explorer_app.inspect.references import References
from explorer_app.inspect.worst.panel import WorstGallery
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.workspace_names import INSPECT

_TABLE_SHARE = 0.54
"""Of the window's height, for the table at first; the frame and its skeleton have the rest."""
AddDock = Callable[..., QDockWidget]
"""(title, panel, area, *names of workspaces where it is open at first)"""


class InspectDocks(QObject):
    """The table, and to its right, so that both are visible, tabs: plots, worst frames, reasons and comparison."""

    def __init__(
        self,
        window: QMainWindow,
        add_dock: AddDock,
        session: Session,
        background: Background,
        failures: Failures,
        evaluation: Evaluation,
        panel: FailuresPanel,
    ) -> None:
        super().__init__(window)
        self._window = window
        right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        self._table = add_dock("Failures", panel, bottom, INSPECT)
        first_step = panel.first_step
        self.references = References(session, background, self)
        pictures = FrameTiles(session, failures, background, "map pictures")
        self.plots = FailurePlots(failures, self.references, background, pictures, first_step)
        self.worst = WorstGallery(session, failures, background, first_step)
        ask_where = panel.selection_actions.ask_where
        self.worst.sheet_asked.connect(lambda frames: ask_where("sheet", frames=frames))
        self.explain = ExplainPanel(session, failures, self.references, background, first_step)
        self.comparison = ComparisonPanel(session, failures, evaluation, background, first_step)
        panels = {"Plots": self.plots, "Worst": self.worst, "Explain": self.explain, "Compare": self.comparison}
        self._plots, *others = [add_dock(title, panel, right, INSPECT) for title, panel in panels.items()]
        window.addDockWidget(bottom, self._plots, Qt.Orientation.Horizontal)
        for dock in others:
            window.tabifyDockWidget(self._plots, dock)

    @Slot(str)
    def arrange(self, workspace: str) -> None:
        """Give the table and the tabs their first sizes, where this workspace is laid out anew."""
        if workspace == INSPECT:
            self._window.resizeDocks([self._table, self._plots], [560, 400], Qt.Orientation.Horizontal)
            height = round(_TABLE_SHARE * self._window.height())
            self._window.resizeDocks([self._table], [height], Qt.Orientation.Vertical)

    def close_down(self) -> None:
        self.plots.close_down()
        self.comparison.close_down()
