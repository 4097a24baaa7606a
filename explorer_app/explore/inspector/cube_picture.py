"""The raw image with the cube drawn over it, which can be dragged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from explorer_app.widgets.pictures.depth_picture import DepthPicture

_NEAR_COLOUR, _FAR_COLOUR = QColor(255, 190, 60), QColor(120, 190, 255)
_NOTCH = 120
"""Qt's unit for one step of a wheel."""


class CubePicture(DepthPicture):
    """Emits mouse actions in px of the image; does not move the cube itself."""

    dragged = Signal(float, float)
    """Columns and rows since the last one."""
    placed = Signal(float, float, float)
    """Column, row and depth in mm of the surface that was double-clicked."""
    deepened = Signal(float)
    """Notches of the wheel; away from the user is deeper."""
    resized = Signal(float)
    """Notches of the wheel while Ctrl is held."""

    def __init__(self, title: str, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(title, placeholder, parent)
        self.is_movable = False
        self._faces: npt.NDArray[np.floating] | None = None
        self._grip: QPointF | None = None
        self._colours = (_NEAR_COLOUR, _FAR_COLOUR)

    def set_cube(
        self, faces_px: npt.NDArray[np.floating] | None, box_px: tuple[float, float, float, float] | None
    ) -> None:
        """The near and the far face, [2, 4, 2] column and row, and the crop window; None for no cube."""
        self._faces = faces_px
        self.set_overlay(box_px=box_px)
        self.setCursor(Qt.CursorShape.SizeAllCursor if self.is_movable else Qt.CursorShape.ArrowCursor)

    def pixel_at(self, position: QPointF) -> QPointF:
        """Column and row under a point of this widget; also outside the image."""
        area, scale = self._picture_area(), self._px_per_pixel()
        return QPointF((position.x() - area.left()) / scale - 0.5, (position.y() - area.top()) / scale - 0.5)

    def point_of(self, column: float, row: float) -> QPointF:
        """The position of an image pixel in this widget."""
        area, scale = self._picture_area(), self._px_per_pixel()
        return QPointF(area.left() + (column + 0.5) * scale, area.top() + (row + 0.5) * scale)

    def _px_per_pixel(self) -> float:
        return self._picture_area().width() / (self._values.shape[1] if self._values is not None else 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.is_movable and event.button() == Qt.MouseButton.LeftButton:
            self._grip = self.pixel_at(event.position())
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            super().mouseMoveEvent(event)
            return
        pixel = self.pixel_at(event.position())
        step, self._grip = pixel - self._grip, pixel
        self.dragged.emit(step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        depth_mm = self.value_at(event.position())
        if self.is_movable and depth_mm is not None and np.isfinite(depth_mm):
            pixel = self.pixel_at(event.position())
            self.placed.emit(pixel.x(), pixel.y(), depth_mm)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.is_movable:
            super().wheelEvent(event)
            return
        event.accept()
        is_sizing = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        (self.resized if is_sizing else self.deepened).emit(event.angleDelta().y() / _NOTCH)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._faces is None or self.is_empty:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self._picture_area())
        faces = [[self.point_of(column, row) for column, row in face] for face in self._faces.tolist()]
        painter.setPen(QPen(QColor(255, 255, 255, 110), 1))
        for near, far in zip(*faces, strict=True):
            painter.drawLine(near, far)
        for face, colour in zip(faces, self._colours, strict=True):
            painter.setPen(QPen(colour, 1.4, Qt.PenStyle.DashLine))
            painter.drawPolygon(QPolygonF(face))
