"""The sheet of shortcuts, made from the menus themselves so that it cannot lie."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QMenu, QMenuBar, QTextBrowser, QVBoxLayout, QWidget

from explorer_app.views import theme

NAME_PROPERTY = "sheetName"
"""Of an action whose text changes with what it would do."""
_EVERYWHERE = (("Move through the controls", "Tab"), ("Open a menu", "Alt+letter"), ("Leave a dialog", "Esc"))


def shortcuts_of(bar: QMenuBar) -> list[tuple[str, list[tuple[str, str]]]]:
    """(menu, [(action, keys)]) of all actions that have a key, submenus included."""
    groups = [(_plain(top.text()), _rows(top.menu())) for top in bar.actions() if top.menu() is not None]
    return [(title, rows) for title, rows in groups if rows]


def _rows(menu: QMenu) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for action in menu.actions():
        if action.menu() is not None:
            rows += [(f"{_plain(action.text())} ▸ {name}", keys) for name, keys in _rows(action.menu())]
        elif action.shortcuts():
            form = QKeySequence.SequenceFormat.NativeText
            name = action.property(NAME_PROPERTY) or action.text()
            rows.append((_plain(name), " or ".join(key.toString(form) for key in action.shortcuts())))
    return rows


def _plain(text: str) -> str:
    return text.replace("&", "").rstrip(" …")


class ShortcutSheet(QDialog):
    """Every menu's shortcuts, to read and to copy from."""

    def __init__(self, bar: QMenuBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.resize(460, 620)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Shortcuts")
        faint = theme.faint(self.palette()).name()
        self.text.setHtml("".join(_table(*group, faint) for group in (*shortcuts_of(bar), ("Everywhere", _EVERYWHERE))))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)


def _table(title: str, rows: list[tuple[str, str]], faint: str) -> str:
    lines = "".join(
        f'<tr><td width="270">{escape(name)}</td><td style="color:{faint}">{escape(keys)}</td></tr>'
        for name, keys in rows
    )
    return f'<p style="margin-bottom:2px"><b>{escape(title)}</b></p><table cellpadding="2">{lines}</table>'
