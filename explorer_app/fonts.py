"""A font where the system has none, as on a bare server: without one every letter is an empty box."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QApplication

from explorer_app.resources import resource


def ensure_font() -> bool:
    """Use the font that the app brings if the system's cannot write; False where text stays unreadable."""
    # Qt lists families without a single font in them, so ask whether a letter can be drawn
    if QFontMetrics(QApplication.font()).inFont("A"):
        return True
    try:
        number = QFontDatabase.addApplicationFont(str(resource("fonts", "DejaVuSans.ttf")))
    except FileNotFoundError:
        return False
    families = QFontDatabase.applicationFontFamilies(number)
    if families:
        font = QApplication.font()
        font.setFamily(families[0])
        QApplication.setFont(font)
    return bool(families)
