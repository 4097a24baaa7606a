"""Fit the frame on screen, or every frame that is stepped to."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget

from explorer_app.session.fitting import FrameFitting
from explorer_app.widgets.layouts import row_layout
from explorer_app.widgets.menus import NAME_PROPERTY

_FIT = "Move the hand of P’s pose onto this frame’s measured depth (F); no annotation is used"
_STOP = "Stop the fit where it is (F or Esc)"


class FitControls(QWidget):
    """A view of `FrameFitting`; the actions are for a menu."""

    def __init__(self, fitting: FrameFitting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fitting = fitting
        self.fit, self.stop = QAction("&Fit", self), QAction("S&top fitting", self)
        self.fit.setProperty(NAME_PROPERTY, "Fit, or stop the fit")
        self.fit.setShortcut(QKeySequence("F"))
        self.fit.triggered.connect(fitting.toggle)
        self.stop.setShortcut(QKeySequence("Esc"))
        self.stop.triggered.connect(fitting.stop)
        self.button = QPushButton()
        self.button.clicked.connect(fitting.toggle)
        self.on_step = QCheckBox("every frame")
        self.on_step.setAccessibleName("Fit every frame")
        self.on_step.setToolTip("Fit every frame you step to, starting from the fit of the frame before it")
        self.on_step.toggled.connect(fitting.set_on_step)
        layout = row_layout(self)
        layout.addWidget(self.button)
        layout.addWidget(self.on_step)
        fitting.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        is_under_way = self._fitting.is_under_way
        self.button.setText("Stop" if is_under_way else "Fit")
        self.button.setAccessibleName("Stop fitting" if is_under_way else "Fit")
        self.button.setToolTip(_STOP if is_under_way else _FIT)
        self.fit.setText("Stop &fitting" if is_under_way else "&Fit")
        self.stop.setEnabled(is_under_way)  # otherwise Esc would be taken from dialogs and lists
