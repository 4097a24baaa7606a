"""The table of failures: 250 000 rows scroll like ten, because only visible cells are computed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSignalBlocker,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QTableView,
    QWidget,
)

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.frame_thumbnails import THUMBNAIL_PX, FrameThumbnails
from explorer_app.inspect.model.failure_table import COLUMNS, DIVISIONS, NUMBERS, OPTIONAL
from explorer_app.inspect.table_rows import FailureTableModel, SelectedRows

LABELLED = ("mean_mm", "worst_mm", "worst_joint")
_WIDTHS = {"index": 84, "name": 128, "group": 72, "worst_joint": 92, "disagreement_mm": 124, "latent_distance": 116}
MOST_RANGES = 400
"""Qt searches all ranges for every painted cell; beyond this number only the delegate shows the selection."""
_LOOK_MS = 30


class FailureTableView(QTableView):
    """A view of `Failures`: rows, selection, and the frame in the explorer as its current row."""

    def __init__(self, failures: Failures, thumbnails: FrameThumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._failures, self._thumbnails = failures, thumbnails
        self._is_showing = self._is_telling = False
        self._shown_order = failures.sorted_by
        self.rows = FailureTableModel(failures, thumbnails, self)
        self.setModel(self.rows)
        self.setItemDelegate(SelectedRows(self.rows, self))
        self._build()
        self._look = QTimer(self, singleShot=True, interval=_LOOK_MS)
        self._look.timeout.connect(self._want_thumbnails)
        self.verticalScrollBar().valueChanged.connect(self._look_soon)
        self.horizontalHeader().sectionClicked.connect(self.sort_by)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        self.selectionModel().currentChanged.connect(self._tell_current)
        self.activated.connect(self._show_in_explorer)
        thumbnails.changed.connect(self.viewport().update)
        failures.rows_changed.connect(self._show_rows)
        failures.selection_changed.connect(self._show_selection)
        failures.current_changed.connect(self._show_current)
        self._show_rows()

    def _build(self) -> None:
        self.setAccessibleName("Failures")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        vertical.hide()
        vertical.setMinimumSectionSize(1)
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setDefaultSectionSize(THUMBNAIL_PX + 4)
        horizontal.setSectionsClickable(True)
        horizontal.setSortIndicatorShown(True)
        horizontal.setHighlightSections(False)
        horizontal.setSelectionModel(QItemSelectionModel(self.rows, self))  # else it checks every row
        horizontal.setStretchLastSection(True)
        for section, column in enumerate(COLUMNS):
            self.setColumnWidth(section, _WIDTHS.get(column, 76))

    def keyboardSearch(self, search: str) -> None:
        """Qt would read every row's text; the filter bar searches names."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._show_in_explorer(self.currentIndex())
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look_soon()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_soon()

    @Slot(int)
    def sort_by(self, section: int) -> None:
        """Sort by a column, numbers with the largest first; a second time reverses the order."""
        column, is_descending = self._failures.sorted_by
        wanted = COLUMNS[section]
        self._failures.sort(wanted, not is_descending if wanted == column else wanted in NUMBERS)

    @Slot()
    def _show_rows(self) -> None:
        order, place = self._failures.sorted_by, self.verticalScrollBar().value()
        self._is_showing = True
        self.rows.show_rows()
        self._show_order(order)
        table = self._failures.table
        has_labels = table is None or bool(table.results.about.labels_digest)
        for column in LABELLED:
            self.setColumnHidden(COLUMNS.index(column), not has_labels)
        for column in (*OPTIONAL, *DIVISIONS):
            self.setColumnHidden(COLUMNS.index(column), table is None or not table.has(column))
        self.setColumnHidden(COLUMNS.index("group"), table is not None and table.groups in ([], [""]))
        self._is_showing = False
        self._show_selection()
        self._show_current(is_scrolling=False)
        self.verticalScrollBar().setValue(place if order == self._shown_order else 0)
        self._shown_order = order
        self._look_soon()

    def _show_order(self, order: tuple[str, bool]) -> None:
        column, is_descending = order
        with QSignalBlocker(self.horizontalHeader()):
            self.horizontalHeader().setSortIndicator(
                COLUMNS.index(column), Qt.SortOrder.DescendingOrder if is_descending else Qt.SortOrder.AscendingOrder
            )

    @Slot()
    def _show_selection(self) -> None:
        self.rows.show_selection()
        if not self._is_telling:
            self._is_showing = True
            self.selectionModel().select(self._ranges(), QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self._is_showing = False
            self._scroll_to_selection()
        self.viewport().update()

    def _scroll_to_selection(self) -> None:
        """To its first row, unless some row of it is visible."""
        rows = np.flatnonzero(self.rows.is_selected[self.rows.rows])
        last = self.rowAt(self.viewport().height() - 1)
        is_visible = (rows >= self.rowAt(0)) & ((rows <= last) | (last < 0))
        if len(rows) and not is_visible.any():
            self.scrollTo(self.rows.index(int(rows[0]), max(self.currentIndex().column(), 0)))

    def _ranges(self) -> QItemSelection:
        """The selected rows for Qt; none if they have too many ranges."""
        model, ranges = self.rows, QItemSelection()
        edges = np.flatnonzero(np.diff(model.is_selected[model.rows], prepend=False, append=False)).tolist()
        if len(edges) <= 2 * MOST_RANGES:
            for top, end in zip(edges[::2], edges[1::2], strict=True):
                ranges.select(model.index(top, 0), model.index(end - 1, len(COLUMNS) - 1))
        return ranges

    @Slot()
    def _show_current(self, is_scrolling: bool = True) -> None:
        table, current = self._failures.table, self._failures.current
        row = table.place_of(current) if table is not None and current is not None else None
        if row is None or row >= len(self.rows.rows) or row == self.currentIndex().row():
            return
        index = self.rows.index(row, max(self.currentIndex().column(), 0))
        self._is_showing = True
        self.setAutoScroll(is_scrolling)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.setAutoScroll(True)
        self._is_showing = False

    @Slot(QItemSelection, QItemSelection)
    def _tell_selection(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        if self._is_showing:
            return
        self._is_telling = True
        if QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier:
            self._failures.select(self._frames(deselected), "remove")
            self._failures.select(self._frames(selected), "add")
        else:
            self._failures.select(self._frames(self.selectionModel().selection()))
        self._is_telling = False

    def _frames(self, selection: QItemSelection) -> npt.NDArray[np.int64]:
        parts = [self.rows.rows[part.top() : part.bottom() + 1] for part in selection.toList()]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    @Slot(QModelIndex, QModelIndex)
    def _tell_current(self, current: QModelIndex, before: QModelIndex) -> None:
        if not self._is_showing and current.row() != before.row():
            self._show_in_explorer(current)

    @Slot(QModelIndex)
    def _show_in_explorer(self, index: QModelIndex) -> None:
        if index.isValid():
            self._failures.show_frame(int(self.rows.rows[index.row()]))

    @Slot()
    def _look_soon(self) -> None:
        if self.isVisible():
            self._look.start()

    @Slot()
    def _want_thumbnails(self) -> None:
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        if first >= 0:
            last = last if last >= 0 else len(self.rows.rows) - 1
            self._thumbnails.want(self.rows.rows[first : last + 1].tolist())
