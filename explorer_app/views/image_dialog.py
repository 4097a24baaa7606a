"""Asks how raw depth images are to be read: nobody else can know."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings
from explorer_app.views.image_fields import ImageFields, number


class ImageDialog(QDialog):
    """Camera, unit, packing, cube and domain of images about to be opened."""

    chosen = Signal(ImageSettings)

    def __init__(self, settings: ImageSettings, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How to read these depth images")
        self.fields = ImageFields()
        self.preset, self.packed = self.fields.preset, self.fields.packed
        self.fx, self.fy, self.cx, self.cy = self.fields.fx, self.fields.fy, self.fields.cx, self.fields.cy
        self.cube = number(50, 1000, 0, " mm")
        self.cube.setToolTip("Edge of the cube cut out around the hand")
        self.domain = QComboBox()
        self.domain.addItem("real: seen by a camera", "real")
        self.domain.addItem("synthetic: rendered", "synthetic")
        self._base = settings
        self._build(what)
        self._show(settings)
        self.preset.currentIndexChanged.connect(self._take_cube)
        self.accepted.connect(self._choose)

    def _build(self, what: str) -> None:
        self.fields.form.addRow("Hand cube", self.cube)
        self.fields.form.addRow("Domain", self.domain)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(what))
        layout.addWidget(self.fields)
        layout.addWidget(buttons)

    def settings(self) -> ImageSettings:
        """What the fields say now."""
        base = replace(self._base, cube_mm=self.cube.value(), domain=self.domain.currentData())
        return self.fields.settings(base)

    def _show(self, settings: ImageSettings) -> None:
        self.fields.show_settings(settings)
        self.cube.setValue(settings.cube_mm)
        self.domain.setCurrentIndex(self.domain.findData(settings.domain))

    @Slot()
    def _take_cube(self) -> None:
        """A known camera brings the cube of its hands along."""
        key = self.preset.currentData()
        if key is not None:
            self.cube.setValue(CAMERA_PRESETS[key].cube_mm)

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(self.settings())
