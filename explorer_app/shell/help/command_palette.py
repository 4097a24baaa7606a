"""The command palette: every action of the menus, found by typing a part of its name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QMenuBar,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.menus import Entry, entries

_FOR_THE_LIST = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def found(query: str, all_entries: list[Entry]) -> list[Entry]:
    """The entries that have all words of `query`, in any order; first those whose own name starts with it."""
    words = query.lower().split()
    fitting = [entry for entry in all_entries if all(word in entry.path.lower() for word in words)]
    start = " ".join(words)
    return sorted(fitting, key=lambda entry: not entry.name.lower().startswith(start))


class CommandPalette(QDialog):
    """Runs the chosen action as the menu would. Entries that are disabled now are grey."""

    def __init__(self, bar: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find a command")
        self.resize(560, 420)
        self._bar = bar
        self._entries = entries(bar, fills=True)
        self.text = QLineEdit(placeholderText="Type a part of a name", clearButtonEnabled=True)
        self.text.setAccessibleName("Part of the command’s name")
        self.list = QTreeWidget()
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAccessibleName("Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(self.text)
        layout.addWidget(self.list)
        self.text.installEventFilter(self)
        self.text.textChanged.connect(self._show)
        self.text.returnPressed.connect(self._run_current)
        self.list.itemClicked.connect(self._run)
        self._show("")

    @Slot(str)
    def _show(self, query: str) -> None:
        self.list.clear()
        first: QTreeWidgetItem | None = None
        for entry in found(query, self._entries):
            item = QTreeWidgetItem(self.list, [entry.path, entry.keys])
            item.setDisabled(not entry.is_enabled)
            first = first or (item if entry.is_enabled else None)
        if first is not None:
            self.list.setCurrentItem(first)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _FOR_THE_LIST:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    @Slot()
    def _run_current(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._run(item)

    @Slot(QTreeWidgetItem)
    def _run(self, item: QTreeWidgetItem) -> None:
        """Look the action up again: a menu may have been filled anew since."""
        if item.isDisabled():
            return
        path = item.text(0)
        self.accept()
        for entry in entries(self._bar):
            if entry.path == path and entry.is_enabled:
                entry.action.trigger()
                return
