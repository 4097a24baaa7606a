"""Views of the failures that are kept by name: filters and order."""

from __future__ import annotations

import json
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QPushButton, QWidget

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.model.failure_table import COLUMNS, NUMBERS
from explorer_app.inspect.model.filters import SavedView
from explorer_app.preferences import Preferences
from explorer_app.widgets.menus import add_action
from lsps_core.files import parse_json

_KEY = "inspect/views"


class SavedViews(QPushButton):
    """A menu; a view that was saved on other data keeps what its filters name, and then shows nothing."""

    def __init__(self, failures: Failures, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__("Views", parent)
        self._failures, self._preferences = failures, preferences
        self.setToolTip("Filters and order that are kept by name")
        self.setAccessibleName("Saved views")
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)

    @property
    def known(self) -> dict[str, SavedView]:
        return _read(self._preferences.get(_KEY, "{}", check=_read))

    def _keep(self, views: dict[str, SavedView]) -> None:
        self._preferences.set(_KEY, json.dumps({name: view.to_json() for name, view in views.items()}))

    def fill(self) -> None:
        menu, known = self._menu, self.known
        menu.clear()
        for name in known:
            add_action(menu, name.replace("&", "&&"), partial(self.use, name))
        if known:
            menu.addSeparator()
        add_action(menu, "&Save this view …", self.ask)
        if known:
            removing = menu.addMenu("&Delete")
            for name in known:
                add_action(removing, name.replace("&", "&&"), partial(self.remove, name))

    def ask(self) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Save view")
        dialog.setLabelText("Name of this view:")
        dialog.textValueSelected.connect(self.save)
        dialog.open()

    def save(self, name: str) -> None:
        """Keep the current filters and order under this name."""
        if name.strip():
            view = SavedView.of(self._failures.filters, *self._failures.sorted_by)
            self._keep(self.known | {name.strip(): view})

    def use(self, name: str) -> None:
        """Show what is kept under this name."""
        view = self.known[name]
        if set(view.filters.ranges) <= set(NUMBERS):
            self._failures.set_filters(view.filters)
        if view.column in COLUMNS:
            self._failures.sort(view.column, view.is_descending)

    def remove(self, name: str) -> None:
        self._keep({kept: view for kept, view in self.known.items() if kept != name})


def _read(text: str) -> dict[str, SavedView]:
    views = parse_json(text)
    if not isinstance(views, dict):
        raise ValueError("they are not views by their names")
    return {name: SavedView.from_json(view) for name, view in views.items()}
