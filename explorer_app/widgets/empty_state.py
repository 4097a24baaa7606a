"""What a view shows while it has nothing: a title, a sentence, and the button that changes that."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.small import WrappedLabel

_WIDEST_PX = 460


class EmptyState(QWidget):
    clicked = Signal()
    """The button."""

    def __init__(self, title: str = "", sentence: str = "", button: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = WrappedLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title.setFont(theme.title(self.font()))
        self._sentence = WrappedLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._sentence.setMaximumWidth(_WIDEST_PX)
        self.button = QPushButton()
        self.button.clicked.connect(self.clicked)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addStretch(1)
        layout.addWidget(self._title)
        middle = row_layout(gap=0)
        middle.addStretch(1)
        middle.addWidget(self._sentence, 20)
        middle.addStretch(1)
        layout.addLayout(middle)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        self.show_state(title, sentence, button)

    def show_state(self, title: str, sentence: str = "", button: str = "") -> None:
        """An empty sentence or button is left out."""
        self._title.setText(title)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self.button.setText(button)
        self.button.setAccessibleName(button or title)
        self.button.setToolTip(sentence or title)
        self.button.setVisible(bool(button))

    def text(self) -> str:
        return f"{self._title.text()}. {self._sentence.text()}"
