"""All plots of the failures in one grid, or one of them large. Needs pyqtgraph, so a thread imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.inspect.model.plot_frames import IntArray, PlotFrames
from explorer_app.inspect.plots.base import Canvas
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout, grid_layout
from explorer_app.widgets.small import paint_in_turns

COLUMN_PX = 180
"""Titles of plots fit into it."""


class PlotCell(QWidget):
    """A plot over its legend, if it has one."""

    def __init__(self, plot: Canvas) -> None:
        super().__init__()
        self.plot = plot
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(150, 120)
        layout = column_layout(self, gap=0)
        layout.addWidget(plot, 1)
        legend = plot.legend()
        if legend is not None:
            layout.addWidget(legend)


class PlotGrid(QWidget):
    """Shows the same frames in every plot, and forwards the frames that the user selects.

    plots: slow to create, so create them one at a time, with the event loop in between.
    """

    selected = Signal(object, str)
    pointed_at = Signal(int)

    def __init__(self, plots: Sequence[Canvas]) -> None:
        super().__init__()
        self.plots = list(plots)
        self._cells = [PlotCell(plot) for plot in plots]
        self._large: str | None = None
        self._columns = 0
        self._without: set[str] = {plot.name for plot in plots if plot.column}
        """Names of plots whose column has no values."""
        self._grid = grid_layout(self, gap=theme.UNIT)
        for plot in self.plots:
            plot.selected.connect(self.selected)
            plot.pointed_at.connect(self.pointed_at)
        self._arrange()

    def by_name(self, name: str) -> Canvas:
        return next(plot for plot in self.plots if plot.name == name)

    def show_figures(self, frames: PlotFrames | None, figures: Mapping[str, Any]) -> None:
        """frames: None shows empty plots. figures: what each plot's `compute` returned, by name."""
        for plot in self.plots:
            plot.show_figures(frames, figures.get(plot.name))
        paint_in_turns(self, self._cells)
        if frames is not None:
            named = {plot.name: plot.column for plot in self.plots if plot.column}
            without = {name for name, column in named.items() if not frames.has(column)}
            if without != self._without:
                self._without, self._columns = without, 0
                self._arrange()

    def show_selection(self, places: IntArray, selected: Mapping[str, Any]) -> None:
        """selected: what each plot's `compute_selection` returned, by name."""
        for plot in self.plots:
            plot.show_selection(places, selected[plot.name])

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
        paint_in_turns(self, self._cells)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        paint_in_turns(self, self._cells)

    def _arrange(self) -> None:
        columns = 1 if self._large else min(max(self.width() // COLUMN_PX, 1), 3)
        if columns == self._columns:
            return
        self._columns, place = columns, 0
        shown = [cell.plot.name for cell in self._cells if cell.plot.name not in self._without]
        shown = [self._large] if self._large else shown
        rows = -(-len(shown) // columns)
        for line in range(len(self.plots)):
            self._grid.setColumnStretch(line, int(line < columns))
            self._grid.setRowStretch(line, int(line < rows))
        for cell in self._cells:
            self._grid.removeWidget(cell)
            is_shown = cell.plot.name in shown
            cell.setVisible(is_shown)
            if is_shown:
                self._grid.addWidget(cell, place // columns, place % columns)
                place += 1
