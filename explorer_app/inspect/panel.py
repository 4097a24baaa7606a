"""The evaluation of the model on the opened data, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from explorer_app.inspect.actions import FailureActions
from explorer_app.inspect.directions import DirectionMaker
from explorer_app.inspect.evaluation import Evaluation
from explorer_app.inspect.failures import Failures
from explorer_app.inspect.filter_bar import FilterBar
from explorer_app.inspect.first_step import FirstStep, FirstStepView
from explorer_app.inspect.frame_thumbnails import FrameThumbnails
from explorer_app.inspect.model.failure_table import COLUMNS
from explorer_app.inspect.model.stored_results import FITTED, PART_TITLES, READINGS, TURNED
from explorer_app.inspect.table import FailureTableView
from explorer_app.inspect.table_rows import TITLES
from explorer_app.model.wording import model_name, speed
from explorer_app.preferences import Preferences
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets.fields import choice
from explorer_app.widgets.labels import ElidedLabel
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.menus import add_action
from explorer_app.widgets.small import Tag
from lsps_core.evaluation.metrics import WITHIN_MM

_READING_TIP = (
    "Eight turns: read each frame at eight turns and take the mean pose, nearer to the truth in eight times the time.\n"
    "With fitting: fit each pose to the measured depth, slower still. The results of each are kept."
)


class FailuresPanel(QWidget):
    """A view of `Failures` and of the `Evaluation` that fills them."""

    def __init__(
        self,
        session: Session,
        background: Background,
        failures: Failures,
        evaluation: Evaluation,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._failures, self._evaluation = session, failures, evaluation
        self.thumbnails = FrameThumbnails(session, background, self)
        self.table = FailureTableView(failures, self.thumbnails)
        self.filters = FilterBar(failures, preferences)
        self.selection_actions = FailureActions(session, failures, preferences, self)
        self.directions = DirectionMaker(session, background, failures, self)
        self.first_step = FirstStep(session, evaluation, self)
        self.empty = FirstStepView(self.first_step, "Where does it fail?")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        layout = column_layout(self)
        layout.addLayout(self._build_header())
        layout.addWidget(self.filters)
        layout.addWidget(self.stack, 1)
        self.table.customContextMenuRequested.connect(self._show_menu)
        find = QShortcut(QKeySequence.StandardKey.Find, self, self.filters.text.setFocus)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.selection_actions.file_export.progressed.connect(self._show_export)
        self.selection_actions.file_export.changed.connect(self._show)
        for signal in (evaluation.changed, failures.rows_changed, session.model_changed, session.data_changed):
            signal.connect(self._show)
        self._show()

    def _build_header(self) -> QHBoxLayout:
        self.headline = ElidedLabel()
        self.simulated = Tag("simulated data")
        self.progress = QProgressBar()
        self.progress.setFixedWidth(220)
        self.progress.setAccessibleName("Progress")
        self.evaluate = QPushButton("Evaluate")
        self.evaluate.setToolTip("Run the model on all frames of the data that are not evaluated yet (F5)")
        self.evaluate.clicked.connect(self._evaluation.start)
        self.reading = choice({title: title for title in READINGS}, "How frames are read", _READING_TIP)
        self.reading.currentTextChanged.connect(self._evaluation.set_reading)
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("Finished frames are kept; Resume evaluation continues from there")
        self.stop.clicked.connect(self._stop)
        header = row_layout()
        header.addWidget(self.headline, 1)
        for widget in (self.simulated, self.reading, self.progress, self.evaluate, self.stop):
            header.addWidget(widget)
        return header

    def close_down(self) -> None:
        """The window closes."""
        self.selection_actions.file_export.close()
        self._evaluation.close()

    @Slot()
    def _stop(self) -> None:
        if self._evaluation.job is not None:
            self._evaluation.stop()
        elif self.selection_actions.file_export.is_running:
            self.stop.setEnabled(False)
            self.selection_actions.file_export.cancel()

    def fill_menu(self, menu: QMenu, evaluate: Callable[[], object]) -> None:
        """The Inspect menu. evaluate: shows this panel and starts."""
        add_action(menu, "&Evaluate this data", evaluate, "F5")
        add_action(menu, "Evaluate at eight t&urns", partial(self._evaluate_as, TURNED, evaluate))
        add_action(menu, "Evaluate with &fitting", partial(self._evaluate_as, FITTED, evaluate), "Shift+F5")
        add_action(menu, "&Stop evaluating", self._evaluation.stop)
        menu.addSeparator()
        self.selection_actions.fill(menu)
        menu.addAction(self.directions.action)

    def _evaluate_as(self, reading: str, evaluate: Callable[[], object]) -> None:
        self._evaluation.set_reading(reading)
        evaluate()

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        if self._failures.table is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.selection_actions.fill(menu)
        menu.addAction(self.directions.action)
        menu.addSeparator()
        sorting = menu.addMenu("&Sort by")
        for section, column in enumerate(COLUMNS):
            if not self.table.isColumnHidden(section):
                sorting.addAction(TITLES[column][0]).triggered.connect(partial(self._sort, section))
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _sort(self, section: int, _is_checked: bool = False) -> None:
        self.table.sort_by(section)

    @Slot()
    def _show(self) -> None:
        evaluation, table = self._evaluation, self._failures.table
        is_running, is_exporting = evaluation.job is not None, self.selection_actions.file_export.is_running
        self.headline.setText(self._headline())
        self.headline.setToolTip(self._headline_tip())
        self.simulated.setVisible(table is not None and table.results.about.is_simulated)
        with QSignalBlocker(self.reading):
            self.reading.setCurrentText(evaluation.reading)
        self.evaluate.setVisible(table is not None and not is_running and not evaluation.is_complete)
        self.evaluate.setEnabled(not evaluation.obstacle)
        self.evaluate.setText("Resume evaluation" if evaluation.has_some else "Evaluate")
        self.stop.setVisible(is_running or is_exporting)
        self.stop.setEnabled(not evaluation.is_stopping)
        self.progress.setVisible(is_running or is_exporting)
        if is_running:
            self._show_progress()
        self.filters.setVisible(table is not None)
        self.stack.setCurrentWidget(self.table if table is not None else self.empty)

    def _show_progress(self) -> None:
        evaluation = self._evaluation
        self.progress.setRange(0, evaluation.total if evaluation.done or evaluation.frames_per_s else 0)
        self.progress.setValue(evaluation.done)
        rate = f", {speed(evaluation.frames_per_s)}" if evaluation.frames_per_s else ""
        part = PART_TITLES[evaluation.part]
        self.progress.setFormat("Stopping …" if evaluation.is_stopping else f"{part}: %v of %m{rate}")

    @Slot(int, int)
    def _show_export(self, done: int, in_all: int) -> None:
        if self._evaluation.job is None:
            self.progress.setRange(0, in_all)
            self.progress.setValue(done)
            self.progress.setFormat("Writing %v of %m")
            self._show()

    def _headline(self) -> str:
        table, evaluation = self._failures.table, self._evaluation
        if table is None:
            return ""
        about = table.results.about
        parts = []
        mean_mm, worst_mm = table.numbers("mean_mm"), table.numbers("worst_mm")
        if not about.labels_digest:
            parts.append(self._why_unlabelled())
        elif np.isfinite(mean_mm).any():
            within = 100 * np.mean(worst_mm[np.isfinite(worst_mm)] <= WITHIN_MM)
            parts += [f"mean {np.nanmean(mean_mm):.1f} mm", f"{within:.0f} % within {WITHIN_MM:.0f} mm"]
        is_partial = evaluation.part == "poses" and not evaluation.is_complete
        parts += [about.reading.words] if about.reading.words else []
        parts += [f"{evaluation.done} of {evaluation.total} frames" if is_partial else f"{evaluation.total} frames"]
        if evaluation.part == "routes" and not evaluation.is_complete and evaluation.job is None:
            parts.append(f"routes of {evaluation.done}")
        parts += [f"{model_name(Path(about.model))} on {about.data}", about.protocol]
        return "  ·  ".join(parts)

    def _why_unlabelled(self) -> str:
        data = self._session.data
        if data is not None and data.is_annotated:
            return "annotated with another skeleton than the model's, so no errors"
        return "not annotated, so no errors"

    def _headline_tip(self) -> str:
        if self._failures.table is None or self._evaluation.found is None:
            return ""
        return (
            f"{self.headline.text()}\nA frame is within {WITHIN_MM:.0f} mm if its worst joint is."
            f"\nKept in {self._evaluation.found.path}"
        )
