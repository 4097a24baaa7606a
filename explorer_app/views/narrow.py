"""Lets a dock be narrower than what stands in it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_WIDTH_PX = 320


class Narrow(QScrollArea):
    """Scrolls sideways below the content's own width, so that docks beside or behind it need not be as wide."""

    def __init__(self, content: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(content)

    def minimumSizeHint(self) -> QSize:
        wanted = self.widget().minimumSizeHint()
        return QSize(min(_WIDTH_PX, wanted.width()), wanted.height())

    def sizeHint(self) -> QSize:
        return self.widget().sizeHint()
