"""A field for a file or folder: typed, recent, or chosen in a dialog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QToolButton, QWidget

from explorer_app.preferences import Preferences
from explorer_app.widgets import theme
from explorer_app.widgets.fields import ComboBox
from explorer_app.widgets.file_dialog import Kind, ask_for_paths
from explorer_app.widgets.layouts import row_layout
from lsps_core.files import expanded, kind_of

_SEPARATOR = "  |  "


class PathField(QWidget):
    """kind: "file" (to open), "files" (several, or a folder that is typed), "folder" or "save".

    suffixes: of the files to choose, and of the recent ones.
    """

    changed = Signal()

    def __init__(
        self,
        name: str,
        kind: Kind,
        preferences: Preferences,
        suffixes: Sequence[str] = (),
        tip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name, self.kind, self._preferences, self._suffixes = name, kind, preferences, tuple(suffixes)
        self.edit, self.line = self._make_editor()
        self.edit.setAccessibleName(name)
        self.edit.setToolTip(tip or name)
        self.edit.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.browse = QToolButton()
        self.browse.setText("…")
        self.browse.setFixedSize(QSize(28, self.edit.sizeHint().height()))
        self.browse.setAccessibleName(f"Browse for {name.lower()}")
        self.browse.setToolTip(f"Browse: {name.lower()}")
        self.browse.clicked.connect(self.ask)
        layout = row_layout(self, gap=theme.UNIT)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.browse)
        self.setFocusProxy(self.edit)
        self.line.textChanged.connect(self.changed)

    def _make_editor(self) -> tuple[QWidget, QLineEdit]:
        """A line edit; for files to open with a list of recent ones."""
        recent = [str(path) for path in self._preferences.recent if path.suffix.lower() in self._suffixes]
        if self.kind != "file" or not recent:
            line = QLineEdit()
            return line, line
        box, line = ComboBox(), QLineEdit()
        box.setEditable(True)
        box.setLineEdit(line)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(14)
        box.setCompleter(None)  # type: ignore[arg-type]  # None takes it away, which the stub does not know
        box.addItems(recent)
        box.setEditText("")
        return box, line

    @property
    def text(self) -> str:
        return self.line.text().strip()

    @text.setter
    def text(self, text: str) -> None:
        if text != self.line.text():
            self.line.setText(text)

    @property
    def paths(self) -> tuple[str, ...]:
        """All of several files."""
        return tuple(part.strip() for part in self.text.split(_SEPARATOR) if part.strip())

    @paths.setter
    def paths(self, paths: Sequence[str]) -> None:
        self.text = _SEPARATOR.join(paths)

    @Slot()
    def ask(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in self._suffixes)
        is_filtered = bool(patterns) and self.kind != "folder"
        filters = [f"{self._name} ({patterns})", "All files (*)"] if is_filtered else []
        suffix = self._suffixes[0] if self._suffixes else ""
        ask_for_paths(
            self,
            self._name,
            self._folder(),
            self.kind,
            self._take,
            filters=filters,
            suffix=suffix,
            is_overwriting_confirmed=False,  # checked when it starts, for any name
        )

    def _folder(self) -> str:
        paths = self.paths
        parent = expanded(paths[0]).parent if paths else None
        return str(parent) if parent is not None and kind_of(parent) == "folder" else self._preferences.last_folder

    @Slot(list)
    def _take(self, names: list[str]) -> None:
        self._preferences.last_folder = str(Path(names[0]).parent)
        self.paths = tuple(names)
