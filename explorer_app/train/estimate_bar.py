"""How long a training would take and in what memory: measured on a few real steps, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from explorer_app.model.wording import duration, memory
from explorer_app.widgets.noted_field import NoteLabel
from explorer_app.workers.job import Job


class EstimateBar(QWidget):
    """A button and a line; `measured` tells of each stage as it is known."""

    measured = Signal(dict)
    begun = Signal()
    ended = Signal()
    asked = Signal()
    """The button was pressed; whoever owns the form answers with `start`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job: Job | None = None
        self._leaving: list[Job] = []
        self._total: dict[str, Any] = {}
        self.button = QPushButton("&Estimate")
        self.button.setToolTip("Measure time and memory on a few steps of each stage; nothing is written")
        self.button.clicked.connect(self._press)
        self.note = NoteLabel()
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.note)
        layout.addLayout(row)
        self.forget()

    @property
    def is_running(self) -> bool:
        return self.job is not None

    def start(self, arguments: Sequence[str]) -> None:
        self.forget()
        self.note.show_fact("Reading the stores and measuring …")
        self.job = Job(arguments, self)
        self.job.event_read.connect(self._take)
        self.job.ended.connect(self._end)
        self.button.setText("Stop &estimate")
        self.begun.emit()
        self.job.start()

    @Slot()
    def forget(self) -> None:
        """What was measured holds no longer, since the form has changed."""
        job, self.job = self.job, None
        if job is not None:
            job.event_read.disconnect(self._take)
            job.ended.disconnect(self._end)
            job.ended.connect(self._drop)
            self._leaving.append(job)
            job.stop()
        self._total = {}
        self.button.setText("&Estimate")
        self.note.show_fact("Not measured yet.")

    def close_down(self) -> None:
        """End it with the window."""
        for job in (*self._leaving, *([self.job] if self.job is not None else [])):
            job.close()
        self.job, self._leaving = None, []

    @Slot()
    def _drop(self) -> None:
        for job in [job for job in self._leaving if not job.is_running]:
            self._leaving.remove(job)
            job.deleteLater()

    @Slot()
    def _press(self) -> None:
        if self.is_running:
            self.forget()
            self.ended.emit()
        else:
            self.asked.emit()

    @Slot(dict)
    def _take(self, event: dict[str, Any]) -> None:
        if event.get("kind") == "stage":
            self.measured.emit(event)
        elif event.get("kind") == "estimate":
            self._total = event

    @Slot(int, str)
    def _end(self, status: int, why: str) -> None:
        job, self.job = self.job, None
        if job is not None:
            job.deleteLater()
        self.button.setText("&Estimate")
        total = self._total
        if status == 0 and total:
            self._show_total(total)
        else:
            self.note.show_problem(why.removeprefix("lsps train: ").replace("--resume --change ", ""))
        self.ended.emit()

    def _show_total(self, total: dict[str, Any]) -> None:
        line = f"In all about {duration(total['seconds'])} and {memory(total['peak_bytes'])} on {total['device']}"
        peak, free = total["peak_bytes"], total["free_bytes"]
        if peak is not None and free is not None and peak > 0.9 * free:
            self.note.show_problem(f"{line}, of which {memory(free)} are free: take smaller batches")
        elif free is not None:
            self.note.show_fact(f"{line}; {memory(free)} were free.")
        else:
            self.note.show_fact(f"{line}.")
