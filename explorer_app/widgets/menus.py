"""Menu entries, and menus whose entries are created on opening."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

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


@dataclass(frozen=True)
class Entry:
    """An action of a menu bar as it is now; a menu that is filled anew deletes it.

    menu: the title in the bar; name: with the submenus above it; keys: as on the keyboard, may be empty.
    """

    menu: str
    name: str
    keys: str
    is_enabled: bool
    action: QAction

    @classmethod
    def of(cls, menu: str, name: str, action: QAction) -> Entry:
        form = QKeySequence.SequenceFormat.NativeText
        keys = " or ".join(key.toString(form) for key in action.shortcuts())
        return cls(menu, name, keys, action.isEnabled(), action)

    @property
    def path(self) -> str:
        return f"{self.menu} ▸ {self.name}"


def entries(bar: QMenuBar, *, fills: bool = False) -> list[Entry]:
    """All actions of the menus, submenus included. fills: first fill the menus whose entries are created on opening."""
    menus = [(plain(top.text()), menu) for top in bar.actions() if isinstance(menu := top.menu(), QMenu)]
    return [Entry.of(title, name, action) for title, menu in menus for name, action in _leaves(menu, fills)]


def _leaves(menu: QMenu, fills: bool) -> Iterator[tuple[str, QAction]]:
    if fills:
        menu.aboutToShow.emit()
    for action in menu.actions():
        menu_below = action.menu()
        name = plain(action.property(NAME_PROPERTY) or action.text())
        if isinstance(menu_below, QMenu):
            yield from ((f"{name} ▸ {below}", leaf) for below, leaf in _leaves(menu_below, fills))
        elif not action.isSeparator():
            yield name, action


def plain(text: str) -> str:
    """A title without its marks of keys and without the dots of a dialog."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip(" …")
