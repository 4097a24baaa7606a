"""The 3D skeleton drawn with QPainter: needs no OpenGL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QGradient, QPainter, QPaintEvent, QPen, QPixmap, QRadialGradient
from PySide6.QtWidgets import QWidget

from explorer_app.model.colours import Rgb
from explorer_app.model.scene import CUBE_CORNERS, CUBE_EDGES, NO_GRID, Figure, Grid, Orbit
from explorer_app.widgets import theme

_BONE_RADIUS = 0.022
_JOINT_RADIUS = 0.036


class SkeletonPainter(QWidget):
    """Same interface as `SkeletonGl`, without volume and cloud."""

    has_depth: Literal[False] = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.orbit = Orbit()
        self._figures: tuple[Figure, ...] = ()
        self._grid = NO_GRID
        self._behind_key: tuple[object, ...] | None = None
        self._behind_pixmap = QPixmap()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it need be painted
        self.setAccessibleName("3D skeleton")

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Skeletons with points [J, 3] in half cube edges; all but the first are drawn thin, as references."""
        self._figures = tuple(figures)
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
        for index, drawn in reversed(list(enumerate(self._figures))):
            self._paint_figure(painter, drawn, 0.5 if index else 1.0)

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

    def _paint_figure(self, painter: QPainter, drawn: Figure, thickness: float) -> None:
        """Bones and joints from far to near: the painter's algorithm is enough for parts this small."""
        px, away, scale = (values.tolist() for values in self.orbit.project(drawn.points, self.width(), self.height()))
        dots = [QPointF(x, y) for x, y in px]
        parts = [((away[a] + away[b]) / 2, a, b) for a, b in drawn.known_bones]
        parts += [(away[joint] - _JOINT_RADIUS, joint, joint) for joint in drawn.known_joints]
        for _, a, b in sorted(parts, reverse=True):
            if a == b:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(_ball(drawn.colours[b]))
                radius = scale[a] * _JOINT_RADIUS * thickness
                painter.drawEllipse(dots[a], radius, radius)
            else:
                width = 2 * _BONE_RADIUS * thickness * (scale[a] + scale[b]) / 2
                painter.setPen(QPen(_brush(drawn.colours[b]), width, c=Qt.PenCapStyle.FlatCap))
                painter.drawLine(dots[a], dots[b])


@cache
def _brush(colour: Rgb) -> QBrush:
    return QBrush(QColor(*colour))


@cache
def _ball(colour: Rgb) -> QBrush:
    """Light from the upper left, at any size."""
    shine = QRadialGradient(0.3, 0.3, 0.8)
    shine.setCoordinateMode(QGradient.CoordinateMode.ObjectMode)
    shine.setColorAt(0, QColor(*colour).lighter(150))
    shine.setColorAt(1, QColor(*colour).darker(125))
    return QBrush(shine)
