"""The dock of plots: what to show, and the way between the plots and the failures they are views of."""

from __future__ import annotations

import importlib
import importlib.util
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.model import plot_series
from explorer_app.inspect.model.plot_series import Highlight, Series
from explorer_app.inspect.references import References
from explorer_app.session.background import Background
from explorer_app.widgets import theme
from explorer_app.widgets.small import WrappedLabel

if TYPE_CHECKING:
    from types import ModuleType

    from explorer_app.inspect.plots.grid import PlotStage

ALL, MAP = "All plots", "Map of codes"
NAMES = (
    "Success curve", "Error by joint", "Along the sequence", "Histogram of errors", MAP,
    "Real ↔ synthetic latent distance",
)  # fmt: skip
_NOTHING = "Evaluate a model on a store to see its errors here"


class FailurePlots(QWidget):
    """Computes nothing while nobody sees it, and the rest in threads."""

    def __init__(self, failures: Failures, references: References, background: Background) -> None:
        super().__init__()
        self._failures, self._references = failures, references
        self.stage: PlotStage | None = None
        self._is_importing = self._is_stale = False
        self._module: Any = None
        self._cells: list[QWidget] = []
        self._next_turn = QTimer(self, singleShot=True, interval=0)
        self._next_turn.timeout.connect(self._make_next)
        self._reveal = QTimer(self, singleShot=True, interval=0)
        self._series: Series | None = None
        self._importing = background.add_worker("plot import", self._on_imported, self._on_failed)
        self._computing = background.add_worker("plots", self._on_series, self._on_failed)
        self._highlighting = background.add_worker("plot selection", self._on_highlight, self._on_failed)
        self._build()
        failures.table_changed.connect(self._on_table)
        failures.frames_changed.connect(self._compute)
        failures.selection_changed.connect(self._highlight)
        failures.current_changed.connect(self._show_current)
        references.changed.connect(self._compute)
        self._on_table()

    def _build(self) -> None:
        self.choice = QComboBox()
        self.choice.addItems([ALL, *NAMES])
        self.choice.setToolTip("All plots side by side, or one of them large")
        self.choice.setAccessibleName("Plots to show")
        self.choice.currentTextChanged.connect(self._choose)
        self.projection = QComboBox()
        self.projection.addItem("Principal components")
        if importlib.util.find_spec("umap") is not None:
            self.projection.addItem("UMAP")
        self.projection.setToolTip("How the map of codes is laid out")
        self.projection.setAccessibleName("Layout of the map of codes")
        self.projection.setVisible(self.projection.count() > 1)
        self.projection.currentIndexChanged.connect(self._compute)
        self.hint = QLabel("Click or drag selects; Shift adds, Ctrl takes away")
        self.empty = WrappedLabel(_NOTHING, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setMinimumHeight(60)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.pages = QStackedWidget()
        # plots are slow to resize, which a change of workspaces has docks do several times: they come when all stands
        policy = self.pages.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.pages.setSizePolicy(policy)
        self._reveal.timeout.connect(self.pages.show)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self._scroll)
        top = QHBoxLayout()
        for combo in (self.choice, self.projection):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)  # beside a narrow table the window would grow beyond a small screen
            top.addWidget(combo)
        top.addWidget(self.hint, 1)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint.setToolTip(self.hint.text())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)

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
        self._show_nothing(_NOTHING)

    def _show_nothing(self, why: str) -> None:
        """Nor will a highlight that is still being computed find anything to be drawn over."""
        self._series = None
        if self.stage is not None:
            self.stage.show_series(None)
        self.empty.setText(why)
        self.pages.setCurrentWidget(self.empty)

    @Slot()
    def _compute(self) -> None:
        table = self._failures.table
        if table is None:
            return
        self._is_stale = True
        if not self.isVisible():
            return
        if self.stage is None:
            self.empty.setText("Drawing …")
            if not self._is_importing:
                self._is_importing = True
                self._importing.ask(None, _import_stage)
            return
        self._is_stale = False
        is_umap = self.projection.currentText() == "UMAP"
        project = plot_series.umap_points if is_umap else plot_series.principal_points
        codes = self._references.codes
        self._computing.ask(table.results, partial(plot_series.series, table, codes, project))

    @Slot(object, object)
    def _on_imported(self, _stamp: None, module: ModuleType) -> None:
        self._module = module
        self._make_next()

    @Slot()
    def _make_next(self) -> None:
        """One plot a turn: all in one go would hold the window."""
        if len(self._cells) < len(self._module.KINDS):
            self._cells.append(self._module.KINDS[len(self._cells)]())
            self._next_turn.start()
            return
        self.stage = self._module.PlotStage(self._cells)
        self.stage.selected.connect(self._failures.select)
        self.stage.pointed_at.connect(self._failures.show_frame)
        self._scroll.setWidget(self.stage)
        self._choose(self.choice.currentText())
        self._compute()

    @Slot(object, object)
    def _on_series(self, results: object, series: Series) -> None:
        table = self._failures.table
        if table is None or table.results is not results or self.stage is None:
            return
        if not len(series.frames):
            self._show_nothing("No frame to draw: none is evaluated yet, or the filters let none through")
            return
        self._series = series
        self.stage.show_series(series)
        self.pages.setCurrentWidget(self._scroll)
        self._highlight()
        self._show_current()

    @Slot()
    def _highlight(self) -> None:
        table, series = self._failures.table, self._series
        if table is not None and series is not None:
            self._highlighting.ask(series, partial(plot_series.highlight, series, table))

    @Slot(object, object)
    def _on_highlight(self, series: Series, highlight: Highlight) -> None:
        if series is self._series and self.stage is not None:
            self.stage.show_highlight(highlight)

    @Slot()
    def _show_current(self) -> None:
        if self.stage is not None:
            self.stage.show_current(self._failures.current)

    @Slot(str)
    def _choose(self, name: str) -> None:
        if self.stage is not None:
            self.stage.set_large(None if name == ALL else name)
        if name == MAP:
            self._references.want()  # whose codes are on it as well; encoding them takes seconds

    @Slot(object, str)
    def _on_failed(self, _stamp: object, line: str) -> None:
        self._is_importing = False
        self.empty.setText(f"The plots cannot be drawn: {line}")
        self.pages.setCurrentWidget(self.empty)


def _import_stage() -> ModuleType:
    return importlib.import_module("explorer_app.inspect.plots.grid")
