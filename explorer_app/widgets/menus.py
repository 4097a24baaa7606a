"""Menu entries, and menus whose entries are created on opening."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

NAME_PROPERTY = "sheetName"
"""Names of actions whose text changes."""


def add_action(menu: QMenu, title: str, do: Callable[[], object], *keys: str, tip: str = "") -> QAction:
    action: QAction = menu.addAction(title)
    action.setShortcuts([QKeySequence(key) for key in keys])
    action.setStatusTip(tip)
    action.triggered.connect(lambda: do())
    return action


def filled_on_show(menu: QMenu, title: str, fill: Callable[[QMenu], None]) -> QMenu:
    """A submenu that is rebuilt whenever it opens."""
    submenu = menu.addMenu(title)

    def refill() -> None:
        submenu.clear()
        for group in submenu.findChildren(QActionGroup):  # not deleted by clear()
            group.deleteLater()
        fill(submenu)

    submenu.aboutToShow.connect(refill)
    return submenu
