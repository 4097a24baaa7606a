"""The editor of an option of an import, by its kind."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from explorer_app.preferences import Preferences
from explorer_app.widgets.fields import choice, named, number, whole_number
from explorer_app.widgets.path_field import PathField
from lsps_core.data.importing.options import Option

_MOST = 10_000_000
_MOST_MM = 1000


class OptionField(QObject):
    """An option as a combo box, a check box, a line, a number or a path.

    editor: the widget. text: the option's value as text, "" if it is not given.
    """

    changed = Signal()

    def __init__(self, option: Option, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self.option = option
        self.editor = self._make(preferences)

    def _make(self, preferences: Preferences) -> QWidget:
        option = self.option
        name, tip = option.label.replace("&", ""), option.help[:1].upper() + option.help[1:]
        empty = option.empty or "default"  # of a number, whose field would show the special value for none
        if option.kind == "choice":
            box = choice(dict(option.choices), name, tip)
            box.setCurrentIndex(max(box.findData(option.default), 0))
            box.currentIndexChanged.connect(self.changed)
            return box
        if option.kind == "file":
            path = PathField(name, "file", preferences, tip=tip)
            path.changed.connect(self.changed)
            return named(path, name, tip)
        if option.kind == "length":
            length = number(0, _MOST_MM, 0, " mm", name, tip)
            length.setSpecialValueText(empty)
            length.valueChanged.connect(self.changed)
            return length
        if option.kind == "number":
            least = option.least - 1  # stands for a number that is not given
            whole = whole_number(least, _MOST, least, name, tip, empty)
            whole.valueChanged.connect(self.changed)
            return whole
        editor: QCheckBox | QLineEdit
        if option.kind == "switch":
            editor = QCheckBox(option.empty)
            editor.toggled.connect(self.changed)
        else:
            editor = QLineEdit()
            editor.setPlaceholderText(option.empty)
            editor.textChanged.connect(self.changed)
        return named(editor, name, tip)

    def set_on(self, is_on: bool) -> None:
        """Of a switch."""
        if isinstance(self.editor, QCheckBox):
            self.editor.setChecked(is_on)

    @property
    def text(self) -> str:
        editor = self.editor
        if isinstance(editor, QComboBox):
            return str(editor.currentData())
        if isinstance(editor, QCheckBox):
            return "yes" if editor.isChecked() else ""
        if isinstance(editor, QSpinBox | QDoubleSpinBox):
            return f"{editor.value():.10g}" if editor.value() > editor.minimum() else ""
        if isinstance(editor, PathField):
            return editor.text
        return editor.text() if isinstance(editor, QLineEdit) else ""
