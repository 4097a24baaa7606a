"""Training runs, one a row, both running and finished."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from explorer_app.train.model.run_folder import WENT_WRONG, RunView
from explorer_app.widgets import theme

_SHOWN_COUNT = 2
_NAME, _STATE, _DONE, _BEST = range(4)
_ALONE = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class RunList(QTreeWidget):
    """The first selected run is shown, a second one is drawn over it."""

    chosen = Signal()
    forget_asked = Signal(object)
    folder_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels(["Run", "State", "Done", "Best mm"])
        self.setAccessibleName("Training runs")
        self.setToolTip("Select a run to show it, and Ctrl+click a second one to compare its curves")
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.itemSelectionChanged.connect(self._choose)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self._items: dict[Path, QTreeWidgetItem] = {}
        self.selected: list[Path] = []
        """at most two, in the order of selection"""

    def show_views(self, views: Iterable[RunView]) -> None:
        views = list(views)
        with QSignalBlocker(self):
            for path in self._items.keys() - {view.path for view in views}:
                self.takeTopLevelItem(self.indexOfTopLevelItem(self._items.pop(path)))
            for view in views:
                if view.path not in self._items:
                    self._items[view.path] = QTreeWidgetItem(self)
                    self._items[view.path].setData(_NAME, Qt.ItemDataRole.UserRole, view.path)
                self._show_view(self._items[view.path], view)
        if [path for path in self.selected if path in self._items] != self.selected:
            self._choose()
        if not self.selected and views:
            self.select(next((view.path for view in views if view.is_alive), views[0].path))

    def select(self, path: Path) -> None:
        """Select only this one, if it is listed."""
        if path in self._items:
            # otherwise Qt checks the keyboard, and toggles the row while Ctrl is pressed
            self.setCurrentItem(self._items[path], _NAME, _ALONE)

    def _show_view(self, item: QTreeWidgetItem, view: RunView) -> None:
        best = view.curves.best_mm
        texts = (view.path.name, view.state, f"{100 * view.share_done:.0f} %", f"{best[0]:.1f}" if best else "–")
        for column, text in enumerate(texts):
            item.setText(column, text)
            item.setToolTip(column, f"{view.path}\n{view.why}".strip())
        for column in (_DONE, _BEST):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        font = item.font(_STATE)
        font.setBold(view.is_alive)
        item.setFont(_STATE, font)
        wrong = QColor(230, 159, 0) if theme.is_dark(self.palette()) else QColor(168, 70, 0)
        plain = self.palette().text().color()
        item.setForeground(_STATE, wrong if view.state in WENT_WRONG else plain)

    @Slot()
    def _choose(self) -> None:
        now = [item.data(_NAME, Qt.ItemDataRole.UserRole) for item in self.selectedItems()]
        kept = [path for path in self.selected if path in now]
        self.selected = [*kept, *(path for path in now if path not in kept)][:_SHOWN_COUNT]
        self.chosen.emit()

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        if item is None:
            return
        path = item.data(_NAME, Qt.ItemDataRole.UserRole)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open &folder", lambda: self.folder_asked.emit(path))
        menu.addAction("&Remove from the list", lambda: self.forget_asked.emit(path))
        menu.popup(self.viewport().mapToGlobal(at))
