"""Where the cube stands, as fields."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from explorer_app.model.cut import FARTHEST_MM, LARGEST_CUBE_MM, NEAREST_MM, SMALLEST_CUBE_MM, Uvd
from explorer_app.views.image_fields import number, side_by_side


class CubeFields(QWidget):
    """The cube's centre in the image and in space, and its edge."""

    moved = Signal(object)
    """(column px, row px, depth mm), by the user."""
    resized = Signal(float)
    """Edge in mm, by the user."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.u = number(-10_000, 10_000, 1, " px", "Column of the cube’s centre")
        self.v = number(-10_000, 10_000, 1, " px", "Row of the cube’s centre")
        self.d = number(NEAREST_MM, FARTHEST_MM, 0, " mm", "Depth of the cube’s centre")
        self.d.setSingleStep(5)
        self.edge = number(SMALLEST_CUBE_MM, LARGEST_CUBE_MM, 0, " mm", "Edge of the cube")
        self.edge.setSingleStep(10)
        self.half = QLabel()
        self.place = QLabel()
        self.place.setToolTip("The centre in the camera’s frame: x to the right, y up, z away from it")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Centre in image", side_by_side(self.u, self.v))
        form.addRow("Centre depth", self.d)
        form.addRow("Centre in space", self.place)
        form.addRow("Cube edge", side_by_side(self.edge, self.half))
        for field in (self.u, self.v, self.d):
            field.valueChanged.connect(self._on_move)
        self.edge.valueChanged.connect(self.resized)

    def set_editable(self, is_editable: bool) -> None:
        for field in (self.u, self.v, self.d, self.edge):
            field.setReadOnly(not is_editable)

    def show_cube(self, center_uvd: Uvd, center_mm: np.ndarray, cube_mm: float) -> None:
        for field, value in zip((self.u, self.v, self.d, self.edge), (*center_uvd, cube_mm), strict=True):
            with QSignalBlocker(field):
                field.setValue(value)
        x, y, z = center_mm
        self.place.setText(f"{x:.0f}, {y:.0f}, {z:.0f} mm".replace("-", "−"))
        self.half.setText(f"half {cube_mm / 2:g} mm")

    @Slot()
    def _on_move(self) -> None:
        self.moved.emit((self.u.value(), self.v.value(), self.d.value()))
