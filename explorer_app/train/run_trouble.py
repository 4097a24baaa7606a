"""The problem of a training run, in one line, with buttons to resolve it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from explorer_app.error_words import IN_WINDOW
from explorer_app.train.model.run_folder import RunView
from explorer_app.widgets import theme
from explorer_app.widgets.coloured_bar import ColouredBar
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.small import WrappedLabel
from lsps_core.errors import LspsError


class RunTrouble(ColouredBar):
    """Hidden if there is no problem."""

    open_asked = Signal()
    resume_asked = Signal()
    changes_asked = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(theme.warning, parent)
        self._view: RunView | None = None
        self.label = WrappedLabel()
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.details = _button("&Details", "Show the last output lines of the process")
        self.details.setCheckable(True)
        self.open = _button("Open last chec&kpoint", "Open the newest checkpoint in the explorer")
        self.open.clicked.connect(self.open_asked)
        self.resume = _button("R&esume", "Resume from the last checkpoint, after removing the cause")
        self.resume.clicked.connect(self.resume_asked)
        self.change = _button("Resume with changes", "Resume from the last checkpoint with the suggested settings")
        self.change.clicked.connect(self._ask_changes)
        self.tail = QPlainTextEdit(readOnly=True)
        self.tail.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.tail.setAccessibleName("Last lines of the process")
        self.tail.setMaximumHeight(130)
        self.tail.hide()
        self.details.toggled.connect(self.tail.setVisible)
        row = row_layout()
        for button in (self.details, self.open, self.resume, self.change):
            row.addWidget(button)
        row.addStretch(1)
        layout = column_layout(self)
        layout.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        layout.addWidget(self.label)
        layout.addLayout(row)
        layout.addWidget(self.tail)
        self.hide()

    @property
    def text(self) -> str:
        """The line; empty while hidden."""
        return self._view.why if self._view is not None else ""

    def show_view(self, view: RunView | None) -> None:
        self._view = view
        self.setVisible(view is not None)
        if view is None:
            return
        self.label.setText(_shown(view.error) if view.error is not None else "")
        self.label.setAccessibleName(view.why)
        self.open.setEnabled(view.checkpoint is not None)
        self.resume.setEnabled(view.state != "missing")
        self.change.setVisible(bool(view.offered_settings))
        self.change.setText(f"Resume with {' '.join(view.offered_settings)}".replace("&", "&&"))
        self.details.setEnabled(bool(view.tail))
        if self.tail.toPlainText() != view.tail:
            self.tail.setPlainText(view.tail)

    @Slot()
    def _ask_changes(self) -> None:
        if self._view is not None:
            self.changes_asked.emit(self._view.offered_settings)


def _shown(error: LspsError) -> str:
    remedy = error.remedy_in(IN_WINDOW)
    return f"<b>{escape(error.what)}</b>; {escape(remedy)}" if remedy else escape(error.what)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
