"""Check boxes and checkable actions that a user finds again as they were left."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton

from explorer_app.preferences import Preferences


class Switches(QObject):
    """Sets each switch as it was, and writes every change to the preferences."""

    def __init__(self, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._preferences = preferences

    def keep(self, **switches: QAction | QAbstractButton) -> None:
        """switches: by their names in the preferences."""
        for name, switch in switches.items():
            switch.setChecked(self._preferences.switches.get(name, switch.isChecked()))
            switch.toggled.connect(partial(self._write, name))

    def _write(self, name: str, is_on: bool) -> None:
        self._preferences.switches = self._preferences.switches | {name: is_on}
