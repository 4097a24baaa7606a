"""Actions on the selected failures: tag them, add a note, copy their names, export them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.model.failure_export import KINDS, Selected, export
from explorer_app.inspect.model.tags import common_tags
from explorer_app.preferences import Preferences
from explorer_app.session.session import Session
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.workers.file_export import FileExport


class FailureActions(QObject):
    """Actions for the menu and the context menu, on `Failures.selection` or else the frame in the explorer."""

    def __init__(self, session: Session, failures: Failures, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._failures, self._preferences, self._parent = session, failures, preferences, parent
        self.file_export = FileExport("selection", self)
        self.file_export.failed.connect(session.message)
        self.file_export.written.connect(session.done)
        self.file_export.saved.connect(session.saved)
        self.file_export.changed.connect(self._show)
        self.tag = self._action("&Tag …", self.ask_tag, "T", "Words to find these frames again, separated by commas")
        self.note = self._action("&Note …", self.ask_note, "N", "A free-form note on this frame")
        self.copy = self._action("Copy na&mes", self.copy_names, "", "The frames' names, one a line")
        self.exports = {
            kind: self._action(
                f"{title} …", partial(self.ask_where, kind), "", f"Write the selected frames as {suffix}"
            )
            for kind, (title, suffix) in KINDS.items()
        }
        failures.table_changed.connect(self._show)
        failures.selection_changed.connect(self._show)
        self._show()

    def _action(self, title: str, do: Callable[[], None], key: str, tip: str) -> QAction:
        action = QAction(title, self)
        action.setShortcut(key)
        action.setStatusTip(tip)
        action.setToolTip(tip)
        action.triggered.connect(lambda: do())
        return action

    @property
    def marks(self) -> list[QAction]:
        """Those that write on the selected frames."""
        return [self.tag, self.note]

    def fill(self, menu: QMenu) -> None:
        menu.addActions([self.tag, self.note, self.copy])
        exports = menu.addMenu("&Export selection")
        exports.addActions(list(self.exports.values()))

    @property
    def frames(self) -> list[int]:
        """The selected frames in the order of the view, or the one in the explorer."""
        table = self._failures.table
        if table is None:
            return []
        shown = table.selected_rows()
        frames = shown if len(shown) == len(table.selection) else table.selection
        return frames.tolist() or ([self._failures.current] if self._failures.current is not None else [])

    @Slot()
    def ask_tag(self) -> None:
        frames, table = self.frames, self._failures.table
        if not frames or table is None:
            return
        what = f"frame {frames[0] + 1}" if len(frames) == 1 else f"{len(frames)} frames"
        dialog = self._dialog("Tag", f"Tags for {what}, separated by commas, empty for none:")
        known = [tag for tag in table.tags if tag]
        own = common_tags(table.known("tag", np.asarray(frames, dtype=np.int64)))
        dialog.setComboBoxItems([own, *(tag for tag in known if tag != own)])
        dialog.setComboBoxEditable(True)
        dialog.textValueSelected.connect(partial(self._failures.set_tag, frames, instead=own))
        dialog.open()

    @Slot()
    def ask_note(self) -> None:
        frames = self.frames
        if not frames:
            return
        current = self._failures.current
        frame = current if current in frames else frames[0]
        dialog = self._dialog("Note", f"Note on frame {frame + 1}:")
        dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        dialog.setTextValue(self._failures.mark_of(frame).note)
        dialog.textValueSelected.connect(partial(self._failures.set_note, frame))
        dialog.open()

    def _dialog(self, title: str, label: str) -> QInputDialog:
        dialog = QInputDialog(self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        return dialog

    @Slot()
    def copy_names(self) -> None:
        table = self._failures.table
        if table is not None:
            names = table.results.names[self.frames].tolist()
            QGuiApplication.clipboard().setText("\n".join(names))
            self._session.done.emit(f"{len(names)} names copied" if len(names) > 1 else "1 name copied")

    def ask_where(self, kind: str, *, frames: list[int] | None = None) -> None:
        """frames: those to export, in this order; the selected ones, as the table has them, where none are given."""
        title, suffix = KINDS[kind]
        wanted = self.frames if frames is None else frames
        table = self._failures.table
        reading = table.results.about.reading.words.split() if table is not None else []
        ask_for_paths(
            self._parent,
            f"Export {len(wanted)} frames",
            self._preferences.last_folder,
            "save",
            lambda names: self.export(kind, Path(names[0]), frames),
            filters=[f"{title} (*{suffix})"],
            name="-".join(["failures", *reading]) + suffix,
            suffix=suffix,
        )

    def export(self, kind: str, path: Path, frames: list[int] | None = None) -> None:
        """Start writing the frames, or the selected ones; one file at a time."""
        failures, session, frames = self._failures, self._session, frames or self.frames
        if failures.table is None or session.model is None or session.data is None or not frames:
            return
        if self.file_export.is_running:
            session.message.emit("another export is running; wait for it, or stop it")
            return
        session.asked.emit()
        self._preferences.last_folder = str(path.parent)
        marks = failures.tags.of(failures.table.results.about.data_digest) if failures.tags is not None else {}
        wanted = np.array(frames, dtype=np.int64)
        selected = Selected(failures.table, wanted, marks, session.model, session.data.origin[0])
        self.file_export.start(path, partial(export, kind, path, selected))

    @Slot()
    def _show(self) -> None:
        has_table = self._failures.table is not None
        for action in (self.tag, self.note, self.copy):
            action.setEnabled(has_table)
        for action in self.exports.values():
            action.setEnabled(has_table and not self.file_export.is_running)
