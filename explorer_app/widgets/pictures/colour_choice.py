"""The colour map of depth, shared by all images of the app."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from explorer_app.model.colours import COLOUR_MAPS, DEFAULT_COLOUR_MAP
from explorer_app.preferences import Preferences

_KEY = "pictures/colours"


class ColourChoice(QObject):
    """A single instance, like the application's palette; widgets that paint depth connect to `changed`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = DEFAULT_COLOUR_MAP

    @property
    def table(self) -> npt.NDArray[np.uint8]:
        """uint8 [256, 3], from far to near."""
        return COLOUR_MAPS[self.name]

    def choose(self, name: str) -> None:
        """Set the colour map by name; an unknown name sets the default."""
        name = name if name in COLOUR_MAPS else DEFAULT_COLOUR_MAP
        if name != self.name:
            self.name = name
            self.changed.emit()


colour_choice = ColourChoice()


class ColourMenu(QMenu):
    """A view of `colour_choice`; reads it from the preferences and saves it there."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__("&Colours of depth", parent)
        self._preferences = preferences
        group = QActionGroup(self)
        for name in COLOUR_MAPS:
            action = self.addAction(name.capitalize())
            action.setData(name)
            action.setCheckable(True)
            group.addAction(action)
        group.triggered.connect(self._take)
        colour_choice.changed.connect(self._show)
        colour_choice.choose(str(preferences.get(_KEY, DEFAULT_COLOUR_MAP)))
        self._show()

    def _take(self) -> None:
        name = next(action.data() for action in self.actions() if action.isChecked())
        self._preferences.set(_KEY, name)
        colour_choice.choose(name)

    def _show(self) -> None:
        for action in self.actions():
            action.setChecked(action.data() == colour_choice.name)
