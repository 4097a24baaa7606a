"""A padlock that is open or shut."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyleOptionToolButton, QToolButton, QWidget

from explorer_app.views import theme


class LockButton(QToolButton):
    """Checked is shut. Painted, since not every font has the sign."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAutoRaise(True)

    def sizeHint(self) -> QSize:
        return QSize(18, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.state &= ~QStyle.StateFlag.State_On  # the shut lock says enough
        option.text = ""
        self.style().drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option, painter, self)
        is_shut, palette = self.isChecked(), self.palette()
        colour = palette.color(QPalette.ColorRole.Text) if is_shut else theme.faint(palette)
        center = QPointF(self.width() / 2, self.height() / 2)
        body = QRectF(center.x() - 4.0, center.y() - 0.5, 8.0, 6.0)
        painter.setPen(QPen(colour, 1.3))
        painter.setBrush(colour if is_shut else palette.color(QPalette.ColorRole.Window))
        painter.drawPath(_shackle(body, is_shut))
        painter.drawRoundedRect(body, 1.0, 1.0)


def _shackle(body: QRectF, is_shut: bool) -> QPainterPath:
    left, right, top = body.left() + 1.5, body.right() - 1.5, body.top() - (2.0 if is_shut else 3.0)
    arc = QRectF(left, top - 2.5, right - left, 5.0)
    path = QPainterPath(QPointF(right, body.top() if is_shut else top + 1.0))
    path.lineTo(right, top)
    path.arcTo(arc, 0, 180)
    path.lineTo(left, body.top())
    path.arcTo(arc, 180, -180)  # back the same way, so that nothing is filled
    path.lineTo(right, top)
    return path
