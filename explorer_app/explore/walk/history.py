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
from explorer_app.model.visits import Visit
from explorer_app.session.session import Session


class VisitsModel(QAbstractListModel):
    """A Qt model of `Session.visits`; the name can be edited."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._visits = list(session.visits)

    def visit(self, index: Index) -> Visit:
        return self._visits[index.row()]

    def row_of(self, number: int) -> int | None:
        return next((row for row, visit in enumerate(self._visits) if visit.number == number), None)

    def reload(self) -> None:
        """Update from the session, if anything has changed."""
        if self._visits != list(self._session.visits):
            self.beginResetModel()
            self._visits = list(self._session.visits)
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._visits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        visit = self.visit(index)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return visit.name
        if role == CODE_ROLE:
            return visit.code
        if role == PINNED_ROLE:
            return visit.is_pinned
        if role == CURRENT_ROLE:
            return visit.code == self._session.latent
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{visit.name}{', pinned' if visit.is_pinned else ''}"
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        number = self.visit(index).number
        if role != Qt.ItemDataRole.EditRole or number not in self._session.visits:  # removed while its name was edited
            return False
        self._session.visits.rename(number, str(value))
        self._session.visits_changed.emit()
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return mime_types()

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        return to_mime(self.visit(indexes[0]).code)


class HistoryStrip(ThumbnailList):
    """A view of `Session.visits`: a click goes to an entry; the context menu and its keys have the other actions."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(thumbnails, "Latents you visit are kept here: move a slider or sample the prior", parent)
        self._session = session
        self._thumbnails = thumbnails
        self._visits = VisitsModel(session, self)
        self._newest = -1
        self.setModel(self._visits)
        self.setAccessibleName("Visited latents")
        self.setToolTip("Click to go back; drag down to make a keyframe; right-click for more")
        self._build_actions()
        self.chosen.connect(self._go_back)
        session.visits_changed.connect(self.show_latents)
        session.latent_changed.connect(self.mark_current)
        session.model_changed.connect(self._want_thumbnails)
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
            self.pin_action.setText("Un&pin" if self._visits.visit(index).is_pinned else "&Pin")
        super().contextMenuEvent(event)

    def _selected(self) -> Visit | None:
        """The selected visit, up to date: a hidden strip may still show older entries."""
        self._refresh()
        return self._visits.visit(self.currentIndex()) if self.currentIndex().isValid() else None

    @Slot()
    def use_as_keyframe(self) -> None:
        visit = self._selected()
        if visit is not None:
            self._session.add_keyframe(visit.code)

    @Slot()
    def toggle_pin(self) -> None:
        """Pin or unpin the selected entry; pinned entries do not count towards the limit."""
        visit = self._selected()
        if visit is not None:
            self._session.visits.pin(visit.number, not visit.is_pinned)
            self._session.visits_changed.emit()

    @Slot()
    def rename(self) -> None:
        if self._selected() is not None and self.state() != self.State.EditingState:
            self.edit(self.currentIndex())

    @Slot()
    def remove(self) -> None:
        visit = self._selected()
        if visit is not None:
            self._session.visits.remove(visit.number)
            self._session.visits_changed.emit()

    def _go_back(self, index: Index) -> None:
        visit = self._visits.visit(index)
        self._session.set_latent(visit.code, visit.name, is_listed=False)

    @Slot()
    def show_latents(self) -> None:
        if self.is_seen:
            self._refresh()
            self.mark_current()
            self._want_thumbnails()

    def _refresh(self) -> None:
        row = self.currentIndex().row()
        number = self._visits.visit(self.currentIndex()).number if self.currentIndex().isValid() else -1
        position = self.horizontalScrollBar().value()
        self._visits.reload()
        kept = self._visits.row_of(number)
        last = self._visits.rowCount() - 1
        with QSignalBlocker(self.selectionModel()):
            self.setCurrentIndex(self._visits.index(min(row, last) if kept is None else kept))
        newest = self._visits.visit(self._visits.index(last)).number if last >= 0 else -1
        if newest > self._newest:
            self.scrollTo(self._visits.index(last))
        else:
            self.horizontalScrollBar().setValue(position)
        self._newest = newest

    @Slot()
    def _want_thumbnails(self) -> None:
        self._thumbnails.want([visit.code for visit in self._session.visits][::-1], "history")
