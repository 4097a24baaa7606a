"""A horizontal list of thumbnails with names: the base of the history strip and the keyframes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QAction,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer_app.explore.walk.thumbnails import THUMBNAIL_PX, Thumbnails
from explorer_app.model.latent import LatentCode
from explorer_app.model.saved_session import code_from_json
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.small import takes_arrows
from lsps_core.files import parse_json

Index = QModelIndex | QPersistentModelIndex

CODE_ROLE = Qt.ItemDataRole.UserRole
PINNED_ROLE = Qt.ItemDataRole.UserRole + 1
CURRENT_ROLE = Qt.ItemDataRole.UserRole + 2
"""True for the shown latent."""

_MIME = "application/x-lsps-latent"
_MARGIN = 4
_ARROWS = {Qt.Key.Key_Left, Qt.Key.Key_Right}
_OWN_KEYS = {*_ARROWS, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Space}


def to_mime(code: LatentCode, keyframe_row: int | None = None) -> QMimeData:
    """A dragged latent; `keyframe_row` if it is a keyframe."""
    data = QMimeData()
    text = json.dumps({"latent": code.values, "row": keyframe_row})
    data.setData(_MIME, QByteArray(text.encode()))
    return data


def from_mime(data: QMimeData) -> tuple[LatentCode, int | None] | None:
    """The inverse of `to_mime`; None for other data, also of another program under the same name."""
    try:
        value = parse_json(bytes(data.data(_MIME).data()))
        row = value["row"]
        return code_from_json(value["latent"]), row if type(row) is int else None
    except (ValueError, TypeError, KeyError):
        return None


def mime_types() -> list[str]:
    return [_MIME]


class ThumbnailDelegate(QStyledItemDelegate):
    """Image, name below it, a pin in the corner; a frame around the current one."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        side = THUMBNAIL_PX + 2 * _MARGIN
        return QSize(side + 4, side + QFontMetrics(option.font).height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        palette = option.palette
        area = _picture_area(option.rect)
        painter.save()
        pixmap = self.thumbnails.pixmap(index.data(CODE_ROLE), palette)
        if pixmap is None:
            painter.fillRect(area, theme.picture_background(palette))
        else:
            painter.drawPixmap(area, pixmap)
        is_current = bool(index.data(CURRENT_ROLE))
        has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        accent = palette.color(QPalette.ColorRole.Highlight)
        pen = QPen(accent, 2) if is_current else QPen(theme.hairline(palette), 1)
        painter.setPen(pen)
        painter.drawRect(area.adjusted(-1, -1, 0, 0))
        if has_focus:
            painter.setPen(QPen(palette.text().color(), 1, Qt.PenStyle.DotLine))
            painter.drawRect(area.adjusted(-4, -4, 3, 3))
        if index.data(PINNED_ROLE):
            _paint_pin(painter, area, accent)
        painter.setPen(palette.text().color() if is_current else theme.faint(palette))
        metrics = option.fontMetrics
        text = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, option.rect.width() - 4)
        painter.drawText(_name_area(option.rect, area), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
        painter.restore()

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        editor.setGeometry(_name_area(option.rect, _picture_area(option.rect)).adjusted(0, -3, 0, 3))


class ThumbnailList(QListView):
    """One row of latents. Emits the chosen one; while it has the focus, it handles the keys of its menu."""

    chosen = Signal(QModelIndex)
    """By click, or Enter."""

    def __init__(self, session: Session, thumbnails: Thumbnails, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._thumbnails, self._hint = session, thumbnails, hint
        self._current_rows: list[int] = []
        self._has_arrows = False
        self.is_seen = True
        self.setItemDelegate(ThumbnailDelegate(thumbnails, self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)  # else Qt measures all items again for every new one
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setDragEnabled(True)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        item = THUMBNAIL_PX + 2 * _MARGIN + self.fontMetrics().height()
        self.setFixedHeight(item + bar + 4)
        self.clicked.connect(self.chosen)
        thumbnails.changed.connect(self.viewport().update)
        session.latent_changed.connect(self.mark_current)
        session.model_changed.connect(self._want_thumbnails)

    def add_action(self, text: str, do: Callable[[], None], key: str) -> QAction:
        """Add an action on the selected item: in the context menu, and by a key while this has the focus."""
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(do)
        self.addAction(action)
        return action

    def set_seen(self, is_seen: bool) -> None:
        """Whether it is in the raised tab: for Qt the tabs behind it are visible too."""
        self.is_seen = is_seen
        if is_seen:
            self.show_latents()

    def refresh(self) -> None:
        """Update the model, which is not updated while the list is hidden; implemented by subclasses."""
        raise NotImplementedError

    def wanted_codes(self) -> Sequence[LatentCode]:
        """Those to decode, the most urgent first; implemented by subclasses."""
        raise NotImplementedError

    @Slot()
    def show_latents(self) -> None:
        """Update the items, unless the list is hidden."""
        if self.is_seen:
            self.refresh()
            self.mark_current()
            self._want_thumbnails()

    @Slot()
    def _want_thumbnails(self) -> None:
        self._thumbnails.want(self.wanted_codes(), type(self).__name__)

    @Slot()
    def mark_current(self) -> None:
        """Move the frame to the shown latent; too slow for every step of a walk."""
        if not self.is_seen:
            return
        model = self.model()
        rows = [row for row in range(model.rowCount()) if model.index(row, 0).data(CURRENT_ROLE)]
        if rows != self._current_rows:
            self._current_rows = rows
            self.viewport().update()

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.height())

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()  # here the arrow keys move along the row, not through the frames
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._has_arrows = takes_arrows(event, self._has_arrows)
        super().focusInEvent(event)

    def _is_own(self, event: QKeyEvent) -> bool:
        """After a click the arrow keys still step frames; after Tab they move along the row."""
        if event.key() in _ARROWS and not self._has_arrows:
            return False
        return event.key() in _OWN_KEYS and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            event.ignore()  # it plays and pauses
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Up and down also move along the row."""
        delta = event.angleDelta()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (delta.x() or delta.y()))
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.model() is not None and not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(theme.faint(self.palette()))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(8, 4, -8, -4), flags, self._hint)


def _picture_area(rect: QRect) -> QRect:
    return QRect(rect.left() + (rect.width() - THUMBNAIL_PX) // 2, rect.top() + _MARGIN + 1, THUMBNAIL_PX, THUMBNAIL_PX)


def _name_area(rect: QRect, picture: QRect) -> QRect:
    return QRect(rect.left() + 1, picture.bottom() + 2, rect.width() - 2, rect.bottom() - picture.bottom() - 1)


def _paint_pin(painter: QPainter, area: QRect, colour: object) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(Qt.GlobalColor.white, 1.5))
    painter.setBrush(colour)
    painter.drawEllipse(area.right() - 11, area.top() + 3, 8, 8)
