"""The history of latents, the newest on the right: go back to them, pin, name and walk between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QWidget

from explorer_app.explore.walk.thumbnail_list import (
    CODE_ROLE,
    CURRENT_ROLE,
    PINNED_ROLE,
    Index,
    ThumbnailList,
    mime_types,
    to_mime,
)
from explorer_app.explore.walk.thumbnails import Thumbnails
from explorer_app.model.history import HistoryEntry
from explorer_app.model.latent import LatentCode
from explorer_app.session.session import Session


class HistoryModel(QAbstractListModel):
    """A Qt model of `Session.history`; the name can be edited."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._entries = list(session.history)

    def entry(self, index: Index) -> HistoryEntry:
        return self._entries[index.row()]

    def row_of(self, number: int) -> int | None:
        return next((row for row, entry in enumerate(self._entries) if entry.number == number), None)

    def reload(self) -> None:
        """Update from the session, if anything has changed."""
        if self._entries != list(self._session.history):
            self.beginResetModel()
            self._entries = list(self._session.history)
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return entry.name
        if role == CODE_ROLE:
            return entry.code
        if role == PINNED_ROLE:
            return entry.is_pinned
        if role == CURRENT_ROLE:
            return entry.code == self._session.latent
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.name}{', pinned' if entry.is_pinned else ''}"
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        number = self.entry(index).number
        if role != Qt.ItemDataRole.EditRole or number not in self._session.history:  # removed while its name was edited
            return False
        self._session.history.rename(number, str(value))
        self._session.history_changed.emit()
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return mime_types()

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        return to_mime(self.entry(indexes[0]).code)


class HistoryStrip(ThumbnailList):
    """A view of `Session.history`: a click goes to an entry; the context menu and its keys have the other actions."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(
            session, thumbnails, "Latents you visit are kept here: move a slider or sample the prior", parent
        )
        self._entries = HistoryModel(session, self)
        self._newest = -1
        self.setModel(self._entries)
        self.setAccessibleName("History of latents")
        self.setToolTip("Click to go back; drag down to make a keyframe; right-click for more")
        self._build_actions()
        self.chosen.connect(self._go_back)
        session.history_changed.connect(self.show_latents)
        self.show_latents()

    def _build_actions(self) -> None:
        self.use_action = self.add_action("Use as &keyframe", self.use_as_keyframe, "K")
        self.pin_action = self.add_action("&Pin", self.toggle_pin, "P")
        self.rename_action = self.add_action("&Rename", self.rename, "F2")
        self.remove_action = self.add_action("Re&move", self.remove, "Del")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.currentIndex()
        for action in self.actions():
            action.setEnabled(index.isValid())
        if index.isValid():
            self.pin_action.setText("Un&pin" if self._entries.entry(index).is_pinned else "&Pin")
        super().contextMenuEvent(event)

    def _selected(self) -> HistoryEntry | None:
        """The selected entry, up to date: a hidden strip may still show older entries."""
        self.refresh()
        return self._entries.entry(self.currentIndex()) if self.currentIndex().isValid() else None

    @Slot()
    def use_as_keyframe(self) -> None:
        entry = self._selected()
        if entry is not None:
            self._session.add_keyframe(entry.code)

    @Slot()
    def toggle_pin(self) -> None:
        """Pin or unpin the selected entry; pinned entries do not count towards the limit."""
        entry = self._selected()
        if entry is not None:
            self._session.history.pin(entry.number, not entry.is_pinned)
            self._session.history_changed.emit()

    @Slot()
    def rename(self) -> None:
        if self._selected() is not None and self.state() != self.State.EditingState:
            self.edit(self.currentIndex())

    @Slot()
    def remove(self) -> None:
        entry = self._selected()
        if entry is not None:
            self._session.history.remove(entry.number)
            self._session.history_changed.emit()

    def _go_back(self, index: Index) -> None:
        entry = self._entries.entry(index)
        self._session.set_latent(entry.code, entry.name, add_to_history=False)

    def refresh(self) -> None:
        row = self.currentIndex().row()
        number = self._entries.entry(self.currentIndex()).number if self.currentIndex().isValid() else -1
        position = self.horizontalScrollBar().value()
        self._entries.reload()
        kept = self._entries.row_of(number)
        last = self._entries.rowCount() - 1
        with QSignalBlocker(self.selectionModel()):
            self.setCurrentIndex(self._entries.index(min(row, last) if kept is None else kept))
        newest = self._entries.entry(self._entries.index(last)).number if last >= 0 else -1
        if newest > self._newest:
            self.scrollTo(self._entries.index(last))
        else:
            self.horizontalScrollBar().setValue(position)
        self._newest = newest

    def wanted_codes(self) -> list[LatentCode]:
        return [entry.code for entry in self._session.history][::-1]
