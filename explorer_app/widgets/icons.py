"""Icons of buttons and menu entries: the drawings of resources/icons in the colours of the window's text.

Qt's way, an icon engine, crashes when it is written in Python (PySide 6.11): so the icons are drawn, and drawn again in
other colours.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QPainter, QPalette, QPixmap, Qt
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QWidget

from explorer_app.resources import resource

_NAME = "iconName"
_SIZES_PX = (16, 24, 32)
"""For screens at 100, 150 and 200 %."""


def give_icon(target: QAbstractButton | QAction, name: str) -> None:
    """name: of a file of resources/icons. Its colours follow the window's, see `IconColours`."""
    if target.property(_NAME) != name:
        target.setProperty(_NAME, name)
        _draw(target)


class IconColours(QObject):
    """Draws the icons of a window, and of its dialogs, again when its palette changes."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange:
            QTimer.singleShot(0, self, self._recolour)
        return False

    @Slot()
    def _recolour(self) -> None:
        buttons, actions = self._window.findChildren(QAbstractButton), self._window.findChildren(QAction)
        for target in [*buttons, *actions]:
            if isinstance(target, QAbstractButton | QAction) and target.property(_NAME):
                _draw(target)


def _draw(target: QAbstractButton | QAction) -> None:
    palette, group, role = QGuiApplication.palette(), QPalette.ColorGroup, QPalette.ColorRole
    colours = (
        palette.color(group.Active, role.ButtonText),
        palette.color(group.Disabled, role.ButtonText),
        palette.color(group.Active, role.HighlightedText),  # of the entry of a menu under the mouse
    )
    target.setIcon(_icon(target.property(_NAME), *(colour.name() for colour in colours)))


@cache
def _icon(name: str, *colours: str) -> QIcon:
    """colours: normal, disabled, selected. Empty if the file is missing: most buttons have a text as well."""
    try:
        drawing = resource("icons", f"{name}.svg").read_text()
    except FileNotFoundError:
        return QIcon()
    icon = QIcon()
    for colour, mode in zip(colours, (QIcon.Mode.Normal, QIcon.Mode.Disabled, QIcon.Mode.Selected), strict=True):
        renderer = QSvgRenderer(drawing.replace("currentColor", colour).encode())
        for size in _SIZES_PX:
            pixmap = QPixmap(size, size)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter)
            painter.end()
            icon.addPixmap(pixmap, mode)
    return icon
