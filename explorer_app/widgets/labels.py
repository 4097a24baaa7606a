"""Labels: the title of a section, a line of text that is elided where it does not fit, one that changes often."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from explorer_app.widgets import theme

_LEAST_PX = 56


class SectionTitle(QLabel):
    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(theme.title(self.font()))
        self.setTextFormat(Qt.TextFormat.PlainText)


class SteadyLabel(QLabel):
    """A line that changes often: it keeps the width of its longest text, so that the window is not laid out anew."""

    def setText(self, text: str) -> None:
        super().setText(text)
        hint = self.sizeHint()
        if hint.width() > self.minimumWidth() or hint.height() != self.minimumHeight():
            self.setFixedSize(max(hint.width(), self.minimumWidth()), hint.height())


class ElidedLabel(QLabel):
    """Plain text in one line. `text` is all of it; a tooltip is to show what does not fit.

    most_px: the width to ask for at most; None for all that its layout has left.
    """

    def __init__(
        self,
        most_px: int | None = None,
        where: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._most_px, self._where = most_px, where
        across = QSizePolicy.Policy.Ignored if most_px is None else QSizePolicy.Policy.Maximum
        self.setSizePolicy(across, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return hint if self._most_px is None else QSize(min(hint.width(), self._most_px), hint.height())

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), _LEAST_PX), hint.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        text = self.fontMetrics().elidedText(self.text(), self._where, self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
