"""A check box for an action of a menu."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QWidget


class CheckBox(QCheckBox):
    """Shows a checkable action and toggles it; unlike a tool button's, its state shows on every desktop."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(action.iconText(), parent)
        self.setToolTip(action.toolTip())
        self.setChecked(action.isChecked())
        self.toggled.connect(action.setChecked)
        action.toggled.connect(self.setChecked)
