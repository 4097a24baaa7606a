"""How far an export is, and a button that ends it; shown while it runs."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from explorer_app.widgets.layouts import row_layout
from explorer_app.workers.file_export import FileExport

_LEAST_PX, _MOST_PX = 24, 120


class ExportProgress(QWidget):
    """Of a `FileExport`."""

    def __init__(self, file_export: FileExport, what: str, parent: QWidget | None = None) -> None:
        """what: is exported, for people who do not see the bar."""
        super().__init__(parent)
        self._export = file_export
        self.bar = QProgressBar()
        self.bar.setMinimumWidth(_LEAST_PX)
        self.bar.setMaximumWidth(_MOST_PX)
        self.bar.setAccessibleName(f"Progress of the export of {what}")
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("Stop the export and discard its file")
        self.stop.clicked.connect(self._stop)
        layout = row_layout(self)
        layout.addWidget(self.bar)
        layout.addWidget(self.stop)
        file_export.progressed.connect(self._show_progress)
        file_export.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        self.setVisible(self._export.is_running)
        self.stop.setEnabled(True)
        self.bar.setRange(0, 0)

    @Slot()
    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self._export.cancel()

    @Slot(int, int)
    def _show_progress(self, done: int, in_all: int) -> None:
        self.bar.setRange(0, in_all)
        self.bar.setValue(done)
