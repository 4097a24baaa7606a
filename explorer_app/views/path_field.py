"""A file or folder to be typed, chosen among recent ones, or looked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QWidget

from explorer_app.preferences import Preferences
from lsps_core.files import expanded, kind_of

_SEPARATOR = "  |  "


class PathField(QWidget):
    """kind: "open" (a file), "files" (several, or typed a folder), "folder", "save". `suffixes` filter recent files."""

    changed = Signal()

    def __init__(
        self,
        name: str,
        kind: str,
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
        self.browse.setAccessibleName(f"Look for {name.lower()}")
        self.browse.setToolTip(f"Look for it: {name.lower()}")
        self.browse.clicked.connect(self.ask)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.browse)
        self.setFocusProxy(self.edit)
        self.line.textChanged.connect(self.changed)

    def _make_editor(self) -> tuple[QWidget, QLineEdit]:
        """A line to type in; for files to open with the recent ones to choose from."""
        recent = [str(path) for path in self._preferences.recent if path.suffix.lower() in self._suffixes]
        if self.kind != "open" or not recent:
            line = QLineEdit()
            return line, line
        box = QComboBox()
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(14)
        box.setCompleter(None)
        box.addItems(recent)
        box.setEditText("")
        return box, box.lineEdit()

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

    @Slot()
    def ask(self) -> None:
        dialog = QFileDialog(self, self._name, self._folder())
        if self.kind == "save":
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # asked when it begins, however it was named
            dialog.setDefaultSuffix(self._suffixes[0].removeprefix("."))
        elif self.kind == "folder":
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            many, one = QFileDialog.FileMode.ExistingFiles, QFileDialog.FileMode.ExistingFile
            dialog.setFileMode(many if self.kind == "files" else one)
        if self._suffixes and self.kind != "folder":
            patterns = " ".join(f"*{suffix}" for suffix in self._suffixes)
            dialog.setNameFilters([f"{self._name} ({patterns})", "All files (*)"])
        dialog.filesSelected.connect(self._take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _folder(self) -> str:
        paths = self.paths
        parent = expanded(paths[0]).parent if paths else None
        return str(parent) if parent is not None and kind_of(parent) == "folder" else self._preferences.last_folder

    @Slot(list)
    def _take(self, names: list[str]) -> None:
        if names:
            self._preferences.last_folder = str(Path(names[0]).parent)
            self.text = _SEPARATOR.join(names)
