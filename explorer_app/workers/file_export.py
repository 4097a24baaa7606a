"""A file that is written in a thread, one at a time, as the exports of the walk and of frames do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.workers.task import Progress, Task


class FileExport(QObject):
    """Runs a `Task` that writes frames to a path."""

    progressed = Signal(int, int)
    """done, in all"""
    written = Signal(str)
    """One line, after a file is written."""
    saved = Signal(object)
    """The path of that file."""
    failed = Signal(str)
    """one line"""
    changed = Signal()
    """An export has started or ended."""

    def __init__(self, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._name = name
        self._path = Path()
        self._task: Task | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def start(self, path: Path, work: Callable[[Progress], int | str]) -> None:
        """work: writes `path` and returns how many frames are in it, or the line about it. One at a time."""
        self._path = path
        self._task = Task(self._name, work, self)
        self._task.progressed.connect(self.progressed)
        self._task.finished.connect(self._on_finished)
        self._task.failed.connect(self.failed)
        self._task.ended.connect(self._on_ended)
        self.changed.emit()

    @Slot()
    def cancel(self) -> None:
        """Stop the export; its file is discarded."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Stop the export and wait, because the window closes."""
        if self._task is not None:
            self._task.close()

    @Slot(object)
    def _on_finished(self, answer: int | str) -> None:
        self.written.emit(answer if isinstance(answer, str) else f"{self._path.name} written, {answer} frames")
        self.saved.emit(self._path)

    @Slot()
    def _on_ended(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.deleteLater()
        self.changed.emit()
