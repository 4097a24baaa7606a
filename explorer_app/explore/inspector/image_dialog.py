"""Asks how to read raw depth images: the files do not contain it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QWidget

from explorer_app.explore.model.frame_warnings import camera_problems, inspect
from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings
from explorer_app.widgets import theme
from explorer_app.widgets.fields import choice, number
from explorer_app.widgets.image_fields import ImageFields
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.pictures.depth_picture import DepthPicture
from explorer_app.widgets.small import WrappedLabel

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView


class ImageDialog(QDialog):
    """Camera, unit, packing, cube and domain of images to open."""

    chosen = Signal(ImageSettings, bool)
    """The settings, and whether the first image can be of this camera; another is not worth remembering."""
    changed = Signal()
    """A field has changed."""

    def __init__(self, settings: ImageSettings, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How to read these depth images")
        self.fields = ImageFields()
        self.preset, self.packed = self.fields.preset, self.fields.packed
        self.fx, self.fy, self.cx, self.cy = self.fields.fx, self.fields.fy, self.fields.cx, self.fields.cy
        self.cube = number(50, 1000, 0, " mm", "Cube edge", "Edge of the crop cube around the hand")
        domains = {"real": "real: recorded by a camera", "synthetic": "synthetic: rendered"}
        self.domain = choice(domains, "Domain", "The model’s encoder for these images")
        self.preview = DepthPicture("First image", "Reading …")
        self.preview.aspect = 4 / 3
        self.preview.setMinimumSize(360, 290)
        self.verdict = WrappedLabel()
        self.verdict.setMinimumHeight(4 * self.fontMetrics().lineSpacing())
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._base = settings
        self._size_px: tuple[int, int] | None = None
        """of the first image, once it is read: width, height"""
        self._build(what)
        self._show(settings)
        self.preset.currentIndexChanged.connect(self._take_cube)
        for signal in (self.fields.changed, self.cube.valueChanged):
            signal.connect(self.changed)
        self.accepted.connect(self._choose)

    def _build(self, what: str) -> None:
        self.fields.form.addRow("Hand cube", self.cube)
        self.fields.form.addRow("Domain", self.domain)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self.open_button = buttons.button(QDialogButtonBox.StandardButton.Open)
        self.open_button.setEnabled(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        seen = column_layout()
        seen.addWidget(self.preview, 1)
        seen.addWidget(self.verdict)
        sides = row_layout()
        sides.addWidget(self.fields, 0, Qt.AlignmentFlag.AlignTop)
        sides.addSpacing(theme.MARGIN)
        sides.addLayout(seen, 1)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(QLabel(what))
        layout.addLayout(sides)
        layout.addWidget(buttons)

    def show_preview(self, view: FrameView) -> None:
        """The first image as read with these fields, its hand cube, and warnings."""
        raw = view.raw
        if raw is None:
            return
        self.open_button.setEnabled(True)
        height, width = raw.depth_mm.shape
        self._size_px = width, height
        self.preview.title = f"{view.frame.name}, {raw.near_mm:,.0f} to {raw.far_mm:,.0f} mm"
        self.preview.show_depth(raw.depth_mm, raw.near_mm, raw.far_mm)
        self.preview.set_overlay(box_px=raw.box_px)
        self.verdict.setText("\n".join(inspect(view).warnings) or raw.note.partition(",")[0].capitalize())

    def show_failure(self, line: str) -> None:
        """The reason why no image can be read with these settings."""
        self.open_button.setEnabled(False)
        self.preview.placeholder = "This image cannot be read with these settings"
        self.preview.clear()
        self.verdict.setText(line)

    def settings(self) -> ImageSettings:
        """The values of the fields."""
        base = replace(self._base, cube_mm=self.cube.value(), domain=self.domain.currentData())
        return self.fields.settings(base)

    def _show(self, settings: ImageSettings) -> None:
        self.fields.show_settings(settings)
        self.cube.setValue(settings.cube_mm)
        self.domain.setCurrentIndex(self.domain.findData(settings.domain))

    @Slot()
    def _take_cube(self) -> None:
        """A known camera also sets the cube size of its data set."""
        key = self.preset.currentData()
        if key is not None:
            self.cube.setValue(CAMERA_PRESETS[key].cube_mm)

    @Slot()
    def _choose(self) -> None:
        settings = self.settings()
        is_possible = self._size_px is not None and not camera_problems(settings.camera, *self._size_px)
        self.chosen.emit(settings, is_possible)
