"""Texts, numbers and the histogram of the inspector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from explorer_app.explore.model.frame_warnings import inspect
from explorer_app.model.crop import FARTHEST_MM, LARGEST_CUBE_MM, NEAREST_MM, SMALLEST_CUBE_MM, Uvd
from explorer_app.model.depth_statistics import DepthCounts
from explorer_app.widgets import theme
from explorer_app.widgets.coloured_bar import ColouredBar
from explorer_app.widgets.fields import number, side_by_side
from explorer_app.widgets.layouts import column_layout, form_layout
from explorer_app.widgets.small import WrappedLabel

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView


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
        self.d = number(NEAREST_MM, FARTHEST_MM, 0, " mm", "Depth of the cube’s centre", step=5)
        self.edge = number(SMALLEST_CUBE_MM, LARGEST_CUBE_MM, 0, " mm", "Edge of the cube", step=10)
        self.half = QLabel()
        self.place = QLabel()
        self.place.setToolTip("The centre in the camera’s frame: x to the right, y up, z away from it")
        form = form_layout(self)
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


_CUBE_COLOUR = QColor(255, 90, 60)
_BAND_COLOUR = QColor(255, 90, 60, 50)
_TICK_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


class DepthHistogram(QWidget):
    """Histogram over depth in mm; bar heights are square roots of the counts.

    The band is between the cube's near and far face.
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


class InspectorFacts(QWidget):
    """Warnings first, then the share of pixels without a reading, then the distribution of depths."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = ColouredBar(theme.warning)
        self.warnings, self.numbers = WrappedLabel(), QLabel()
        self.histogram = DepthHistogram()
        layout = column_layout(self)
        self.bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column_layout(self.bar, margin=theme.GAP).addWidget(self.warnings)
        layout.addWidget(self.bar)
        layout.addWidget(self.numbers)
        layout.addWidget(self.histogram, 1)
        self.warnings.setAccessibleName("Warnings")

    def show_view(self, view: FrameView | None) -> None:
        self.bar.setVisible(False)
        self.numbers.setText("")
        self.histogram.show_counts(None)
        if view is None:
            return
        found = inspect(view)
        raw = f"\nNo reading in {found.raw.invalid_percent:.1f} % of the raw image" if found.raw is not None else ""
        self.numbers.setText(f"No reading in {found.crop.invalid_percent:.1f} % of the crop{raw}")
        self.warnings.setText("\n".join(found.warnings))
        self._make_room()
        self.bar.setVisible(bool(found.warnings))
        z, half_mm = float(view.frame.center_mm[2]), view.frame.half_mm
        self.histogram.show_counts(found.raw or found.crop, z - half_mm, z + half_mm)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Layouts in a scroll area ignore height-for-width of wrapped text, and squeeze the widgets below."""
        if self.warnings.text():
            self.warnings.setFixedHeight(self.warnings.heightForWidth(self.width() - 2 * theme.GAP))
