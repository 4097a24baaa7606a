"""Keys without a modifier act only where one sees what they change."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction, QShortcutEvent

from explorer_app.shell.workspaces import Workspaces
from explorer_app.widgets.menus import plain

_MODIFIERS = ("Ctrl+", "Alt+", "Meta+")


class WorkspaceKeys(QObject):
    """Swallows the keys of actions that belong to other workspaces than the current one; the menus still have them."""

    swallowed = Signal(str)
    """A line that says where the key acts."""

    def __init__(self, workspaces: Workspaces) -> None:
        super().__init__(workspaces)
        self._workspaces = workspaces
        self._places: dict[QAction, tuple[str, ...]] = {}

    def keep(self, actions: Iterable[QAction], *names: str) -> None:
        """These actions' keys act in the workspaces `names` alone, but for keys with Ctrl, Alt or Meta."""
        for action in actions:
            self._places[action] = names
            action.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QShortcutEvent) or not isinstance(watched, QAction):
            return False
        names = self._places.get(watched, ())
        key = event.key().toString()
        if key.startswith(_MODIFIERS) or self._workspaces.current in names:
            return False
        self.swallowed.emit(f"{key}: {plain(watched.text())} acts in {' and '.join(names)}")
        return True
