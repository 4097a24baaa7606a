"""Light or dark colours, or those of the system."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontDatabase, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from explorer_app.resources import resource
from explorer_app.widgets.small import paint_next_turn
from explorer_app.widgets.theme import is_dark


def ensure_font() -> bool:
    """Use the bundled font if the system has none; False if text remains unreadable."""
    # Qt also lists families without fonts, so check whether a letter can be drawn
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


_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


_HIGHLIGHT = QColor(30, 111, 173)
"""White on it can be read (5.3 : 1); Qt's own blue has 3.7 : 1."""
_EDGES = {True: QColor(196, 198, 203), False: QColor(186, 187, 190)}
"""In dark and light colours. The style draws edges as a darker shade of these: by its own they would hardly be seen."""
_WITH_EDGES = (
    "QCheckBox",
    "QRadioButton",
    "QLineEdit",
    "QPlainTextEdit",
    "QAbstractSpinBox",
    "QComboBox",
    "QListView",
    "QTreeView",
)


def set_theme(theme: str) -> None:
    """theme: "system", "light" or "dark". If the desktop has no such setting, own colours are used."""
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            paint_next_turn(window)
    hints = QGuiApplication.styleHints()
    if hasattr(hints, "setColorScheme"):  # since Qt 6.8
        hints.setColorScheme(_SCHEMES[theme])
    is_own = theme != "system" and hints.colorScheme() != _SCHEMES[theme]
    QApplication.setPalette(palette_of(is_dark=theme == "dark") if is_own else _readable(QPalette()))  # empty: Qt's
    edges = edges_of(QApplication.palette())
    for name in _WITH_EDGES:
        QApplication.setPalette(edges, name)  # type: ignore[arg-type]  # the stub requires bytes, which PySide rejects


def edges_of(palette: QPalette) -> QPalette:
    """For widgets whose edges the style draws in a darker shade of their window's colour."""
    edges = QPalette()
    edges.setColor(QPalette.ColorRole.Window, _EDGES[is_dark(palette)])
    return edges


def _readable(palette: QPalette) -> QPalette:
    palette.setColor(QPalette.ColorRole.Highlight, _HIGHLIGHT)
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor(255, 255, 255))
    return palette


def palette_of(is_dark: bool) -> QPalette:
    """Fusion's colours, all computed from a few; its accent is readable on both backgrounds."""
    ground, field = (
        (QColor(50, 51, 54), QColor(38, 39, 42)) if is_dark else (QColor(239, 239, 239), QColor(255, 255, 255))
    )
    text = QColor(240, 240, 242) if is_dark else QColor(0, 0, 0)
    palette = QPalette(ground.lighter(120) if is_dark else ground, ground)
    role = QPalette.ColorRole
    for roles, colour in (
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), text),
        ((role.Base,), field),
        ((role.AlternateBase, role.ToolTipBase), ground),
        ((role.BrightText,), QColor(255, 255, 255)),
        ((role.Link,), QColor(110, 180, 255) if is_dark else QColor(0, 90, 200)),
        ((role.PlaceholderText,), QColor(150, 152, 156) if is_dark else QColor(110, 112, 116)),
    ):
        for each in roles:
            palette.setColor(each, colour)
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(
            QPalette.ColorGroup.Disabled, each, QColor(130, 132, 136) if is_dark else QColor(160, 160, 160)
        )
    return _readable(palette)
