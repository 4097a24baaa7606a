"""The dock of plots: their options, and the connections between plots and failures."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.first_step import FirstStep, FirstStepView
from explorer_app.inspect.frame_tiles import FrameTiles
from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.inspect.model.plot_frames import (
    Codes,
    IntArray,
    PlotFrames,
    Projection,
    principal_points,
    umap_points,
)
from explorer_app.inspect.plots.hover import HoverPictures
from explorer_app.inspect.plots.registry import PLOTS, load_plots
from explorer_app.inspect.references import References
from explorer_app.model.wording import grouped
from explorer_app.session.background import Background
from explorer_app.widgets.empty_state import EmptyState
from explorer_app.widgets.fields import choice
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.turns import Turns

if TYPE_CHECKING:
    from explorer_app.inspect.plots.base import Canvas
    from explorer_app.inspect.plots.grid import PlotGrid

ALL = "All plots"
_HINT = "Click or drag selects; Shift adds, Ctrl removes"


class FailurePlots(QWidget):
    """Computes only while it is visible, and in threads."""

    def __init__(
        self,
        failures: Failures,
        references: References,
        background: Background,
        pictures: FrameTiles,
        first_step: FirstStep,
    ) -> None:
        super().__init__()
        self._failures, self._references, self._pictures = failures, references, HoverPictures(pictures, self)
        self.grid: PlotGrid | None = None
        self._is_importing = self._is_stale = False
        self._classes: dict[str, type[Canvas]] = {}
        self._plots: list[Canvas] = []
        self._turns = Turns(self)
        self._reveal = QTimer(self, singleShot=True, interval=0)
        self._frames: PlotFrames | None = None
        self._figures: Mapping[str, Any] = {}
        self._importing = background.add_worker("plot import", self._on_imported, self._on_failed)
        self._computing = background.add_worker("plots", self._on_figures, self._on_failed)
        self._selecting = background.add_worker("plot selection", self._on_selection, self._on_failed)
        self.first_step = FirstStepView(first_step, "Errors in plots")
        self._build()
        failures.table_changed.connect(self._on_table)
        failures.frames_changed.connect(self._compute)
        failures.selection_changed.connect(self._select)
        failures.current_changed.connect(self._show_current)
        references.changed.connect(self._compute)
        self._on_table()

    def _build(self) -> None:
        # combo boxes of 8 characters: beside a narrow table wider ones would not fit a small screen
        names = {name: name for name in (ALL, *PLOTS)}
        self.choice = choice(names, "Plots to show", "All plots side by side, or one of them large", 8)
        self.choice.currentTextChanged.connect(self._choose)
        layouts = ["Principal components", *(["UMAP"] if importlib.util.find_spec("umap") is not None else [])]
        what = "How the map of codes is laid out"
        self.projection = choice({name: name for name in layouts}, "Layout of the map of codes", what, 8)
        self.projection.setVisible(self.projection.count() > 1)
        self.projection.currentIndexChanged.connect(self._compute)
        self.hint = QLabel(_HINT)
        self.empty = EmptyState("Drawing …")
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.pages = QStackedWidget()
        # plots are slow to resize, and a change of workspace resizes docks several times: show them after that
        policy = self.pages.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.pages.setSizePolicy(policy)
        self._reveal.timeout.connect(self.pages.show)
        self.pages.addWidget(self.first_step)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self._scroll)
        top = row_layout()
        for combo in (self.choice, self.projection):
            top.addWidget(combo)
        top.addWidget(self.hint, 1)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint.setToolTip(self.hint.text())
        layout = column_layout(self)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)

    def close_down(self) -> None:
        """The window closes; plots that are still to be made are not needed."""
        self._turns.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._reveal.start()
        self._compute()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._reveal.stop()
        self.pages.hide()

    @Slot()
    def _on_table(self) -> None:
        self._forget()
        self.pages.setCurrentWidget(self.first_step if self._failures.table is None else self.empty)

    def _forget(self) -> None:
        """Drop a selection that is still being computed."""
        self._frames, self._figures = None, {}
        if self.grid is not None:
            self.grid.show_figures(None, {})

    @Slot()
    def _compute(self) -> None:
        table = self._failures.table
        if table is None:
            return
        self._is_stale = True
        if not self.isVisible():
            return
        if self.grid is None:
            self.empty.show_state("Drawing …")
            if not self._is_importing:
                self._is_importing = True
                self._importing.ask(None, load_plots)
            return
        self._is_stale = False
        project = umap_points if self.projection.currentText() == "UMAP" else principal_points
        ask = partial(_figures, self._classes, table, self._references.codes, project)
        self._computing.ask(table.results, ask)

    @Slot(object, object)
    def _on_imported(self, _stamp: None, classes: dict[str, type[Canvas]]) -> None:
        self._classes = classes
        steps = [step for name in classes for step in (partial(self._make_plot, name), self._furnish_plot)]
        self._turns.start([*steps, self._make_grid])

    def _make_plot(self, name: str) -> None:
        self._plots.append(self._classes[name](name))

    def _furnish_plot(self) -> None:
        self._plots[-1].furnish()
        self._plots[-1].use_pictures(self._pictures)

    def _make_grid(self) -> None:
        from explorer_app.inspect.plots.grid import PlotGrid

        self.grid = PlotGrid(self._plots)
        self.grid.selected.connect(self._failures.select)
        self.grid.pointed_at.connect(self._failures.show_frame)
        self._scroll.setWidget(self.grid)
        self._choose(self.choice.currentText())
        self._compute()

    @Slot(object, object)
    def _on_figures(self, results: object, computed: tuple[PlotFrames, Mapping[str, Any]]) -> None:
        table = self._failures.table
        if table is None or table.results is not results or self.grid is None:
            return
        frames, figures = computed
        if not len(frames):
            self._forget()
            self.empty.show_state("No frames to draw", "None is evaluated yet, or all are filtered out.")
            self.pages.setCurrentWidget(self.empty)
            return
        self._frames, self._figures = frames, figures
        self.grid.show_figures(frames, figures)
        self.pages.setCurrentWidget(self._scroll)
        self._select()
        self._show_current()

    @Slot()
    def _select(self) -> None:
        count = len(self._failures.selection)
        self.hint.setText(f"{grouped(count)} selected  ·  {_HINT}" if count else _HINT)
        if self._frames is not None:
            self._selecting.ask(self._frames, partial(_selection, self._classes, self._frames, self._figures))

    @Slot(object, object)
    def _on_selection(self, frames: PlotFrames, computed: tuple[IntArray, Mapping[str, Any]]) -> None:
        if frames is self._frames and self.grid is not None:
            self.grid.show_selection(*computed)

    @Slot()
    def _show_current(self) -> None:
        if self.grid is not None:
            self.grid.show_current(self._failures.current)

    @Slot(str)
    def _choose(self, name: str) -> None:
        if self.grid is None:
            return
        self.grid.set_large(None if name == ALL else name)
        if name != ALL and self._classes[name].wants_references:
            self._references.want()

    @Slot(object, str)
    def _on_failed(self, _stamp: object, line: str) -> None:
        self._is_importing = False
        self.empty.show_state("The plots cannot be drawn", line)
        self.pages.setCurrentWidget(self.empty)


def _figures(
    classes: Mapping[str, type[Canvas]], table: FailureTable, references: Codes, project: Projection
) -> tuple[PlotFrames, Mapping[str, Any]]:
    """The frames in the table and the figures of each plot: some tenths of a second for 250 000."""
    frames = PlotFrames(table, references, project)
    return frames, {name: plot.compute(frames) for name, plot in classes.items()} if len(frames) else {}


def _selection(
    classes: Mapping[str, type[Canvas]], frames: PlotFrames, figures: Mapping[str, Any]
) -> tuple[IntArray, Mapping[str, Any]]:
    """The places of the selected frames and their figures for each plot."""
    places = frames.selected_places()
    return places, {name: plot.compute_selection(frames, figures[name], places) for name, plot in classes.items()}
