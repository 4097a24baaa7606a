"""Skeletons by QPainter: flat over a depth picture, or in 3D with shaded joints. Both work in threads."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QGradient, QPainter, QPen, QRadialGradient

from explorer_app.model.colours import Rgb
from explorer_app.model.scene import BONE_RADIUS, JOINT_RADIUS, OUTLINE, Figure, FloatArray, far_to_near, strokes

_DOT_RADIUS = 2.6


def paint_over(
    painter: QPainter, figure: Figure, unit: float, bone_width: float = 2.2, *, has_joints: bool = True
) -> None:
    """Bones over a dark outline, visible over every depth.

    The figure's points are columns and rows of the picture; `unit` is a screen px in picture px, `bone_width` in
    screen px.
    """
    dots = [QPointF(x, y) for x, y in (figure.points + 0.5).tolist()]  # pixel centres are at integers
    for colour, width, bones in strokes(figure, bone_width):
        painter.setPen(QPen(QColor(*colour), width * unit, c=Qt.PenCapStyle.RoundCap))
        painter.drawLines([QLineF(dots[parent], dots[child]) for parent, child in bones])
    if has_joints:
        painter.setPen(QPen(QColor(*OUTLINE), unit))
        for joint in figure.known_joints:
            painter.setBrush(_brush(figure.colours[joint]))
            painter.drawEllipse(dots[joint], _DOT_RADIUS * unit, _DOT_RADIUS * unit)


def paint_solid(
    painter: QPainter,
    figure: Figure,
    projected: tuple[FloatArray, FloatArray, FloatArray],
    bone_radius: float = BONE_RADIUS,
    joint_radius: float = JOINT_RADIUS,
) -> None:
    """Bones and joints from far to near: the painter's algorithm is enough for parts this small.

    projected: of the figure's points, by `Orbit.project`. The radii are in the unit of the scene.
    """
    px, away, scale = (values.tolist() for values in projected)
    dots = [QPointF(x, y) for x, y in px]
    for start, end in far_to_near(figure, away, joint_radius):
        colour = figure.colours[end]
        if start == end:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_ball(colour))
            radius = scale[end] * joint_radius
            painter.drawEllipse(dots[end], radius, radius)
        else:
            width = bone_radius * (scale[start] + scale[end])
            painter.setPen(QPen(_brush(colour), width, c=Qt.PenCapStyle.FlatCap))
            painter.drawLine(dots[start], dots[end])


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
