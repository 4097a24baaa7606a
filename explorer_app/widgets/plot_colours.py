"""The colours of plots, whether pyqtgraph or a painter draws them."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from explorer_app.widgets import theme

LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a800")
"""Okabe and Ito's, for many lines beside each other; the yellow is darker, so that it is visible on white."""

_ON_LIGHT = ("#0072b2", "#d55e00", "#00805d", "#a8508a", "#8a6d00", "#5b5b5b")
_ON_DARK = ("#56b4e9", "#e69f00", "#2fc79b", "#e09ac4", "#f0e442", "#b4b6bc")


class PlotColours:
    """Okabe and Ito's, those with enough contrast to the background of a palette."""

    def __init__(self, palette: QPalette) -> None:
        is_dark = theme.is_dark(palette)
        self.ground = theme.view_background(palette)
        self.text = palette.color(QPalette.ColorRole.Text)
        self.faint = theme.faint(palette)
        self.hairline = theme.hairline(palette)
        self.curves = tuple(map(QColor, _ON_DARK if is_dark else _ON_LIGHT))
        """of a few curves in one plot, each with enough contrast to the background"""
        self.plain = QColor(86, 180, 233) if is_dark else QColor(0, 114, 178)
        self.selected = QColor(230, 159, 0) if is_dark else QColor(213, 94, 0)
        self.current = QColor(240, 240, 240) if is_dark else QColor(20, 20, 24)
        self.others = (QColor(204, 121, 167) if is_dark else QColor(190, 95, 148), QColor(0, 158, 115))
