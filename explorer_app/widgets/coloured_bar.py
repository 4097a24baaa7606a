"""A bar that stands out from the window by its colours."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QFrame, QWidget

_GROUNDS = (QPalette.ColorRole.Window, QPalette.ColorRole.Button)
_TEXTS = (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText)


class ColouredBar(QFrame):
    """Its labels and buttons have its colours, which follow the theme."""

    def __init__(self, colours: Callable[[QPalette], tuple[QColor, QColor]], parent: QWidget | None = None) -> None:
        """colours: ground and text, by the palette of the application."""
        super().__init__(parent)
        self._colours = colours
        self.setAutoFillBackground(True)
        self._recolour()

    def _recolour(self) -> None:
        ground, text = self._colours(QGuiApplication.palette())
        if self.palette().color(_GROUNDS[0]) == ground:
            return
        palette = QPalette()
        for role in _GROUNDS:
            palette.setColor(role, ground)
        for role in _TEXTS:
            palette.setColor(role, text)
        self.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self._recolour()
