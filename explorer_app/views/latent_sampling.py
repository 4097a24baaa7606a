"""Draws of the prior: the button, the seed and the temperature."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QPushButton, QSizePolicy, QSpinBox, QWidget

_LARGEST_SEED = 2**31 - 1


class LatentSampling(QWidget):
    """Holds the seed and the temperature of the next draw."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QPushButton("Sample prior")
        self.button.setToolTip("Draw the next hand from the prior; locked sliders stay (R)")
        self.seed = QSpinBox()
        self.seed.setRange(0, _LARGEST_SEED)
        self.seed.setKeyboardTracking(False)
        self.seed.setToolTip("The seed of the sample; type one to see its hand again")
        self.seed.setAccessibleName("Seed of the sample")
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(0.0, 2.0)
        self.temperature.setSingleStep(0.05)
        self.temperature.setDecimals(2)
        self.temperature.setValue(1.0)
        self.temperature.setKeyboardTracking(False)
        self.temperature.setToolTip("How far from the prior's mean samples lie: 0 at the mean, 1 as trained, 2 far out")
        self.temperature.setAccessibleName("Temperature of the sample")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.button, 0, 0, 1, 4)
        for column, (text, field) in enumerate((("Seed", self.seed), ("Temperature", self.temperature))):
            label = QLabel(text)
            label.setBuddy(field)
            grid.addWidget(label, 1, 2 * column)
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(field, 1, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)

    def next_seed(self) -> int:
        """Go on to the next seed, quietly."""
        seed = self.seed.value() + 1 if self.seed.value() < _LARGEST_SEED else 0
        with QSignalBlocker(self.seed):
            self.seed.setValue(seed)
        return seed
