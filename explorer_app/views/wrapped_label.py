"""A label of several lines."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel

_WIDEST_WORD_PX = 160


class WrappedLabel(QLabel):
    """A longer word, such as a path or what a user typed, is cut: by itself Qt would widen the window to its length."""

    def __init__(self, text: str = "", **properties: Any) -> None:
        super().__init__(text, wordWrap=True, **properties)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), _WIDEST_WORD_PX), hint.height())
