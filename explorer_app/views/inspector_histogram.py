"""How many readings there are at which depth, and where the cube lies among them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.model.inspection import DepthCounts
from explorer_app.views import theme

_CUBE_COLOUR = QColor(255, 90, 60)
_BAND_COLOUR = QColor(255, 90, 60, 50)
_TICK_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


class DepthHistogram(QWidget):
    """Bars as high as the square root of the readings, over depth in mm.

    The band is what lies between the cube's near and far face.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: DepthCounts | None = None
        self._band = (0.0, 0.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Depth histogram")

    def show_counts(self, counts: DepthCounts | None, near_mm: float = 0.0, far_mm: float = 0.0) -> None:
        """near_mm and far_mm are the cube's faces."""
        self._counts, self._band = counts, (near_mm, far_mm)
        text = f"The cube spans {near_mm:.0f} to {far_mm:.0f} mm" if counts is not None else ""
        self.setToolTip(text)
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 110)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 80)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        counts = self._counts
        if counts is None or not counts.reading_count:
            return
        painter = QPainter(self)
        area = QRectF(0, 2, self.width() - 1, self.height() - self.fontMetrics().height() - 6)
        near, far = self._band
        least, most = min(counts.edges_mm[0], near), max(counts.edges_mm[-1], far)
        margin = 0.02 * (most - least)
        least, most = least - margin, most + margin

        def x_of(depth_mm: float) -> float:
            return area.left() + (depth_mm - least) / (most - least) * area.width()

        band = QRectF(x_of(near), area.top(), x_of(far) - x_of(near), area.height())
        painter.fillRect(band, _BAND_COLOUR)
        heights = np.sqrt(counts.counts / max(counts.counts.max(), 1)) * (area.height() - 2)
        bar = self.palette().text().color()
        bar.setAlpha(170)
        for left, right, height in zip(counts.edges_mm[:-1], counts.edges_mm[1:], heights, strict=True):
            width = max(x_of(right) - x_of(left), 1.0)
            painter.fillRect(QRectF(x_of(left), area.bottom() - height, width, height), bar)
        painter.setPen(_CUBE_COLOUR)
        for edge in (near, far):
            painter.drawLine(QPointF(x_of(edge), area.top()), QPointF(x_of(edge), area.bottom()))
        painter.setPen(theme.hairline(self.palette()))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        self._paint_ticks(painter, area, least, most)

    def _paint_ticks(self, painter: QPainter, area: QRectF, least: float, most: float) -> None:
        painter.setPen(theme.faint(self.palette()))
        room = self.fontMetrics().horizontalAdvance(f"{most:.0f} mm") + 24
        step = next((step for step in _TICK_STEPS if (most - least) / step <= area.width() / room), 100_000)
        for tick in np.arange(int(np.ceil(least / step)) * step, most, step):
            x = area.left() + (tick - least) / (most - least) * area.width()
            text = f"{tick:.0f} mm"
            width = self.fontMetrics().horizontalAdvance(text) + 2
            left = min(max(x - width / 2, 0), self.width() - width)
            where = QRectF(left, area.bottom() + 2, width, self.height() - area.bottom() - 2)
            painter.drawText(where, Qt.AlignmentFlag.AlignHCenter, text)
