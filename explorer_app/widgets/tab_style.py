"""Tab bars whose raised tab is underlined: the shades of the style's own are hard to tell apart in dark colours.

And a menu bar whose entries are as high as the tabs beside them.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QApplication, QMenuBar, QProxyStyle, QStyle, QStyleOption, QTabBar, QWidget

_LINE_PX = 2


class _TabStyle(QProxyStyle):
    """For tab bars and the menu bar alone: a style in Python is too slow for whole windows."""

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

    def sizeFromContents(
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        if widget is None:
            return size
        wanted = super().sizeFromContents(kind, option, size, widget)
        if kind == QStyle.ContentsType.CT_MenuBarItem and isinstance(widget, QMenuBar):
            corner = widget.cornerWidget()
            wanted.setHeight(max(wanted.height(), corner.sizeHint().height() if corner is not None else 0))
        return wanted


def level_with_corner(bar: QMenuBar) -> None:
    """Make the entries of a menu bar as high as the widget in its corner; by itself Qt leaves them at the top."""
    bar.setStyle(_style())


def underline_tabs(bar: QTabBar) -> None:
    bar.setStyle(_style())


def _style() -> _TabStyle:
    app = QApplication.instance()
    style = app.findChild(_TabStyle) if app is not None else None
    if style is None:
        style = _TabStyle("Fusion")
        style.setParent(app)
    return style
