"""A job in a separate process: its progress, speed and skipped files, a stop button, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QProgressBar, QPushButton, QWidget

from explorer_app.error_words import line_of
from explorer_app.model.wording import duration, grouped, speed
from explorer_app.widgets.layouts import grid_layout
from explorer_app.widgets.noted_field import NoteLabel
from explorer_app.widgets.small import WrappedLabel
from explorer_app.workers.job import Fate
from explorer_app.workers.job_runner import JobRunner
from lsps_core.events import Event, JobEnded, JobStarted, PartStarted, Progress, Skipped

_SHOWN_LINES = 1000


class JobBar(QWidget):
    """`lsps … --events`, see lsps_core/commands/progress.py. when_stopped: what is kept after a stop, in a line."""

    started = Signal()
    ended = Signal()
    """however it ended"""
    finished = Signal(object)
    """path of what it wrote"""
    open_asked = Signal(object)
    """path of what it wrote"""
    part_started = Signal(object)
    """a `PartStarted`, of a job of several parts"""

    def __init__(self, when_stopped: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._when_stopped = when_stopped
        self.runner = JobRunner(self)
        self.runner.event_read.connect(self._take)
        self.runner.ended.connect(self._end)
        self.path: Path | None = None
        self._result: JobEnded | None = None
        self._skipped: tuple[str, ...] = ()
        self._part = ""
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress")
        self.progress.setFormat("%p %")
        self.stop_button = QPushButton("&Stop")
        self.stop_button.setToolTip("End the job; " + when_stopped)
        self.stop_button.clicked.connect(self.stop)
        self.open_button = QPushButton("Open &it")
        self.open_button.setToolTip("Show the new store in the explorer")
        self.open_button.clicked.connect(self._open)
        self.details_button = QPushButton("&Details")
        self.details_button.setCheckable(True)
        self.details_button.setToolTip("Skipped files, and the last output lines of the job")
        self.line, self.problem = WrappedLabel(), NoteLabel()
        self.details = QPlainTextEdit(readOnly=True)
        self.details.setAccessibleName("Details of the job")
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setMinimumHeight(110)
        self.details_button.toggled.connect(self.details.setVisible)
        self._build()

    def _build(self) -> None:
        grid = grid_layout(self)
        grid.addWidget(self.progress, 0, 0)
        for column, button in enumerate((self.stop_button, self.open_button, self.details_button), start=1):
            grid.addWidget(button, 0, column)
            button.hide()
        grid.addWidget(self.line, 1, 0, 1, 4)
        grid.addWidget(self.problem, 2, 0, 1, 4)
        grid.addWidget(self.details, 3, 0, 1, 4)
        grid.setColumnStretch(0, 1)
        for widget in (self.progress, self.line, self.details):
            widget.hide()

    @property
    def is_running(self) -> bool:
        return self.runner.is_running

    @property
    def written_path(self) -> Path | None:
        """The last written path; None before."""
        is_written = self._result is not None and self._result.reason == "finished" and not self.is_running
        return self.path if is_written else None

    @property
    def summary(self) -> str:
        """For a menu: the output and the progress."""
        name = self.path.name if self.path is not None else ""
        percent = 100 * self.progress.value() // max(self.progress.maximum(), 1)
        return f"{name}, {percent} %"

    def start(self, arguments: Sequence[str], path: Path) -> None:
        """Start; one at a time. path: of the output."""
        if self.is_running:
            return
        self.path, self._result, self._skipped, self._part = path, None, (), ""
        self.details.clear()
        self.details_button.setChecked(False)
        self.problem.show_fact("")
        self.progress.setRange(0, 0)
        self.line.setText("Starting …")
        self.runner.start(arguments)
        self._show()
        self.started.emit()

    @Slot()
    def stop(self) -> None:
        if self.is_running:
            self.stop_button.setEnabled(False)
            self.line.setText("Stopping …")
            self.runner.stop()

    def close_down(self) -> None:
        """End it with the window."""
        self.runner.close_down()

    @Slot(object)
    def _take(self, event: Event) -> None:
        if isinstance(event, JobStarted):
            self._show_progress(0, event.total, 0.0)
        elif isinstance(event, Progress):
            self._show_progress(event.done, event.total, event.frames_per_s)
        elif isinstance(event, PartStarted):
            self._part = f"Part {event.index} of {event.count}, {event.name} · "
            self.part_started.emit(event)
        elif isinstance(event, Skipped):
            self._skipped = event.lines[:_SHOWN_LINES]
        elif isinstance(event, JobEnded):
            self._result = event

    def _show_progress(self, done: int, total: int, frames_per_s: float) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        if not self.runner.is_stopping:
            self.line.setText(self._part + _progress_line(done, total, frames_per_s))

    @Slot(object)
    def _end(self, fate: Fate) -> None:
        if fate.error is not None:
            self.line.clear()
            self.problem.show_problem(line_of(fate.error))
        elif fate.how == "finished" and self._result is not None:
            self.progress.setRange(0, 1)
            self.progress.setValue(1)
            self.line.setText(self._result_line(self._result))
        else:
            self.line.setText(f"Stopped; {self._when_stopped}")
        self._fill_details(fate.tail if fate.error is not None else "")
        self._show()
        if self.written_path is not None:
            self.finished.emit(self.written_path)
        self.ended.emit()

    def _result_line(self, result: JobEnded) -> str:
        name = self.path.name if self.path is not None else ""
        parts = [name if result.frames is None else f"{grouped(result.frames)} frames in {name}"]
        parts += [f"{grouped(result.skipped)} skipped"] if result.skipped else []
        parts += [f"{grouped(result.resumed)} images were done before"] if result.resumed else []
        parts += [result.note] if result.note else []
        return "; ".join(parts)

    def _fill_details(self, tail: str) -> None:
        skipped = self._result.skipped if self._result is not None else None
        more = (skipped or 0) - len(self._skipped)
        lines = [f"Skipped: {line}" for line in self._skipped] + ([f"and {grouped(more)} more"] if more > 0 else [])
        self.details.setPlainText("\n".join([*lines, *tail.splitlines()]))

    def _show(self) -> None:
        is_running = self.is_running
        is_done = self.written_path is not None
        self.progress.setVisible(is_running or is_done)
        self.line.setVisible(bool(self.line.text()))
        self.stop_button.setVisible(is_running)
        self.stop_button.setEnabled(True)
        self.open_button.setVisible(is_done)
        self.details_button.setVisible(not is_running and bool(self.details.toPlainText()))
        self.details.setVisible(self.details_button.isVisibleTo(self) and self.details_button.isChecked())
        if self._skipped and is_done:
            self.details_button.setChecked(True)

    @Slot()
    def _open(self) -> None:
        self.open_asked.emit(self.path)


def _progress_line(done: int, total: int, frames_per_s: float) -> str:
    if not done or not frames_per_s:
        return f"{grouped(done)} of {grouped(total)} frames"
    left = duration((total - done) / frames_per_s)
    return f"{grouped(done)} of {grouped(total)} frames · {speed(frames_per_s)} · {left} left"
