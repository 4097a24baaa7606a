"""A word on a coloured ground, for what must not be overlooked."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Tag(QLabel):
    """Readable on light and dark desktops alike, because it brings both colours."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setStyleSheet("QLabel { background: #d6e6f5; color: #123a5c; border-radius: 3px; padding: 1px 6px; }")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
