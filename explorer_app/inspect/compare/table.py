"""The frames in which two methods differ most."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Slot,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.model.comparison import Comparison

Index = QModelIndex | QPersistentModelIndex

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Rows(QAbstractTableModel):
    def __init__(self, failures: Failures) -> None:
        super().__init__()
        self._failures = failures
        self.comparison: Comparison | None = None

    def show_comparison(self, comparison: Comparison | None) -> None:
        self.beginResetModel()
        self.comparison = comparison
        self.endResetModel()

    def rowCount(self, _parent: Index | None = None) -> int:
        return len(self.comparison.frames) if self.comparison is not None else 0

    def columnCount(self, _parent: Index | None = None) -> int:
        return 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole or self.comparison is None:
            return None
        names = (self.comparison.own_name, self.comparison.other_name)
        own, other = (name.replace(" (", "\n(") for name in names)  # wider headings would leave no room for the frame
        return ("Frame", own, other, "Δ mm")[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        comparison, table = self.comparison, self._failures.table
        if comparison is None or table is None:
            return None
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return _RIGHT
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        own, other = comparison.own_mm[row], comparison.other_mm[row]
        name = table.results.names[comparison.frames[row]] if column == 0 else ""
        texts = (str(name), f"{own:.1f}", f"{other:.1f}", f"{other - own:+.1f}".replace("-", "−"))
        return texts[column]


class ComparisonTable(QTableView):
    """The selection is shared by all views; the current row is the frame in the explorer."""

    def __init__(self, failures: Failures) -> None:
        super().__init__()
        self._failures = failures
        self._is_showing = False
        self.rows = _Rows(failures)
        self.setModel(self.rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)  # names in a folder start alike
        self.setWordWrap(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)
        self.setAccessibleName("Frames with the largest difference")
        self.selectionModel().selectionChanged.connect(self._select)
        self.selectionModel().currentRowChanged.connect(self._show_frame)
        failures.selection_changed.connect(self.show_selection)

    def show_comparison(self, comparison: Comparison | None) -> None:
        self._is_showing = True
        self.rows.show_comparison(comparison)
        self._is_showing = False
        self.show_selection()

    @Slot()
    def show_selection(self) -> None:
        """Show the shared selection."""
        table, comparison = self._failures.table, self.rows.comparison
        if self._is_showing or table is None or comparison is None:
            return
        selection = QItemSelection()
        for row, frame in enumerate(comparison.frames.tolist()):
            if table.is_selected(frame):
                selection.select(self.rows.index(row, 0), self.rows.index(row, 3))
        self._is_showing = True
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._is_showing = False

    @Slot()
    def _select(self) -> None:
        if self._is_showing or self.rows.comparison is None:
            return
        rows = [index.row() for index in self.selectionModel().selectedRows()]
        self._is_showing = True
        self._failures.select(self.rows.comparison.frames[rows])
        self._is_showing = False

    @Slot(QModelIndex)
    def _show_frame(self, index: QModelIndex) -> None:
        if index.isValid() and not self._is_showing and self.rows.comparison is not None:
            self._failures.show_frame(int(self.rows.comparison.frames[index.row()]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._show_frame(self.currentIndex())
        else:
            super().keyPressEvent(event)
