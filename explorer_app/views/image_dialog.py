"""Asks how raw depth images are to be read: nobody else can know."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from explorer_app.model.opening import CAMERA_PRESETS, PRESET_TITLES, ImageSettings
from lsps_core.camera import Camera

_CUSTOM = "Another camera"


class ImageDialog(QDialog):
    """Camera, unit, packing, cube and domain of images about to be opened."""

    chosen = Signal(ImageSettings)

    def __init__(self, settings: ImageSettings, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How to read these depth images")
        self.preset = QComboBox()
        for key, title in PRESET_TITLES.items():
            self.preset.addItem(title, key)
        self.preset.addItem(_CUSTOM)
        self.fx, self.fy = _number(1, 10_000, 3, " px"), _number(1, 10_000, 3, " px")
        self.cx, self.cy = _number(-10_000, 10_000, 3, " px"), _number(-10_000, 10_000, 3, " px")
        self.unit = _number(0.001, 1000, 3, " mm")
        self.unit.setToolTip("What one count of the file stands for: 0.125 mm for an SR305, 1 mm for most")
        self.packed = QCheckBox("as NYU packs it: green × 256 + blue")
        self.cube = _number(50, 1000, 0, " mm")
        self.cube.setToolTip("Edge of the cube cut out around the hand")
        self.domain = QComboBox()
        self.domain.addItem("real: seen by a camera", "real")
        self.domain.addItem("synthetic: rendered", "synthetic")
        self._build(what)
        self._show(settings)
        self.preset.currentIndexChanged.connect(self._take_preset)
        for field in (self.fx, self.fy, self.cx, self.cy, self.unit, self.cube):
            field.valueChanged.connect(self._name_preset)
        self.packed.toggled.connect(self._name_preset)
        self.accepted.connect(self._choose)

    def _build(self, what: str) -> None:
        form = QFormLayout()
        form.addRow("Camera", self.preset)
        form.addRow("Focal length", _pair(self.fx, self.fy))
        form.addRow("Principal point", _pair(self.cx, self.cy))
        form.addRow("Depth unit", self.unit)
        form.addRow("Packed", self.packed)
        form.addRow("Hand cube", self.cube)
        form.addRow("Domain", self.domain)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(what))
        layout.addLayout(form)
        layout.addWidget(buttons)

    def settings(self) -> ImageSettings:
        """What the fields say now."""
        return ImageSettings(
            camera=Camera(fx=self.fx.value(), fy=self.fy.value(), cx=self.cx.value(), cy=self.cy.value()),
            unit_mm=self.unit.value(),
            nyu_packed=self.packed.isChecked(),
            cube_mm=self.cube.value(),
            domain=self.domain.currentData(),
        )

    def _show(self, settings: ImageSettings) -> None:
        camera = settings.camera
        fields = (
            (self.fx, camera.fx),
            (self.fy, camera.fy),
            (self.cx, camera.cx),
            (self.cy, camera.cy),
            (self.unit, settings.unit_mm),
            (self.cube, settings.cube_mm),
        )
        for field, value in fields:
            with QSignalBlocker(field):
                field.setValue(value)
        with QSignalBlocker(self.packed):
            self.packed.setChecked(settings.nyu_packed)
        self.domain.setCurrentIndex(self.domain.findData(settings.domain))
        self._name_preset()

    @Slot()
    def _take_preset(self) -> None:
        key = self.preset.currentData()
        if key is not None:
            self._show(CAMERA_PRESETS[key])

    @Slot()
    def _name_preset(self) -> None:
        """Say which preset the fields stand for; a changed field makes it another camera."""
        now = self.settings()
        names = [key for key, preset in CAMERA_PRESETS.items() if _is_same_camera(preset, now)]
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(names[0]) if names else self.preset.count() - 1)

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(self.settings())


def _is_same_camera(a: ImageSettings, b: ImageSettings) -> bool:
    """The cube and the domain are the user's own choice under any camera."""
    return (a.camera, a.unit_mm, a.nyu_packed) == (b.camera, b.unit_mm, b.nyu_packed)


def _number(least: float, most: float, decimals: int, suffix: str) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setRange(least, most)
    field.setDecimals(decimals)
    field.setSuffix(suffix)
    return field


def _pair(first: QWidget, second: QWidget) -> QHBoxLayout:
    pair = QHBoxLayout()
    pair.addWidget(first, 1)
    pair.addWidget(second, 1)
    return pair
