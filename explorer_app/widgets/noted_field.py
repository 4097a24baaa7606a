"""A field with a line below it for a note on its value or an error."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.theme import faint, problem


class NoteLabel(QLabel):
    """One line, a note or an error; takes no space while empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_problem = False
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hide()

    def show_fact(self, line: str) -> None:
        self._show(line, False)

    def show_problem(self, line: str) -> None:
        self._show(line, True)

    def _show(self, line: str, is_problem: bool) -> None:
        self.is_problem = is_problem and bool(line)
        self.setText(f"✗ {line}" if self.is_problem else line)  # colour alone is not accessible
        self._colour()
        self.setVisible(bool(line))

    def _colour(self) -> None:
        window = self.palette()
        colour = problem(window) if self.is_problem else faint(window)
        style = f"color: {colour.name()};"
        if self.styleSheet() != style:
            self.setStyleSheet(style)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self._colour()


class NotedField(QWidget):
    """`editor` over its note; for screen readers the note is the editor's description."""

    def __init__(self, editor: QWidget, parent: QWidget | None = None, *, is_tall: bool = False) -> None:
        super().__init__(parent)
        if not is_tall:  # its own height, for any available space
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.editor, self.note = editor, NoteLabel()
        layout = column_layout(self, gap=theme.UNIT)
        layout.addWidget(editor)
        layout.addWidget(self.note)
        self.setFocusProxy(editor)

    @property
    def problem(self) -> str:
        """The error; empty if there is none."""
        return self.note.text().removeprefix("✗ ") if self.note.is_problem else ""

    def show_note(self, problem: str = "", fact: str = "") -> None:
        if problem:
            self.note.show_problem(problem)
        else:
            self.note.show_fact(fact)
        self.editor.setAccessibleDescription(problem or fact)
