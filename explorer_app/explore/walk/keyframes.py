"""The keyframes of a walk, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QWidget

from explorer_app.explore.walk.thumbnail_list import (
    CODE_ROLE,
    CURRENT_ROLE,
    Index,
    ThumbnailList,
    from_mime,
    mime_types,
    to_mime,
)
from explorer_app.explore.walk.thumbnails import Thumbnails
from explorer_app.model.latent import LatentCode
from explorer_app.session.session import Session


class KeyframesModel(QAbstractListModel):
    """A Qt model of `Session.walk.keyframes`; a dropped latent is inserted, a dropped keyframe moved."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._codes = session.walk.keyframes

    def reload(self) -> bool:
        """Update from the session; False if nothing has changed."""
        if self._codes == self._session.walk.keyframes:
            return False
        self.beginResetModel()
        self._codes = self._session.walk.keyframes
        self.endResetModel()
        return True

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._codes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        code = self._codes[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(index.row() + 1)
        if role == CODE_ROLE:
            return code
        if role == CURRENT_ROLE:
            return code == self._session.latent
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"Keyframe {index.row() + 1} of {len(self._codes)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        own = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled
        return super().flags(index) | own

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction  # after a move Qt would remove the source row

    def mimeTypes(self) -> list[str]:
        return mime_types()

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        row = indexes[0].row()
        return to_mime(self._codes[row], row)

    def dropMimeData(self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, parent: Index) -> bool:
        dropped = from_mime(data)
        if dropped is None:
            return False
        code, own_row = dropped
        before = row if row >= 0 else parent.row() if parent.isValid() else len(self._codes)
        if own_row is None:
            self._session.add_keyframe(code, before)
        else:
            self._session.edit_walk(self._session.walk.with_keyframe_moved(own_row, before), "move keyframe")
        return True


class KeyframeRow(ThumbnailList):
    """A view of `Session.walk.keyframes`: moved by mouse or key, removed by key or menu."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(session, thumbnails, "Press Add current, drag from above, or click Random walk", parent)
        self._keyframes = KeyframesModel(session, self)
        self.setModel(self._keyframes)
        self.setAccessibleName("Keyframes of the walk")
        self.setToolTip("Click to go there; drag to change the order (Ctrl+Left, Ctrl+Right); Del removes")
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(True)
        self.earlier_action = self.add_action("Move to the &left", self.move_left, "Ctrl+Left")
        self.later_action = self.add_action("Move to the &right", self.move_right, "Ctrl+Right")
        self.remove_action = self.add_action("Re&move", self.remove, "Del")
        session.walk_changed.connect(self.show_latents)
        self.show_latents()

    @Slot()
    def move_left(self) -> None:
        self._move(-1)

    @Slot()
    def move_right(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        self.refresh()
        row = self.currentIndex().row()
        if row >= 0 and 0 <= row + by < self._keyframes.rowCount():
            plan = self._session.walk.with_keyframe_moved(row, row + by + (by > 0))
            self._session.edit_walk(plan, "move keyframe")
            self.setCurrentIndex(self._keyframes.index(row + by))

    @Slot()
    def remove(self) -> None:
        """Remove the selected keyframe."""
        self.refresh()
        if self.currentIndex().isValid():
            plan = self._session.walk.without_keyframe(self.currentIndex().row())
            self._session.edit_walk(plan, "remove keyframe")

    def refresh(self) -> None:
        """A hidden row may still show older keyframes."""
        row = self.currentIndex().row()
        if self._keyframes.reload():
            self.setCurrentIndex(self._keyframes.index(min(row, self._keyframes.rowCount() - 1)))

    def wanted_codes(self) -> tuple[LatentCode, ...]:
        return self._session.walk.keyframes
