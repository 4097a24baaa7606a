"""The camera, unit and packing of raw depth images as fields."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QWidget,
)

from explorer_app.model.opening import CAMERA_PRESETS, PRESET_TITLES, ImageSettings
from explorer_app.widgets.fields import choice, number, side_by_side
from explorer_app.widgets.layouts import form_layout
from lsps_core.camera import Camera

_CUSTOM = "Another camera"


class ImageFields(QWidget):
    """How to read raw images, except cube and domain; more rows may be added to `form`."""

    changed = Signal()
    """By the user."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        cameras = "Known cameras, with the unit and the packing that go with them"
        self.preset = choice(PRESET_TITLES, "Camera", cameras, 8)
        self.preset.addItem(_CUSTOM)
        self.fx, self.fy = (number(1, 10_000, 3, " px", f"Focal length {side}") for side in ("across", "down"))
        self.cx, self.cy = (number(-10_000, 10_000, 3, " px", f"Principal point {side}") for side in ("across", "down"))
        for field in (self.fx, self.fy, self.cx, self.cy):
            field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        unit = "What one count of the file stands for: 0.125 mm for an SR305, 1 mm for most"
        self.unit = number(0.001, 1000, 3, " mm", "Depth unit", unit)
        self.packed = QCheckBox("green × 256 + blue")
        self.packed.setToolTip("Depth packed into a colour image, as in NYU")
        self.mirrored = QCheckBox("left to right")
        self.mirrored.setToolTip("Flip the images, and their camera: models expect a right hand")
        self._build()
        self._name_preset()
        self.preset.currentIndexChanged.connect(self._take_preset)
        for field in (self.fx, self.fy, self.cx, self.cy, self.unit):
            field.valueChanged.connect(self._on_change)
        for box in (self.packed, self.mirrored):
            box.toggled.connect(self._on_change)

    def _build(self) -> None:
        self.form = form_layout(self)
        self.form.addRow("Camera", self.preset)
        self.form.addRow("Focal length", side_by_side(self.fx, self.fy))
        self.form.addRow("Principal point", side_by_side(self.cx, self.cy))
        self.form.addRow("Depth unit", self.unit)
        self.form.addRow("Packed", self.packed)
        self.form.addRow("Mirrored", self.mirrored)

    def set_editable(self, is_editable: bool) -> None:
        for field in (self.fx, self.fy, self.cx, self.cy, self.unit):
            field.setReadOnly(not is_editable)
        for widget in (self.preset, self.packed, self.mirrored):
            widget.setEnabled(is_editable)

    def settings(self, base: ImageSettings) -> ImageSettings:
        """The values of the fields, and of `base` for the rest."""
        return replace(
            base,
            camera=Camera(fx=self.fx.value(), fy=self.fy.value(), cx=self.cx.value(), cy=self.cy.value()),
            unit_mm=self.unit.value(),
            nyu_packed=self.packed.isChecked(),
            is_mirrored=self.mirrored.isChecked(),
        )

    def show_settings(self, settings: ImageSettings) -> None:
        camera = settings.camera
        fields = (
            (self.fx, camera.fx),
            (self.fy, camera.fy),
            (self.cx, camera.cx),
            (self.cy, camera.cy),
            (self.unit, settings.unit_mm),
        )
        for field, value in fields:
            with QSignalBlocker(field):
                field.setValue(value)
        for box, is_on in ((self.packed, settings.nyu_packed), (self.mirrored, settings.is_mirrored)):
            with QSignalBlocker(box):
                box.setChecked(is_on)
        self._name_preset()

    @Slot()
    def _take_preset(self) -> None:
        key = self.preset.currentData()
        if key is not None:
            self.show_settings(replace(CAMERA_PRESETS[key], is_mirrored=self.mirrored.isChecked()))
            self.changed.emit()

    @Slot()
    def _on_change(self) -> None:
        self._name_preset()
        self.changed.emit()

    def _name_preset(self) -> None:
        """Show the preset that matches the fields, or "Another camera"."""
        names = [key for key, preset in CAMERA_PRESETS.items() if self.settings(preset) == self._as_shown(preset)]
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(names[0]) if names else self.preset.count() - 1)

    def _as_shown(self, preset: ImageSettings) -> ImageSettings:
        """The flip does not depend on the camera."""
        return replace(preset, is_mirrored=self.mirrored.isChecked())
