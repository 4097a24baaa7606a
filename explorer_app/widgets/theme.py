"""Colours and sizes that several widgets share, taken from the palette so that they fit light and dark desktops."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette

from explorer_app.model.colours import Rgb

UNIT = 4
"""px; gaps and margins are multiples of it."""
GAP = 2 * UNIT
"""px between neighbours"""
MARGIN = 3 * UNIT
"""px around the contents of a dialog"""


_is_dark: dict[int, bool] = {}
"""Cached by palette; painting a window needs it hundreds of times."""


def is_dark(palette: QPalette) -> bool:
    """By the ground of fields: the window's colour is another one where the style takes edges from it."""
    key = palette.cacheKey()
    if key not in _is_dark:
        _is_dark[key] = palette.color(QPalette.ColorRole.Base).lightness() < 128
    return _is_dark[key]


def picture_background(palette: QPalette) -> QColor:
    """Colour of pixels without a reading: a neutral one, which is not in the colour maps."""
    return QColor(24, 25, 28) if is_dark(palette) else QColor(255, 255, 255)


def view_background(palette: QPalette) -> QColor:
    """Behind the 3D skeleton."""
    return QColor(30, 31, 34) if is_dark(palette) else QColor(250, 250, 252)


def faint(palette: QPalette) -> QColor:
    """Secondary text: readable, but fainter than primary text."""
    return QColor(165, 167, 172) if is_dark(palette) else QColor(92, 94, 100)


def problem(palette: QPalette) -> QColor:
    """Text that says what is wrong."""
    return QColor(255, 156, 143) if is_dark(palette) else QColor(163, 24, 12)


def tag(palette: QPalette) -> tuple[QColor, QColor]:
    """Ground and text of a few words that stand out."""
    return (QColor("#24506f"), QColor("#e2effa")) if is_dark(palette) else (QColor("#d6e6f5"), QColor("#123a5c"))


def offer(palette: QPalette) -> tuple[QColor, QColor]:
    """Ground and text of a bar that offers something."""
    return (QColor("#1d3a57"), QColor("#dcebfa")) if is_dark(palette) else (QColor("#dfeafa"), QColor("#10294a"))


def warning(palette: QPalette) -> tuple[QColor, QColor]:
    """Ground and text of a bar with a message."""
    return (QColor("#4d3c14"), QColor("#ffe9bd")) if is_dark(palette) else (QColor("#fff1d6"), QColor("#3d2b00"))


def hairline(palette: QPalette) -> QColor:
    """Frames and the edges of the cube."""
    return QColor(74, 77, 83) if is_dark(palette) else QColor(203, 205, 211)


def grid(palette: QPalette) -> QColor:
    """Centimetres behind the skeleton, fainter than the cube."""
    return QColor(41, 43, 47) if is_dark(palette) else QColor(236, 237, 241)


def annotated(palette: QPalette) -> QColor:
    """The annotated skeleton in the 3D view."""
    return QColor(190, 192, 198) if is_dark(palette) else QColor(120, 122, 128)


def fitted(palette: QPalette) -> QColor:
    """The fitted skeleton in the 3D view."""
    return QColor(255, 255, 255) if is_dark(palette) else QColor(20, 20, 24)


def typical(palette: QPalette) -> QColor:
    """Where along a slider the usual hands are; distinct from the highlight of its value."""
    return QColor(38, 166, 124) if is_dark(palette) else QColor(64, 186, 143)


def mixed(a: QColor, b: QColor, share: float) -> QColor:
    """From a to b."""
    mixes = (round(x + share * (y - x)) for x, y in zip(rgb(a), rgb(b), strict=True))
    return QColor(*mixes)


def error(palette: QPalette) -> QColor:
    """Line from a predicted joint to the annotated one; distinct from every finger's, also for colour-blind users."""
    return QColor(240, 228, 66) if is_dark(palette) else QColor(136, 34, 85)


def halo(palette: QPalette) -> QColor:
    """Halo of highlighted joints."""
    return QColor(240, 228, 66) if is_dark(palette) else QColor(0, 114, 178)


def title(font: QFont) -> QFont:
    """The type scale: `title` of sections and empty views, `font` itself for everything else, `caption`."""
    large = QFont(font)
    large.setPointSizeF(font.pointSizeF() * 1.15)
    large.setBold(True)
    return large


def caption(font: QFont) -> QFont:
    """Of captions, legends, axes and names in lists of many."""
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * 0.9)
    return small


def rgb(colour: QColor) -> Rgb:
    return colour.red(), colour.green(), colour.blue()
