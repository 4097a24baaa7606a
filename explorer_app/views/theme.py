"""Colours and sizes that several widgets share, taken from the palette so that they fit light and dark desktops."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

GAP = 8
"""px between neighbours"""


def is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def picture_background(palette: QPalette) -> QColor:
    """Where a depth picture has no reading: a neutral, which no depth is."""
    return QColor(24, 25, 28) if is_dark(palette) else QColor(255, 255, 255)


def stage_background(palette: QPalette) -> QColor:
    """Behind the 3D skeleton."""
    return QColor(30, 31, 34) if is_dark(palette) else QColor(250, 250, 252)


def faint(palette: QPalette) -> QColor:
    """Second-rank text: still readable, plainly behind the first rank."""
    return QColor(165, 167, 172) if is_dark(palette) else QColor(92, 94, 100)


def hairline(palette: QPalette) -> QColor:
    """Frames and the edges of the cube."""
    return QColor(74, 77, 83) if is_dark(palette) else QColor(203, 205, 211)


def annotated(palette: QPalette) -> QColor:
    """The annotated skeleton, on the 3D stage."""
    return QColor(190, 192, 198) if is_dark(palette) else QColor(120, 122, 128)
