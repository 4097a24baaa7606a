"""All plots of the failures in one grid, or one of them large. Needs pyqtgraph, so a thread imports it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from explorer_app.inspect.model.plot_series import Highlight, Series
from explorer_app.inspect.plots.base import Canvas
from explorer_app.inspect.plots.code_map import ScatterWithKey
from explorer_app.inspect.plots.curves import JointPlot, SuccessPlot, TracePlot
from explorer_app.inspect.plots.histograms import DistancePlot, ErrorPlot

_COLUMN_PX = 170


KINDS: tuple[type[Canvas | ScatterWithKey], ...] = (
    SuccessPlot, JointPlot, TracePlot, ErrorPlot, ScatterWithKey, DistancePlot
)  # fmt: skip
"""In the order of the grid."""


class PlotStage(QWidget):
    """Shows the same frames in every plot, and passes on which of them somebody points at.

    cells: one of each of KINDS. Each takes some 30 ms to make, so that whoever makes them lets the window live between.
    """

    selected = Signal(object, str)
    pointed_at = Signal(int)

    def __init__(self, cells: Sequence[Canvas | ScatterWithKey]) -> None:
        super().__init__()
        self._cells = list(cells)
        self.map = next(cell for cell in cells if isinstance(cell, ScatterWithKey))
        self.plots = [cell.plot if isinstance(cell, ScatterWithKey) else cell for cell in cells]
        self._large: str | None = None
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        for plot in self.plots:
            plot.selected.connect(self.selected)
            plot.pointed_at.connect(self.pointed_at)
        self._arrange()

    def by_name(self, name: str) -> Canvas:
        return next(plot for plot in self.plots if plot.name == name)

    def show_series(self, series: Series | None) -> None:
        for plot in self.plots:
            plot.show_series(series)
        self.map.key.update()

    def show_highlight(self, highlight: Highlight) -> None:
        for plot in self.plots:
            plot.show_highlight(highlight)

    def show_current(self, frame: int | None) -> None:
        for plot in self.plots:
            plot.show_current(frame)

    def set_large(self, name: str | None) -> None:
        """One plot alone; None for all."""
        self._large, self._columns = name, 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = 1 if self._large else min(max(self.width() // _COLUMN_PX, 1), 3)
        if columns == self._columns:
            return
        self._columns, place = columns, 0
        rows = 1 if self._large else -(-len(self.plots) // columns)
        for line in range(len(self.plots)):
            self._grid.setColumnStretch(line, int(line < columns))
            self._grid.setRowStretch(line, int(line < rows))
        for plot, cell in zip(self.plots, self._cells, strict=True):
            self._grid.removeWidget(cell)
            is_shown = self._large in (None, plot.name)
            cell.setVisible(is_shown)
            if is_shown:
                self._grid.addWidget(cell, place // columns, place % columns)
                place += 1
