"""The name of a latent axis in one line."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from explorer_app.views import theme

_MIXED = "mixed: "
_GAP = 5
_FONT_SCALE = 0.9


class AxisLabel(QWidget):
    """The axis' short label, and what it does as far as there is room; fainter where that is a mixture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis, self._name = "", ""
        font = self.font()
        font.setPointSizeF(_FONT_SCALE * font.pointSizeF())
        self.setFont(font)

    def show_name(self, axis: str, name: str) -> None:
        self._axis, self._name = axis, name
        self.update()

    def text(self) -> str:
        return f"{self._axis} {self._name}".strip()

    def sizeHint(self) -> QSize:
        """The same for all names, so that the rows align."""
        metrics = self.fontMetrics()
        return QSize(self._axis_width() + _GAP + metrics.horizontalAdvance("in-plane turn 2"), metrics.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette, width = QPainter(self), self.palette(), self._axis_width()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.faint(palette))
        painter.drawText(QRect(0, 0, width, self.height()), middle | Qt.AlignmentFlag.AlignRight, self._axis)
        if not self._name.startswith(_MIXED):
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        room = QRect(width + _GAP, 0, self.width() - width - _GAP, self.height())
        name = self._name.removeprefix(_MIXED)
        painter.drawText(room, middle, self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width()))

    def _axis_width(self) -> int:
        return self.fontMetrics().horizontalAdvance("z20")
