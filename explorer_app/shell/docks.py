"""The docks of the window. Those of one area are tabs, and a tab is the only title of its dock."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QChildEvent, QEvent, QObject, QPoint, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QHelpEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QStyle,
    QTabBar,
    QTabWidget,
    QToolButton,
    QToolTip,
    QWidget,
)

from explorer_app.widgets import theme
from explorer_app.widgets.icons import give_icon
from explorer_app.widgets.labels import SectionTitle
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.menus import add_action
from explorer_app.widgets.tab_style import underline_tabs

if TYPE_CHECKING:
    from explorer_app.shell.workspaces import Workspaces

_TAB_TIP = "A double click takes this panel out of the window, a right click has more"


class Docks(QObject):
    """Builds docks. Tabs can be clicked but not dragged: that crashes Qt 6.11."""

    def __init__(self, window: QMainWindow, workspaces: Workspaces) -> None:
        super().__init__(window)
        self._window, self._workspaces = window, workspaces
        self._is_due = False
        self._shared: tuple[QDockWidget, float] | None = None
        """While the window is resized: a dock at the bottom, and its height per height of the middle."""
        self.by_title: dict[str, QDockWidget] = {}
        self._titles: dict[str, DockTitle] = {}
        window.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.installEventFilter(self)

    def add(self, title: str, panel: QWidget, area: Qt.DockWidgetArea, *workspaces: str) -> QDockWidget:
        """workspaces: where it is open at first. `set_seen` of a panel is called when its tab is raised or lowered."""
        dock = QDockWidget(title, self._window)
        dock.setObjectName(title)  # the name for Qt's saved state
        padded = QWidget()
        layout = column_layout(padded)
        layout.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        layout.addWidget(panel)
        dock.setWidget(padded)
        self._titles[title] = DockTitle(dock)
        dock.setTitleBarWidget(self._titles[title])
        self._window.addDockWidget(area, dock)
        for other in self.by_title.values():
            if self._window.dockWidgetArea(other) == area:
                self._window.tabifyDockWidget(other, dock)
        self.by_title[title] = dock
        self._workspaces.add_dock(dock, *workspaces)
        if hasattr(panel, "set_seen"):
            dock.visibilityChanged.connect(panel.set_seen)
        for signal in (dock.visibilityChanged, dock.topLevelChanged, dock.dockLocationChanged):
            signal.connect(self._ask)
        return dock

    @Slot()
    def _ask(self) -> None:
        """A change of workspace shows and hides many docks: the titles follow once."""
        if not self._is_due:
            self._is_due = True
            QTimer.singleShot(0, self, self._show_titles)

    @Slot()
    def _show_titles(self) -> None:
        self._is_due = False
        for title, dock in self.by_title.items():
            beside = [other for other in self._window.tabifiedDockWidgets(dock) if not other.isHidden()]
            self._titles[title].set_tabbed(bool(beside) and not dock.isFloating())

    def _note_share(self, growth: int) -> None:
        """The window has grown by so many px, all of them in its middle: docks at the bottom are to get their share."""
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        shown = [dock for dock in self.by_title.values() if dock.isVisible() and dock.y() > 0 and not dock.isFloating()]
        below = [dock for dock in shown if self._window.dockWidgetArea(dock) == bottom]
        middle = self._window.centralWidget()
        before = middle.height() - growth if middle is not None else 0
        if below and before > 0 and self._shared is None and self._window.isVisible():
            self._shared = below[0], below[0].height() / before
            QTimer.singleShot(0, self, self._keep_share)

    @Slot()
    def _keep_share(self) -> None:
        """Qt gives all the room to the middle of the window: pictures of the frame would stay small on any screen."""
        middle = self._window.centralWidget()
        if self._shared is not None and middle is not None and self._window.isVisible():
            dock, ratio = self._shared
            handle = self._window.style().pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent)
            tabs = dock.geometry().top() - middle.geometry().bottom() - 1 - handle  # Qt counts them to the dock
            height = round((dock.height() + middle.height()) * ratio / (1 + ratio))
            self._window.resizeDocks([dock], [max(height + tabs, 1)], Qt.Orientation.Vertical)
        self._shared = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QResizeEvent) and watched is self._window:
            self._note_share(event.size().height() - event.oldSize().height())
        if isinstance(event, QChildEvent) and kind == QEvent.Type.ChildPolished:
            child = event.child()
            if isinstance(child, QTabBar):
                child.installEventFilter(self)  # Qt creates the tab bars on demand
                underline_tabs(child)
        if not isinstance(watched, QTabBar):
            return False
        if isinstance(event, QHelpEvent) and kind == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), _TAB_TIP, watched)
            return True
        if not isinstance(event, QMouseEvent):
            return False
        dock = self.by_title.get(watched.tabText(watched.tabAt(event.position().toPoint())))
        if kind == QEvent.Type.MouseButtonDblClick and dock is not None:
            QTimer.singleShot(0, dock, partial(dock.setFloating, True))  # not while its tab bar handles the click
        elif kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.RightButton and dock is not None:
            self._show_menu(dock, event.globalPosition().toPoint())
            return True
        return kind == QEvent.Type.MouseMove and bool(event.buttons())

    def _show_menu(self, dock: QDockWidget, at: QPoint) -> None:
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_action(menu, "&Take out of the window", partial(dock.setFloating, True))
        add_action(menu, "&Close", dock.close)
        menu.popup(at)


class DockTitle(QWidget):
    """Title and buttons of a dock that is alone or out of the window; nothing while a tab has its title."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._is_tabbed = False
        layout = row_layout(self, gap=theme.UNIT)
        layout.setContentsMargins(theme.MARGIN, theme.UNIT, theme.GAP, 0)
        layout.addWidget(SectionTitle(dock.windowTitle()), 1)
        for text, icon, do in (
            ("Take out of the window, or put back", "float", self._switch_floating),
            ("Close", "close", dock.close),
        ):
            button = QToolButton(autoRaise=True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            give_icon(button, icon)
            button.setToolTip(text)
            button.setAccessibleName(f"{dock.windowTitle()}: {text.lower()}")
            button.clicked.connect(do)
            layout.addWidget(button)
        self._dock = dock

    def set_tabbed(self, is_tabbed: bool) -> None:
        if is_tabbed != self._is_tabbed:
            self._is_tabbed = is_tabbed
            self.updateGeometry()

    @Slot()
    def _switch_floating(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), 0) if self._is_tabbed else hint

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(hint.width(), 0) if self._is_tabbed else hint
