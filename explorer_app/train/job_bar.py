"""A job in a process of its own: how far it is, how fast, what it leaves out, a way to stop it, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QGridLayout, QPlainTextEdit, QProgressBar, QPushButton, QWidget

from explorer_app.model.wording import duration, grouped, speed
from explorer_app.widgets.noted_field import NoteLabel
from explorer_app.widgets.small import WrappedLabel
from explorer_app.workers.job import Job

_SHOWN_LINES = 1000


class JobBar(QWidget):
    """`lsps … --events`, see lsps_core/commands/progress.py. when_stopped: what is left after a stop, in a line."""

    started = Signal()
    ended = Signal()
    """however it ended"""
    finished = Signal(object)
    """path of what it wrote"""
    open_asked = Signal(object)
    """path of what it wrote"""

    def __init__(self, when_stopped: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._when_stopped = when_stopped
        self.job: Job | None = None
        self.path: Path | None = None
        self._last: dict[str, Any] = {}
        self._skipped: list[str] = []
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
        self.details_button.setToolTip("What was skipped, and the last lines that the job wrote")
        self.line, self.problem = WrappedLabel(), NoteLabel()
        self.details = QPlainTextEdit(readOnly=True)
        self.details.setAccessibleName("Details of the job")
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setMinimumHeight(110)
        self.details_button.toggled.connect(self.details.setVisible)
        self._build()

    def _build(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
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
        return self.job is not None

    @property
    def written_path(self) -> Path | None:
        """What it wrote last; None until it has."""
        return self.path if self._last.get("reason") == "finished" and not self.is_running else None

    @property
    def summary(self) -> str:
        """For a menu: what is made, and how far it is."""
        name = self.path.name if self.path is not None else ""
        percent = 100 * self.progress.value() // max(self.progress.maximum(), 1)
        return f"{name}, {percent} %"

    def start(self, arguments: Sequence[str], path: Path) -> None:
        """Begin; one at a time. path: of what it will write."""
        if self.job is not None:
            return
        self.path, self._last, self._skipped = path, {}, []
        self.details.clear()
        self.details_button.setChecked(False)
        self.problem.show_fact("")
        self.progress.setRange(0, 0)
        self.line.setText("Starting …")
        self.job = Job(arguments, self)
        self.job.event_read.connect(self._take)
        self.job.ended.connect(self._end)
        self._show()
        self.job.start()
        self.started.emit()

    @Slot()
    def stop(self) -> None:
        if self.job is not None:
            self.stop_button.setEnabled(False)
            self.line.setText("Stopping …")
            self.job.stop()

    def close_down(self) -> None:
        """End it with the window."""
        if self.job is not None:
            self.job.close()
            self.job = None

    @Slot(dict)
    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("kind")
        if kind in ("started", "progress"):
            done, total = int(event.get("done", 0)), int(event["total"])
            self.progress.setRange(0, total)
            self.progress.setValue(done)
            if self.stop_button.isEnabled():
                self.line.setText(_progress_line(done, total, event.get("frames_per_s", 0.0)))
        elif kind == "skipped":
            self._skipped = [str(line) for line in event["lines"]][:_SHOWN_LINES]
        elif kind == "ended":
            self._last = event

    @Slot(int, str)
    def _end(self, status: int, why: str) -> None:
        job, self.job = self.job, None
        was_stopped = self._last.get("reason") == "stopped" or not self.stop_button.isEnabled()
        if status == 0 and self._last.get("reason") == "finished":
            self.progress.setRange(0, 1)
            self.progress.setValue(1)
            self.line.setText(self._result_line())
        elif was_stopped:
            self.line.setText(f"Stopped; {self._when_stopped}")
        else:
            self.line.clear()
            self.problem.show_problem(_plain(why))
        self._fill_details(job.tail if job is not None and status != 0 and not was_stopped else "")
        if job is not None:
            job.deleteLater()
        self._show()
        if self.written_path is not None:
            self.finished.emit(self.written_path)
        self.ended.emit()

    def _result_line(self) -> str:
        name = self.path.name if self.path is not None else ""
        parts = [f"{grouped(self._last['frames'])} frames in {name}"]
        skipped, resumed = self._last.get("skipped", 0), self._last.get("resumed", 0)
        parts += [f"{grouped(skipped)} skipped"] if skipped else []
        parts += [f"{grouped(resumed)} pictures were done before"] if resumed else []
        return "; ".join(parts)

    def _fill_details(self, tail: str) -> None:
        more = self._last.get("skipped", 0) - len(self._skipped)
        lines = [f"Skipped: {line}" for line in self._skipped] + ([f"and {grouped(more)} more"] if more > 0 else [])
        self.details.setPlainText("\n".join([*lines, *tail.splitlines()]))

    def _show(self) -> None:
        is_running = self.job is not None
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


def _plain(line: str) -> str:
    """Without the command's name in front: the dialog is that command."""
    command, colon, rest = line.partition(": ")
    return rest if colon and command.startswith("lsps ") else line
