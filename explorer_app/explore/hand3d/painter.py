"""The 3D skeleton drawn with QPainter: needs no OpenGL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from explorer_app.model.scene import (
    BONE_RADIUS,
    CUBE_CORNERS,
    CUBE_EDGES,
    JOINT_RADIUS,
    NO_GRID,
    REFERENCE_THICKNESS,
    Figure,
    Grid,
    Orbit,
)
from explorer_app.widgets import theme
from explorer_app.widgets.pictures.skeleton_drawing import paint_solid


class SkeletonPainter(QWidget):
    """Same interface as `SkeletonGl`, without volume and cloud."""

    has_depth: Literal[False] = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.orbit = Orbit()
        self.figures: tuple[Figure, ...] = ()
        self._grid = NO_GRID
        self._behind_key: tuple[object, ...] | None = None
        self._behind_pixmap = QPixmap()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it need be painted
        self.setAccessibleName("3D skeleton")

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Skeletons with points [J, 3] in half cube edges; all but the first are drawn thin, as references."""
        self.figures = tuple(figures)
        self.update()

    def show_grid(self, grid: Grid) -> None:
        self._grid = grid
        self.update()

    def set_orbit(self, orbit: Orbit) -> None:
        self.orbit = orbit
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._behind())
        for index, drawn in reversed(list(enumerate(self.figures))):
            thickness = REFERENCE_THICKNESS if index else 1.0
            projected = self.orbit.project(drawn.points, self.width(), self.height())
            paint_solid(painter, drawn, projected, BONE_RADIUS * thickness, JOINT_RADIUS * thickness)

    def _behind(self) -> QPixmap:
        """The grid and the cube, redrawn only when the camera, the size or the colours change."""
        ratio = self.devicePixelRatioF()
        key = (self.orbit, self._grid, self.size(), ratio, self.palette().cacheKey())
        if key != self._behind_key:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(theme.view_background(self.palette()))
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_lines(painter, self._grid.fine, theme.grid(self.palette()))
            self._paint_lines(painter, self._grid.coarse, theme.hairline(self.palette()))
            self._paint_lines(painter, CUBE_CORNERS[np.array(CUBE_EDGES)], theme.hairline(self.palette()))
            painter.end()
            self._behind_key, self._behind_pixmap = key, pixmap
        return self._behind_pixmap

    def _paint_lines(self, painter: QPainter, lines: npt.NDArray[np.floating], colour: QColor) -> None:
        """lines [N, 2, 3]"""
        px, _, _ = self.orbit.project(lines, self.width(), self.height())
        painter.setPen(QPen(colour, 1))
        painter.drawLines([QLineF(*start, *end) for start, end in px.tolist()])
