"""The estimated time and memory of a training run: measured on a few real steps, in a separate process."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from explorer_app.error_words import line_of
from explorer_app.model.wording import duration, memory
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.noted_field import NoteLabel
from explorer_app.workers.command import run_threads
from explorer_app.workers.job import Fate
from explorer_app.workers.job_runner import JobRunner
from lsps_core.events import Event, RunEstimated, StageEstimated


class EstimateBar(QWidget):
    """A button and a line."""

    measured = Signal(object)
    """`StageEstimated`, for each stage as it is measured"""
    begun = Signal()
    ended = Signal()
    asked = Signal()
    """The button was clicked; the owner of the form calls `start`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runner = JobRunner(self)
        self.runner.event_read.connect(self._take)
        self.runner.ended.connect(self._end)
        self._total: RunEstimated | None = None
        self.button = QPushButton("&Estimate")
        self.button.setToolTip("Measure time and memory on a few steps of each stage; nothing is written")
        self.button.clicked.connect(self._press)
        self.note = NoteLabel()
        row = row_layout()
        row.addWidget(self.button)
        row.addStretch(1)
        layout = column_layout(self)
        layout.addWidget(self.note)
        layout.addLayout(row)
        self.forget()

    @property
    def is_running(self) -> bool:
        return self.runner.is_running

    def start(self, arguments: Sequence[str]) -> None:
        self.forget()
        self.note.show_fact("Reading the stores and measuring …")
        self.button.setText("Stop &estimate")
        self.begun.emit()
        self.runner.start(arguments, threads=run_threads())

    @Slot()
    def forget(self) -> None:
        """The form has changed: drop the measurement."""
        self.runner.drop()
        self._total = None
        self.button.setText("&Estimate")
        self.note.show_fact("Not measured yet.")

    def close_down(self) -> None:
        """End it with the window."""
        self.runner.close_down()

    @Slot()
    def _press(self) -> None:
        if self.is_running:
            self.forget()
            self.ended.emit()
        else:
            self.asked.emit()

    @Slot(object)
    def _take(self, event: Event) -> None:
        if isinstance(event, StageEstimated):
            self.measured.emit(event)
        elif isinstance(event, RunEstimated):
            self._total = event

    @Slot(object)
    def _end(self, fate: Fate) -> None:
        self.button.setText("&Estimate")
        if fate.error is not None:
            self.note.show_problem(line_of(fate.error))
        elif self._total is not None:
            self._show_total(self._total)
        self.ended.emit()

    def _show_total(self, total: RunEstimated) -> None:
        line = f"Total about {duration(total.seconds)} and {memory(total.peak_bytes)} on {total.device}"
        peak, free = total.peak_bytes, total.free_bytes
        if peak is not None and free is not None and peak > 0.9 * free:
            self.note.show_problem(f"{line}, of which {memory(free)} are free: use smaller batches")
        elif free is not None:
            self.note.show_fact(f"{line}; {memory(free)} were free.")
        else:
            self.note.show_fact(f"{line}.")
