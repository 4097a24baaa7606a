"""Export of the played range: a button with the formats, and during an export its progress and a stop button."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from explorer_app.explore.model.range_export import FORMATS, export_range
from explorer_app.session.playback import Playback
from explorer_app.session.session import Session
from explorer_app.widgets.export_progress import ExportProgress
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import row_layout
from explorer_app.workers.file_export import FileExport

if TYPE_CHECKING:
    from explorer_app.explore.model.range_export import PlayedRange


class RangeExport(QWidget):
    """Writes what `played` returns when a file is chosen, in a thread."""

    def __init__(self, session: Session, playback: Playback, played: Callable[[], PlayedRange | None]) -> None:
        super().__init__()
        self._session, self._playback, self._played = session, playback, played
        self.file_export = FileExport("range", self)
        self.menu = QMenu("&Export played range")
        self.menu.setToolTip("The played frames as a video, or the poses in them")
        for suffix, title in FORMATS.items():
            self.menu.addAction(f"{title} ({suffix}) …").triggered.connect(partial(self._ask_where, suffix))
        self.button = QPushButton("Export")
        self.button.setToolTip("Write the played range as a video, or its poses as CSV, NPZ or BVH")
        self.button.setMenu(self.menu)
        self.progress = ExportProgress(self.file_export, "the played range")
        layout = row_layout(self)
        layout.addWidget(self.button)
        layout.addWidget(self.progress)
        self.file_export.failed.connect(session.message)
        self.file_export.written.connect(session.done)
        self.file_export.saved.connect(session.saved)
        self.file_export.changed.connect(self._show)
        playback.changed.connect(self._show)
        session.model_changed.connect(self._show)
        self._show()

    def export(self, suffix: str, path: Path) -> None:
        """Start an export; one at a time."""
        played = self._played()
        if played is None or self.file_export.is_running:
            return
        self._session.asked.emit()
        self.file_export.start(path, partial(export_range, played, suffix, path))

    def close_down(self) -> None:
        self.file_export.close()

    def _ask_where(self, suffix: str) -> None:
        ask_for_paths(
            self.window(),
            "Export the played range",
            "",
            "save",
            lambda names: self.export(suffix, Path(names[0])),
            filters=[f"{FORMATS[suffix]} (*{suffix})"],
            name=f"played{suffix}",
            suffix=suffix,
        )

    @Slot()
    def _show(self) -> None:
        is_busy, session = self.file_export.is_running, self._session
        can_export = session.model is not None and self._playback.range is not None and not self._playback.is_live
        self.button.setVisible(not is_busy)
        self.button.setEnabled(can_export)
        self.menu.setEnabled(can_export and not is_busy)
