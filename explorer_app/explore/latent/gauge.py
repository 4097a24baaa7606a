"""How usual the shown hand is among the training poses: a bar and a word."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from explorer_app.model import wording
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.labels import SteadyLabel
from explorer_app.widgets.layouts import column_layout

_TIP = (
    "How usual this hand is: the share of training poses that are less typical.\n"
    f"Unusual: below {100 * wording.UNUSUAL:.0f} %; below {100 * wording.OUTSIDE:.0f} % it is often not a hand"
)
_HEIGHT = 4.0


class TypicalityGauge(QWidget):
    """A view of the typicality of `Session.pictures`; hidden for a model without a fitted prior."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.words, self.bar = SteadyLabel(), _Bar()
        self.setToolTip(_TIP)
        layout = column_layout(self, gap=theme.UNIT)
        layout.addWidget(self.words, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.bar)
        session.pictures_changed.connect(self._show)
        session.model_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        model, pictures = self._session.model, self._session.pictures
        self.setVisible(model is not None and model.prior.is_fitted)
        share = pictures.typicality if pictures is not None else None
        text = "" if share is None else wording.typicality(share).capitalize()
        self.words.setText(text)
        self.bar.setAccessibleName(f"Typicality: {text}")
        self.bar.show_share(share or 0.0)


class _Bar(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.setFixedHeight(round(_HEIGHT))

    def show_share(self, share: float) -> None:
        self.share = share
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.hairline(palette))
        painter.drawRoundedRect(QRectF(0, 0, self.width(), _HEIGHT), _HEIGHT / 2, _HEIGHT / 2)
        painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
        painter.drawRoundedRect(QRectF(0, 0, self.share * self.width(), _HEIGHT), _HEIGHT / 2, _HEIGHT / 2)
