"""The panels around the middle of the window: docks that can be moved, closed and brought back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QTabWidget, QVBoxLayout, QWidget

from explorer_app.workspaces import Workspaces


class Docks(QObject):
    """Builds them; those of one area are tabs, which can be clicked but not dragged: that crashes Qt 6.11."""

    def __init__(self, window: QMainWindow, workspaces: Workspaces) -> None:
        super().__init__(window)
        self._window, self._workspaces = window, workspaces
        self.by_title: dict[str, QDockWidget] = {}
        window.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.installEventFilter(self)

    def add(self, title: str, panel: QWidget, area: Qt.DockWidgetArea, *workspaces: str) -> QDockWidget:
        """workspaces: where it is open at first. A panel with `set_seen` is told whether it is the raised tab."""
        dock = QDockWidget(title, self._window)
        dock.setObjectName(title)  # by which Qt remembers where it was
        padded = QWidget()
        layout = QVBoxLayout(padded)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(panel)
        dock.setWidget(padded)
        self._window.addDockWidget(area, dock)
        for other in self.by_title.values():
            if self._window.dockWidgetArea(other) == area:
                self._window.tabifyDockWidget(other, dock)
        self.by_title[title] = dock
        self._workspaces.add_dock(dock, *workspaces)
        if hasattr(panel, "set_seen"):
            dock.visibilityChanged.connect(panel.set_seen)
        return dock

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ChildPolished and isinstance(event.child(), QTabBar):
            event.child().installEventFilter(self)  # Qt makes the tab bars when it needs them
        is_drag = event.type() == QEvent.Type.MouseMove and bool(event.buttons())
        return is_drag and watched is not self._window
