"""One latent axis: its name, a slider, the typed value and the way back to the mean."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QToolButton

from explorer_app.model.latent import RANGE_SIGMA
from explorer_app.views.latent_slider import LatentSlider

TICKS_PER_SIGMA = 100
_RANGE_TICKS = round(RANGE_SIGMA * TICKS_PER_SIGMA)
_TYPED_LIMIT = 999.0
"""Codes of frames may lie outside the slider; the field shows them as they are."""


class LatentRow:
    """The four widgets of one axis, laid into one line of a shared grid so that all axes align."""

    def __init__(self, axis: int, grid: QGridLayout) -> None:
        name = f"z{axis + 1}"
        self.label = QLabel(name)
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider = LatentSlider()
        self.slider.setRange(-_RANGE_TICKS, _RANGE_TICKS)
        self.slider.setSingleStep(10)
        self.slider.setPageStep(50)
        self.slider.setAccessibleName(f"{name}, slider")
        self.slider.setToolTip(
            f"{name}, in σ of the encoded training poses\nArrow keys move it, a double click resets it"
        )
        self.field = QDoubleSpinBox()
        self.field.setRange(-_TYPED_LIMIT, _TYPED_LIMIT)
        self.field.setDecimals(2)
        self.field.setSingleStep(0.1)
        self.field.setKeyboardTracking(False)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.field.setFixedWidth(self.field.fontMetrics().horizontalAdvance("−000.00") + 14)
        self.field.setAccessibleName(f"{name}, value in σ")
        self.reset = QToolButton()
        self.reset.setText("↺")
        self.reset.setAutoRaise(True)
        self.reset.setToolTip(f"Reset {name} to the mean")
        for column, widget in enumerate((self.label, self.slider, self.field, self.reset)):
            grid.addWidget(widget, axis, column)

    def show(self, value: float) -> None:
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):  # showing must not round it in the session
            self.slider.setValue(round(value * TICKS_PER_SIGMA))
            self.field.setValue(value)
        self.reset.setEnabled(value != 0)
