"""Colours and sizes that several widgets share, taken from the palette so that they fit light and dark desktops."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

GAP = 8
"""px between neighbours"""


_is_dark: dict[int, bool] = {}
"""By palette; a painted window asks hundreds of times."""


def is_dark(palette: QPalette) -> bool:
    key = palette.cacheKey()
    if key not in _is_dark:
        _is_dark[key] = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return _is_dark[key]


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


def grid(palette: QPalette) -> QColor:
    """Centimetres behind the skeleton, fainter than the cube."""
    return QColor(41, 43, 47) if is_dark(palette) else QColor(236, 237, 241)


def annotated(palette: QPalette) -> QColor:
    """The annotated skeleton, on the 3D stage."""
    return QColor(190, 192, 198) if is_dark(palette) else QColor(120, 122, 128)


def error(palette: QPalette) -> QColor:
    """From a predicted joint to the annotated one; apart from every finger's colour, for colour-blind eyes too."""
    return QColor(240, 228, 66) if is_dark(palette) else QColor(136, 34, 85)


def halo(palette: QPalette) -> QColor:
    """Around joints that are pointed out."""
    return QColor(240, 228, 66) if is_dark(palette) else QColor(0, 114, 178)
