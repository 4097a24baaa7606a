"""The bar at the top of the window that offers the state of a window that ended unexpectedly."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.layouts import row_layout
from explorer_app.widgets.small import WrappedLabel


class RecoveryBar(QFrame):
    """Hidden while there is no offer. It stays until the user answers, and does not block the window."""

    restore_asked = Signal()
    discard_asked = Signal()
    log_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recoveryBar")
        # its own colours, like the message bar: the same on light and dark desktops
        self.setStyleSheet(
            "#recoveryBar { background: #dfeafa; border-bottom: 1px solid #6f9bd1; }"
            "#recoveryBar QLabel { color: #10294a; }"
            "#recoveryBar QPushButton { color: #10294a; background: #f4f8fe; border: 1px solid #9dbbe0;"
            " border-radius: 3px; padding: 3px 10px; }"
            "#recoveryBar QPushButton:hover, #recoveryBar QPushButton:focus { border-color: #2c64ad; }"
        )
        self.label = WrappedLabel()
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.restore = self._button("Restore", "Restore the state of that window, replacing the current one")
        self.discard = self._button("Discard", "Delete the state of that window; saved sessions are kept")
        self.log = self._button("Show log", "Show how that window ended")
        self.restore.clicked.connect(self.restore_asked)
        self.discard.clicked.connect(self.discard_asked)
        self.log.clicked.connect(self.log_asked)
        layout = row_layout(self)
        layout.setContentsMargins(theme.MARGIN, theme.UNIT, theme.GAP, theme.UNIT)
        layout.addWidget(self.label, 1)
        for button in (self.restore, self.discard, self.log):
            layout.addWidget(button)
        self.hide()

    @property
    def text(self) -> str:
        """The offer as text; empty while hidden."""
        return "" if self.isHidden() else self.label.accessibleName()

    def offer(self, what_happened: str, question: str) -> None:
        self.label.setText(f"<b>{escape(what_happened)}</b> {escape(question)}")
        self.label.setAccessibleName(f"{what_happened} {question}")
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self.label, QAccessible.Event.Alert))  # for screen readers

    @staticmethod
    def _button(text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        return button
