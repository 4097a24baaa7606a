"""The log behind the message bar."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from explorer_app.log import RecentRecords


class LogWindow(QDialog):
    """All messages since the start with their time; the window behind it goes on."""

    def __init__(self, records: RecentRecords, where: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Log")
        self.resize(760, 420)
        self._records = records
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setPlaceholderText("Nothing has happened yet")
        self.text.setAccessibleName("Log")
        self.text.setToolTip("All messages since the start, the newest last")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy all", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setToolTip("Copy the whole log to the clipboard")
        self.copy.clicked.connect(self.copy_all)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        if where:
            layout.addWidget(QLabel(f"Also in {where}"))
        layout.addWidget(buttons)
        self.show_records()

    @Slot()
    def show_records(self) -> None:
        self.text.setPlainText(self._records.text)
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    @Slot()
    def copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self._records.text)
