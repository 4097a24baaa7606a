"""Tab bars whose raised tab is underlined: the shades of the style's own are hard to tell apart in dark colours."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QTabBar, QWidget

_LINE_PX = 2


class _TabStyle(QProxyStyle):
    """For tab bars alone: a style in Python is too slow for whole windows."""

    def drawControl(
        self, element: QStyle.ControlElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if element != QStyle.ControlElement.CE_TabBarTabShape:
            super().drawControl(element, option, painter, widget)
            return
        state, rect = option.state, option.rect
        if state & QStyle.StateFlag.State_Selected:
            line = QRect(rect.left(), rect.bottom() + 1 - _LINE_PX, rect.width(), _LINE_PX)
            painter.fillRect(line, option.palette.color(QPalette.ColorRole.Link))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, option.palette.color(QPalette.ColorRole.Midlight))


def underline_tabs(bar: QTabBar) -> None:
    app = QApplication.instance()
    style = app.findChild(_TabStyle) if app is not None else None
    if style is None:
        style = _TabStyle("Fusion")
        style.setParent(app)
    bar.setStyle(style)
