"""Light, dark, or as the system has it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


def can_choose() -> bool:
    """Qt follows the system from 6.5 on, and lets the app choose from 6.8 on."""
    return hasattr(QGuiApplication.styleHints(), "setColorScheme")


def set_theme(theme: str) -> None:
    """theme: "system", "light" or "dark"."""
    if can_choose():
        QGuiApplication.styleHints().setColorScheme(_SCHEMES[theme])
