"""The colour bar of the depth pictures, in mm."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.model.colours import DEPTH_TABLE
from explorer_app.views import theme

_BAR_HEIGHT = 10


class DepthLegend(QWidget):
    """From the cube's near face to its far face, relative to its centre, and the colour of nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._half_mm: float | None = None
        self._center_mm: float | None = None
        bar = np.ascontiguousarray(DEPTH_TABLE[::-1][None])
        self._bar = QImage(bar.data, bar.shape[1], 1, 3 * bar.shape[1], QImage.Format.Format_RGB888).copy()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colours of depth, in mm")

    def set_cube(self, half_mm: float | None, center_mm: float | None = None) -> None:
        """half_mm: half the cube's edge; center_mm: the distance of its centre, where there is a camera."""
        self._half_mm, self._center_mm = half_mm, center_mm
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _BAR_HEIGHT + 2 * self.fontMetrics().height() + 10)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        line = self.fontMetrics().height()
        nothing = self.fontMetrics().horizontalAdvance("nothing") + 16
        bar = QRectF(0, 2, max(self.width() - nothing, 60), _BAR_HEIGHT)
        painter.drawImage(bar, self._bar)
        swatch = QRectF(self.width() - nothing + 12, 2, nothing - 12, _BAR_HEIGHT)
        painter.fillRect(swatch, theme.picture_background(self.palette()))
        painter.setPen(theme.hairline(self.palette()))
        painter.drawRect(swatch.adjusted(0, 0, -1, -1))
        painter.setPen(theme.faint(self.palette()))
        painter.drawText(
            QRectF(swatch.left(), bar.bottom() + 2, swatch.width(), line), Qt.AlignmentFlag.AlignHCenter, "nothing"
        )
        self._paint_ticks(painter, bar, line)

    def _paint_ticks(self, painter: QPainter, bar: QRectF, line: int) -> None:
        half = self._half_mm
        labels = ("near", "", "far") if half is None else (f"−{half:.0f} mm, near", "0", f"+{half:.0f} mm, far")
        below = QRectF(bar.left(), bar.bottom() + 2, bar.width(), line)
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for label, side in zip(labels, sides, strict=True):
            painter.drawText(below, side, label)
        if half is not None:
            where = "the cube’s centre"
            if self._center_mm is not None:
                where += f", {self._center_mm:.0f} mm from the camera"
            painter.drawText(below.translated(0, line), Qt.AlignmentFlag.AlignHCenter, f"depth from {where}")
