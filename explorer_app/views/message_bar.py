"""One line at the top of the window that says what went wrong, until it is closed or another takes its place."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget


class MessageBar(QFrame):
    """Hidden while there is nothing to say. Never modal: the window goes on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        # its own colours: a warning has to look like one on light and on dark desktops
        self.setStyleSheet(
            "#messageBar { background: #fff1d6; border-bottom: 1px solid #d9a441; }"
            "#messageBar QLabel { color: #3d2b00; } #messageBar QToolButton { color: #3d2b00; border: none; }"
        )
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        close = QToolButton()
        close.setText("✕")
        close.setToolTip("Close this message")
        close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self.label, 1)
        layout.addWidget(close)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown; empty while hidden."""
        return "" if self.isHidden() else self.label.text()

    @Slot(str)
    def show_message(self, line: str) -> None:
        self.label.setText(line)
        self.show()
