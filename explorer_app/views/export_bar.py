"""Export of the walk: a button, and while it works its progress and a way to stop it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from explorer_app.model.walk_export import FORMATS, ExportOptions, export_walk
from explorer_app.session import Session
from explorer_app.views.export_dialog import ExportDialog
from explorer_app.views.file_dialog import ask_for_paths
from explorer_app.workers.task import Task


class ExportBar(QWidget):
    """Writes `Session.walk` as it is when the file is chosen; the window goes on meanwhile."""

    written = Signal(str)
    """One line, once a file is there."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._options = ExportOptions()
        self._path = Path()
        self.task: Task | None = None
        self.dialog: ExportDialog | None = None
        self.button = QPushButton("Export …")
        self.button.setToolTip("Write the walk as a video, a GIF, a picture, arrays or a labelled store")
        self.button.clicked.connect(self.ask)
        self.progress = QProgressBar()
        self.progress.setFixedWidth(150)
        self.progress.setAccessibleName("Progress of the export")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop the export; nothing of it is kept")
        self.cancel.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.button, self.progress, self.cancel):
            layout.addWidget(widget)
        session.walk_changed.connect(self._show)
        session.model_changed.connect(self._show)
        self._show()

    @Slot()
    def ask(self) -> None:
        """Ask as what, then where."""
        self.dialog = ExportDialog(self._options, self._session.walk, self)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.chosen.connect(self._ask_where)
        self.dialog.open()

    @Slot(object)
    def _ask_where(self, options: ExportOptions) -> None:
        self._options = options
        ask_for_paths(
            self,
            "Export walk",
            "",
            "save",
            lambda names: self.export(options, Path(names[0])),
            filters=[f"{FORMATS[options.suffix]} (*{options.suffix})"],
            name=f"walk{options.suffix}",
            suffix=options.suffix,
        )

    def export(self, options: ExportOptions, path: Path) -> None:
        """Begin; one at a time."""
        model, plan = self._session.model, self._session.walk
        if model is None or not plan.length or self.task is not None:
            return
        self._path = path
        self.task = Task("export", partial(export_walk, model, plan, options, path), self)
        self.task.progressed.connect(self._show_progress)
        self.task.finished.connect(self._tell_finished)
        self.task.failed.connect(self._session.message)
        self.task.ended.connect(self._end)
        self.cancel.setEnabled(True)
        self.progress.setRange(0, 0)
        self._show()

    def close_task(self) -> None:
        """Stop what is being written, since the window closes."""
        if self.task is not None:
            self.task.close()

    @Slot()
    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.task.cancel()

    @Slot(int, int)
    def _show_progress(self, done: int, in_all: int) -> None:
        self.progress.setRange(0, in_all)
        self.progress.setValue(done)

    @Slot(object)
    def _tell_finished(self, frame_count: int) -> None:
        self.written.emit(f"{self._path.name} written, {frame_count} frames")

    @Slot()
    def _end(self) -> None:
        self.task.deleteLater()
        self.task = None
        self._show()

    @Slot()
    def _show(self) -> None:
        is_busy = self.task is not None
        self.button.setVisible(not is_busy)
        self.button.setEnabled(self._session.model is not None and self._session.walk.length > 0)
        self.progress.setVisible(is_busy)
        self.cancel.setVisible(is_busy)
