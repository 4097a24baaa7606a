"""The three workspaces of the window: the central widget and the open docks of each."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QTabBar, QWidget

from explorer_app.preferences import Preferences
from explorer_app.widgets.small import paint_next_turn
from explorer_app.widgets.tab_style import underline_tabs
from explorer_app.workspace_names import EXPLORE, INSPECT, TRAIN

_TIPS = {
    EXPLORE: "Explore the latent space",
    INSPECT: "See where a model fails, and why",
    TRAIN: "Train models and watch their progress",
}


class Pages(QStackedWidget):
    """The central widgets of the workspaces. Needs the room of the current one only, not of the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self._fit)

    @Slot()
    def _fit(self) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.sizeHint() if page is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else super().minimumSizeHint()


class Workspaces(QObject):
    """The current workspace of the window. Each one remembers the layout of its docks.

    tabs: the switch for the corner of the menu bar; actions: the same for a menu, one a workspace.
    """

    changed = Signal(str)
    arranged = Signal(str)
    """A workspace with the default layout was entered."""

    def __init__(self, window: QMainWindow, pages: Pages) -> None:
        super().__init__(window)
        self._window, self._stack = window, pages
        self._pages: dict[str, QWidget] = {}
        self._docks: dict[str, list[QDockWidget]] = {}
        self._states: dict[str, QByteArray] = {}
        self._first_state: QByteArray | None = None
        self._preferences: Preferences | None = None
        self._is_entered = True
        """False from a switch while the window is hidden until it is shown again; see `_enter`."""
        self.current = ""
        self.actions: dict[str, QAction] = {}
        self._group = QActionGroup(self)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        underline_tabs(self.tabs)
        self.tabs.setAccessibleName("Workspace")
        self.tabs.currentChanged.connect(self._go_to_tab)

    def add(self, name: str, page: QWidget) -> None:
        """Add a workspace with this central widget, which may be shared; the first one is entered."""
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)
        self._pages[name] = page
        self._docks.setdefault(name, [])
        keys = f"Ctrl+{len(self._pages)}"
        action = QAction(f"&{name}", self, checkable=True, shortcut=QKeySequence(keys))
        action.triggered.connect(lambda: self.go(name))
        self._group.addAction(action)
        self.actions[name] = action
        self.current = self.current or name
        with QSignalBlocker(self.tabs):
            tab = self.tabs.addTab(name)
        self.tabs.setTabToolTip(tab, f"{_TIPS.get(name, name)} ({keys})")
        self._show()

    def add_dock(self, dock: QDockWidget, *names: str) -> None:
        """Open with these workspaces, until the user closes it there."""
        for name in names:
            self._docks.setdefault(name, []).append(dock)
        dock.setVisible(self.current in names)

    def begin(self) -> None:
        """All docks exist: save their layout as the default."""
        self._first_state = self._window.saveState()

    @Slot(str)
    def go(self, name: str) -> None:
        """Switch to another workspace, and remember the layout of this one."""
        if name == self.current or name not in self._pages:
            self._show()
            return
        state = self.state(self.current)
        if state is not None:
            self._states[self.current] = state
        self.current = name
        self._enter()
        self.changed.emit(name)

    def reset(self) -> None:
        """Restore the default layout of all workspaces."""
        self._states.clear()
        self._enter()

    def state(self, name: str) -> QByteArray | None:
        """The layout of a workspace as Qt's saved state; None if it was never entered."""
        is_shown = name == self.current and self._is_entered
        return self._window.saveState() if is_shown else self._states.get(name)

    def save(self, preferences: Preferences) -> None:
        for name in self._pages:
            state = self.state(name)
            if state is not None:
                preferences.set(f"workspaces/{name}", state)

    def restore(self, preferences: Preferences) -> None:
        """Restore the layouts from when the window was closed; damaged ones are set aside."""
        layout = preferences.layout
        if layout is not None and not self._window.restoreGeometry(layout[0]):
            preferences.set_aside("window/geometry")
        self._preferences = preferences
        states = {name: preferences.get(f"workspaces/{name}") for name in self._docks}
        self._states = {name: state for name, state in states.items() if state is not None}
        if not self._restore_current():
            self._enter()

    def on_window_shown(self) -> None:
        """Enter the workspace that was switched to while the window was hidden."""
        if not self._is_entered:
            self._enter()

    def _enter(self) -> None:
        """Not while a hidden window is maximised or full screen.

        Qt 6.11 then keeps a copy of the restored layout until the window is resized, and a dock that changes meanwhile
        is written to where it no longer is: a segmentation fault (`QMainWindow.resizeDocks` after `restoreState`).
        """
        paint_next_turn(self._window)
        self._stack.setMinimumSize(1, 1)  # beside docks that are about to be hidden its own would make the window grow
        self._show()
        is_large = self._window.windowState() & (Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen)
        self._is_entered = self._window.isVisible() or not is_large
        if self._is_entered and not self._restore_current():
            self._enter_default()
        self._stack.setMinimumSize(0, 0)  # the page's

    def _restore_current(self) -> bool:
        """False if the workspace has no saved layout that can be used."""
        if self.current not in self._states:
            return False
        self._show_docks()  # for docks that are newer than the state
        if self._restore(self._states[self.current]):
            return True
        del self._states[self.current]
        if self._preferences is not None:
            self._preferences.set_aside(f"workspaces/{self.current}")
        return False

    def _enter_default(self) -> None:
        if self._first_state is not None:
            for dock in {dock for docks in self._docks.values() for dock in docks}:
                dock.hide()  # those of the last workspace beside the restored ones would make the window grow
            self._restore(self._first_state)
        self._show_docks()
        self.arranged.emit(self.current)

    def _restore(self, state: QByteArray) -> bool:
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.hide()  # Qt shows the ones it uses again, and would leave the others visible
        return bool(self._window.restoreState(state))

    def _show_docks(self) -> None:
        mine = self._docks[self.current]
        others = {dock for name, docks in self._docks.items() if name != self.current for dock in docks}
        for dock in others.difference(mine):  # first: with all of them the window would grow, and stay so
            dock.hide()
        for dock in mine:
            dock.show()
        for dock in reversed(mine):  # its own docks come before shared ones, and the first of each area is on top
            if dock not in others or self.current == next(iter(self._docks)):
                dock.raise_()

    def _show(self) -> None:
        self._stack.setCurrentWidget(self._pages[self.current])
        self.actions[self.current].setChecked(True)
        with QSignalBlocker(self.tabs):
            self.tabs.setCurrentIndex(list(self._pages).index(self.current))

    @Slot(int)
    def _go_to_tab(self, index: int) -> None:
        self.go(list(self._pages)[index])
