"""The dock that compares the open model's errors with those of another model, or of published predictions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSplitter, QStackedLayout, QWidget

from explorer_app.error_words import line_of
from explorer_app.inspect.compare.table import ComparisonTable
from explorer_app.inspect.curve_picture import Curve, CurvePicture
from explorer_app.inspect.evaluation import Evaluation, is_bundled
from explorer_app.inspect.failures import Failures
from explorer_app.inspect.first_step import FirstStep, FirstStepView
from explorer_app.inspect.model import comparison, stored_results
from explorer_app.inspect.model.comparison import Comparison
from explorer_app.inspect.model.plot_statistics import SuccessCurve
from explorer_app.inspect.model.stored_results import PART_TITLES
from explorer_app.model.wording import grouped, speed
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.empty_state import EmptyState
from explorer_app.widgets.fields import choice
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.small import WrappedLabel
from explorer_app.workers.job import Fate, Job
from explorer_app.workers.job_runner import JobRunner
from lsps_core.evaluation.metrics import WITHIN_MM
from lsps_core.events import Event, JobEnded, Progress

if TYPE_CHECKING:
    from explorer_app.inspect.model.stored_results import Found

_READY = "Another model (.safetensors), its results (.npz), or a file of u v d predictions (.txt) on the same frames."
_FILES = "Models, results and predictions (*.safetensors *.npz *.txt);;All files (*)"


class ComparisonPanel(QWidget):
    """Other models and predictions beside the open model: the curves of all, and the frames that differ most from one.

    Another model is evaluated by its own process, which ends with the window and can be resumed. rivals: by path.
    """

    def __init__(
        self,
        session: Session,
        failures: Failures,
        evaluation: Evaluation,
        background: Background,
        first_step: FirstStep,
    ) -> None:
        super().__init__()
        self._session, self._failures, self._evaluation = session, failures, evaluation
        self._worker = background.add_worker("compare", self._on_answer, self._on_failed)
        self._path: Path | None = None
        self._runner = JobRunner(self)
        self._runner.event_read.connect(self._on_event)
        self._runner.ended.connect(self._on_ended)
        self.rivals: dict[Path, Comparison] = {}
        self.first_step = FirstStepView(first_step, "Compare with another model")
        self._build()
        failures.table_changed.connect(self._on_table)
        self._on_table()

    def _build(self) -> None:
        self.open = QPushButton("Compare &with…")
        self.open.setToolTip(_READY)
        self.open.clicked.connect(self._choose)
        self.rival = choice({}, "Compared with", "Whose largest differences the table shows", 10)
        self.rival.currentIndexChanged.connect(self._show_rival)
        self.remove = QPushButton("&Remove")
        self.remove.setToolTip("Take this one out of the comparison; its results are kept")
        self.remove.clicked.connect(self._remove)
        self.stop = QPushButton("S&top")
        self.stop.setToolTip("Stop evaluating the other model; the same comparison resumes from here")
        self.stop.clicked.connect(self._runner.stop)
        self.line = WrappedLabel()
        self.line.setAccessibleName("Comparison")
        self.curves = CurvePicture("worst joint, mm", "%", "Success curves")
        self.curves.mark, self.curves.top = WITHIN_MM, 100.0
        self.table = ComparisonTable(self._failures)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.curves)
        split.addWidget(self.table)
        split.setHandleWidth(theme.GAP)
        split.setChildrenCollapsible(False)
        self.split = split
        top = row_layout()
        for widget in (self.open, self.stop, self.rival, self.remove):
            top.addWidget(widget)
        top.addWidget(self.line, 1)
        self.empty = EmptyState("Compare with another model", _READY, "Compare with …")
        self.empty.clicked.connect(self._choose)
        self.whole = QWidget()
        layout = column_layout(self.whole)
        layout.addLayout(top)
        layout.addWidget(split, 1)
        self.pages = QStackedLayout(self)
        for page in (self.first_step, self.empty, self.whole):
            self.pages.addWidget(page)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() > 1.3 * self.height()
        self.split.setOrientation(Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical)

    def close_down(self) -> None:
        """The window closes; evaluated frames are kept."""
        self._runner.close_down()

    @property
    def job(self) -> Job | None:
        """The process that evaluates the other model."""
        return self._runner.job

    @Slot()
    def _on_table(self) -> None:
        """Other frames or another model: drop the comparison."""
        self._runner.drop()
        self._path = None
        self.rivals = {}
        self._show_all()

    @property
    def comparison(self) -> Comparison | None:
        """With the rival that is chosen."""
        return self.rivals.get(self.rival.currentData())

    def _show_all(self, chosen: Path | None = None) -> None:
        """The rivals have changed."""
        wanted = chosen or self.rival.currentData()
        with QSignalBlocker(self.rival):
            self.rival.clear()
            for path, comparison in self.rivals.items():
                self.rival.addItem(comparison.other_name, path)
            self.rival.setCurrentIndex(max(self.rival.findData(wanted), 0) if self.rivals else -1)
        self._show_rival()

    @Slot()
    def _remove(self) -> None:
        self.rivals.pop(self.rival.currentData(), None)
        self._path = next(reversed(self.rivals), None)
        self._show_all()

    @Slot()
    def _show_rival(self) -> None:
        comparison = self.comparison
        has_table = self._failures.table is not None
        for widget in (self.rival, self.remove):
            widget.setVisible(bool(self.rivals))
        self.line.setText(_line(comparison) if comparison is not None else "")
        is_empty = comparison is None and self._path is None
        self.pages.setCurrentWidget(self.first_step if not has_table else self.empty if is_empty else self.whole)
        self.open.setEnabled(has_table and self.job is None)
        self.stop.setVisible(self.job is not None)
        self.table.show_comparison(comparison)
        self.split.setVisible(comparison is not None)
        if comparison is not None:
            curves = [(comparison.own_name, comparison.own)]
            curves += [(each.other_name, each.other) for each in self.rivals.values()]
            self.curves.show_curves([_curve(name, curve, place) for place, (name, curve) in enumerate(curves)])

    @Slot()
    def _choose(self) -> None:
        ask_for_paths(self, "Compare with", "", "file", self._take, filters=[_FILES])

    @Slot(list)
    def _take(self, names: list[str]) -> None:
        self.compare_with(Path(names[0]))

    def compare_with(self, path: Path) -> None:
        """A model, a file of results or one of predictions."""
        table, data, model = self._failures.table, self._session.data, self._session.model
        if table is None or data is None or model is None or self.job is not None:
            return
        self._path, store = path, data.origin[0]
        if path.suffix == ".safetensors":
            place = self._evaluation.other_folder(), model.device, is_bundled(path)
            work: Callable[[], Any] = partial(comparison.look_for, table, path, store, *place)
        elif path.suffix == ".npz":
            work = partial(comparison.with_results, table, path)
        else:
            work = partial(comparison.with_predictions, table, path, store, model)
        self.line.setText(f"Reading {path.name} …")
        self.pages.setCurrentWidget(self.whole)
        self._worker.ask((path, table.results), work)

    @property
    def _name(self) -> str:
        return self._path.name if self._path is not None else ""

    def _is_wanted(self, stamp: tuple[Path, object]) -> bool:
        table = self._failures.table
        return table is not None and table.results is stamp[1] and stamp[0] == self._path

    @Slot(object, object)
    def _on_answer(self, stamp: tuple[Path, object], answer: Comparison | Found) -> None:
        if not self._is_wanted(stamp):
            return
        if isinstance(answer, Comparison):
            self.rivals[stamp[0]] = answer
            self._show_all(stamp[0])
        else:
            self._evaluate(stamp[0], answer)

    @Slot(object, str)
    def _on_failed(self, stamp: tuple[Path, object], line: str) -> None:
        if self._is_wanted(stamp):
            self._show_rival()
            self.line.setText(line)

    def _evaluate(self, path: Path, found: Found) -> None:
        model, data = self._session.model, self._session.data
        if model is None or data is None:
            return
        options = ["--device", model.device, *stored_results.options(found)]
        self._runner.start(["failures", str(path), str(data.origin[0]), *options])
        self._show_rival()
        self.line.setText(f"Evaluating {path.name} …")

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            rate = f", {speed(event.frames_per_s)}" if event.frames_per_s else ""
            part = PART_TITLES[event.part or "poses"]
            self.line.setText(f"Evaluating {self._name}: {part.lower()} of {event.done} of {event.total} frames{rate}")
        elif isinstance(event, JobEnded) and event.reason == "finished":
            table = self._failures.table
            if table is not None:
                work = partial(comparison.with_results, table, Path(event.path))
                self._worker.ask((self._path, table.results), work)

    @Slot(object)
    def _on_ended(self, fate: Fate) -> None:
        self._show_rival()
        if fate.error is not None:
            self.line.setText(line_of(fate.error))
        elif fate.how == "stopped":
            self.line.setText(f"Stopped; compare with {self._name} again to resume")


def _curve(name: str, curve: SuccessCurve, place: int) -> Curve:
    return Curve(f"{name} {curve.mark_percent:.1f} %", curve.distance_mm, curve.percent, place)


def _line(comparison: Comparison) -> str:
    own, other = comparison.own_mean_mm, comparison.other_mean_mm
    frames = f"{grouped(comparison.frame_count)} frames"
    return (
        f"{comparison.own_name} {own:.1f} mm, {comparison.other_name} {other:.1f} mm, the mean of {frames}; "
        f"the table has the largest differences"
    )
