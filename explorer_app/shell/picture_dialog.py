"""How to save a picture of a view: size, caption, background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QLineEdit, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.fields import whole_number
from explorer_app.widgets.layouts import form_layout
from explorer_app.widgets.pictures.depth_picture import DepthPicture
from explorer_app.widgets.pictures.picture_row import PictureRow
from explorer_app.widgets.small import paint_now

_LARGEST_SCALE = 8


@dataclass(frozen=True)
class PictureOptions:
    """scale: px per px on screen. caption: a line below, empty for none."""

    scale: int = 2
    caption: str = ""
    is_transparent: bool = False


class PictureDialog(QDialog):
    """Starts with the options that were used last."""

    chosen = Signal(object)
    """PictureOptions"""

    def __init__(self, what: str, size: QSize, options: PictureOptions, parent: QWidget | None = None) -> None:
        """size: of the view on screen."""
        super().__init__(parent)
        self.setWindowTitle(f"Save image of {what}")
        self._size = size
        self.scale = whole_number(1, _LARGEST_SCALE, options.scale, "Scale", "px of the picture for each px on screen")
        self.caption = QLineEdit(options.caption)
        self.caption.setAccessibleName("Caption")
        self.caption.setToolTip("A line below the picture; empty for none")
        self.is_transparent = QCheckBox("Transparent background")
        self.is_transparent.setToolTip("Without the colour behind pictures and skeleton")
        self.is_transparent.setChecked(options.is_transparent)
        self.summary = QLabel()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Save).setText("Save as …")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = form_layout(self, margin=theme.MARGIN)
        form.addRow("&Scale", self.scale)
        form.addRow("Ca&ption", self.caption)
        form.addRow("", self.is_transparent)
        form.addRow(self.summary)
        form.addRow(buttons)
        self.scale.valueChanged.connect(self._show)
        self._show()

    def options(self) -> PictureOptions:
        return PictureOptions(self.scale.value(), self.caption.text().strip(), self.is_transparent.isChecked())

    @Slot()
    def _show(self) -> None:
        size = self._size * self.scale.value()
        self.summary.setText(f"{size.width()} × {size.height()} px")

    def accept(self) -> None:
        self.chosen.emit(self.options())
        super().accept()


def picture_of(widget: QWidget, options: PictureOptions) -> QImage:
    """`widget`, redrawn at its scale, without the controls of a row of pictures, with the caption below."""
    paint_now(widget)
    shown = QRegion(widget.rect())
    if isinstance(widget, PictureRow) and widget.controls is not None:
        shown -= QRegion(widget.controls.geometry())
    scale, palette = options.scale, widget.palette()
    height = round(1.8 * widget.fontMetrics().height()) if options.caption else 0
    size = widget.size() + QSize(0, height)
    image = QImage(size * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(palette.color(widget.backgroundRole()))
    DepthPicture.has_hard_edges = options.is_transparent
    try:
        widget.render(image, QPoint(), shown)
    finally:
        DepthPicture.has_hard_edges = False
    if options.caption:
        painter = QPainter(image)
        painter.setFont(widget.font())
        painter.setPen(palette.color(widget.foregroundRole()))
        below = QRect(0, widget.height(), widget.width(), height)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, options.caption)
        painter.end()
    return image


def grounds_of(widget: QWidget) -> list[int]:
    """The colours behind pictures and skeleton."""
    palette = widget.palette()
    window = palette.color(widget.backgroundRole())
    return [ground.rgb() for ground in (window, theme.view_background(palette), theme.picture_background(palette))]


def without(image: QImage, colours: Sequence[int]) -> QImage:
    """The image with the pixels of just these colours transparent. For a thread: a large one takes some time."""
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    pixels = np.frombuffer(image.bits(), dtype=np.uint32)
    pixels[np.isin(pixels, np.array(colours, dtype=np.uint32))] = 0
    return image
