"""The worst frames as tiles: image with both skeletons, error and group below, and the number of similar frames."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPalette, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from explorer_app.inspect.failures import Failures, how_to_select
from explorer_app.inspect.frame_tiles import FrameTiles
from explorer_app.inspect.model.failure_table import How
from explorer_app.inspect.model.near_duplicates import WorstFrame
from explorer_app.widgets import theme

Index = QModelIndex | QPersistentModelIndex

WORST_ROLE = Qt.ItemDataRole.UserRole
_EDGE = 104
_GAP = 6
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class WorstList(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.worst: list[WorstFrame] = []

    def show_worst(self, worst: list[WorstFrame]) -> None:
        self.beginResetModel()
        self.worst = worst
        self.endResetModel()

    def rowCount(self, _parent: Index | None = None) -> int:
        return len(self.worst)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self.worst):
            return None
        worst = self.worst[index.row()]
        if role == WORST_ROLE:
            return worst
        if role == Qt.ItemDataRole.DisplayRole:
            return " · ".join(filter(None, (f"{worst.score_mm:.0f} mm", worst.group)))
        count = worst.duplicates.count
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            alike = f"; {count} similar frames: click ×{count}, or press B, to select them" if count > 1 else ""
            return f"Frame {worst.duplicates.frame + 1}, {worst.score_mm:.1f} mm{alike}"
        return None


class WorstGrid(QListView):
    """A click, arrow or Enter shows and selects a frame; Shift adds it; its badge or B selects all similar frames."""

    taken = Signal(int, str)
    """frame, and how to select it"""
    duplicates_clicked = Signal(object, str)
    """frames, and how"""

    def __init__(self, failures: Failures, tiles: FrameTiles) -> None:
        super().__init__()
        self.failures, self.tiles = failures, tiles
        self.frames = WorstList()
        self.setModel(self.frames)
        self.setItemDelegate(_Delegate(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)  # the shared selection is shown instead
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("The worst frames")
        self._asking = QTimer(self, singleShot=True, interval=0)
        self._asking.timeout.connect(self.ask_for_tiles)
        self.frames.modelReset.connect(self._asking.start)
        self.verticalScrollBar().valueChanged.connect(self._asking.start)
        tiles.changed.connect(self._on_tiles)
        failures.selection_changed.connect(self.viewport().update)
        failures.current_changed.connect(self.viewport().update)
        self.setGridSize(QSize(_EDGE + 2 * _GAP, _EDGE + self.fontMetrics().height() + 2 * _GAP))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 120)

    @Slot()
    def ask_for_tiles(self) -> None:
        """Of the visible tiles."""
        if not self.isVisible():
            return
        area = self.viewport().rect()
        rows = [row for row in range(self._first_row(), self.frames.rowCount()) if self._is_near(row, area)]
        self.tiles.want_tiles([self.frames.worst[row].duplicates.frame for row in rows], self.palette())

    def _first_row(self) -> int:
        columns = max(self.viewport().width() // self.gridSize().width(), 1)
        return max(self.verticalScrollBar().value() // self.gridSize().height(), 0) * columns

    def _is_near(self, row: int, area: QRect) -> bool:
        if row > self._first_row() + 200:
            return False
        return self.visualRect(self.frames.index(row)).intersects(area)

    @Slot()
    def _on_tiles(self) -> None:
        self.viewport().update()
        if not self.tiles.has_wanted:  # they were dropped from the cache
            self._asking.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._asking.stop()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._asking.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._asking.start()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.tiles.forget()
        super().changeEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        worst = index.data(WORST_ROLE)
        if event.button() != Qt.MouseButton.LeftButton or worst is None:
            return
        option = QStyleOptionViewItem()
        option.rect, option.fontMetrics = self.visualRect(index), self.fontMetrics()
        is_badge = worst.duplicates.count > 1 and badge_area(option, worst).contains(event.position().toPoint())
        self._take(worst, is_badge, how_to_select(event.modifiers()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        worst = self.currentIndex().data(WORST_ROLE)
        if worst is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_B):
            self._take(worst, event.key() == Qt.Key.Key_B, how_to_select(event.modifiers()))
        elif event.key() in _ARROWS:
            super().keyPressEvent(event)
            there = self.currentIndex().data(WORST_ROLE)
            if there is not None and there is not worst:
                self._take(there, False, how_to_select(event.modifiers()))
        else:
            super().keyPressEvent(event)

    def _take(self, worst: WorstFrame, is_badge: bool, how: How) -> None:
        if is_badge:
            self.duplicates_clicked.emit(worst.duplicates.frames, how)
        else:
            self.taken.emit(worst.duplicates.frame, how)

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in (*_ARROWS, Qt.Key.Key_B):
            event.accept()  # here they move between tiles, not between frames
            return True
        return super().event(event)


def _picture_area(option: QStyleOptionViewItem) -> QRect:
    return QRect(option.rect.left() + (option.rect.width() - _EDGE) // 2, option.rect.top() + _GAP, _EDGE, _EDGE)


def badge_area(option: QStyleOptionViewItem, worst: WorstFrame) -> QRect:
    """The rectangle of a tile's badge."""
    picture, metrics = _picture_area(option), option.fontMetrics
    width = metrics.horizontalAdvance(f"×{worst.duplicates.count}") + 10
    return QRect(picture.right() - width - 2, picture.top() + 3, width, metrics.height() + 2)


class _Delegate(QStyledItemDelegate):
    def __init__(self, grid: WorstGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return self._grid.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        worst, grid, palette = index.data(WORST_ROLE), self._grid, option.palette
        area, table = _picture_area(option), grid.failures.table
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        picture = grid.tiles.pixmap(worst.duplicates.frame, palette)
        if picture is None:
            painter.fillRect(area, theme.picture_background(palette))
        else:
            painter.drawPixmap(area, picture)
        frame = worst.duplicates.frame
        is_selected = table is not None and table.is_selected(frame)
        accent = palette.color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(accent, 3) if is_selected else QPen(theme.hairline(palette), 1))
        painter.drawRect(area.adjusted(-1, -1, 0, 0))
        if grid.failures.current == frame:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1))
            painter.drawRect(area.adjusted(-3, -3, 2, 2))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(area.adjusted(-5, -5, 4, 4))
        if worst.duplicates.count > 1:
            self._paint_badge(painter, badge_area(option, worst), f"×{worst.duplicates.count}", palette)
        painter.setPen(palette.color(QPalette.ColorRole.Text) if is_selected else theme.faint(palette))
        below = QRect(option.rect.left() + 2, area.bottom() + 3, option.rect.width() - 4, option.fontMetrics.height())
        text = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, text)
        painter.restore()

    def _paint_badge(self, painter: QPainter, area: QRect, text: str, palette: QPalette) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
        painter.drawRoundedRect(area, 6, 6)
        painter.setPen(palette.color(QPalette.ColorRole.HighlightedText))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
