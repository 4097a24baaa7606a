"""A bar at the top of the window with an offer and the buttons that answer it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.coloured_bar import ColouredBar
from explorer_app.widgets.layouts import row_layout
from explorer_app.widgets.small import WrappedLabel


class OfferBar(ColouredBar):
    """Hidden while there is no offer. It stays until the user answers, and does not block the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(theme.offer, parent)
        self.label = WrappedLabel()
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._row = row_layout(self)
        self._row.setContentsMargins(theme.MARGIN, theme.UNIT, theme.GAP, theme.UNIT)
        self._row.addWidget(self.label, 1)
        self.hide()

    @property
    def text(self) -> str:
        """The offer as text; empty while hidden."""
        return "" if self.isHidden() else self.label.accessibleName()

    def offer(self, what: str, question: str) -> None:
        self.label.setText(f"<b>{escape(what)}</b> {escape(question)}")
        self.label.setAccessibleName(f"{what} {question}")
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self.label, QAccessible.Event.Alert))  # for screen readers

    def add_button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        self._row.addWidget(button)
        return button
