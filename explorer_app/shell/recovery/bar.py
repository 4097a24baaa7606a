"""The bar that offers the state of a window that ended unexpectedly."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from explorer_app.shell.offer_bar import OfferBar


class RecoveryBar(OfferBar):
    restore_asked = Signal()
    discard_asked = Signal()
    log_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.restore = self.add_button("Restore", "Restore the state of that window, replacing the current one")
        self.discard = self.add_button("Discard", "Delete the state of that window; saved sessions are kept")
        self.log = self.add_button("Show log", "Show how that window ended")
        self.restore.clicked.connect(self.restore_asked)
        self.discard.clicked.connect(self.discard_asked)
        self.log.clicked.connect(self.log_asked)
