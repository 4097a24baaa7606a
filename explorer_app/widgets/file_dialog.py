"""The file dialog without a nested event loop: the window keeps running, and may have changed when it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtWidgets import QFileDialog, QWidget

Kind = Literal["file", "files", "folder", "save"]
_MODES = {
    "file": QFileDialog.FileMode.ExistingFile,
    "files": QFileDialog.FileMode.ExistingFiles,
    "folder": QFileDialog.FileMode.Directory,
    "save": QFileDialog.FileMode.AnyFile,
}


def ask_for_paths(
    parent: QWidget,
    title: str,
    folder: str,
    kind: Kind,
    chosen: Callable[[list[str]], None],
    *,
    filters: Sequence[str] = (),
    name: str = "",
    suffix: str = "",
    is_overwriting_confirmed: bool = True,
) -> QFileDialog:
    """Show the dialog; `chosen` is called with one path or more if the user does not cancel.

    filters: as in "Stores of frames (*.h5)". name: proposed for a file to save. suffix: added if none is typed.
    """
    dialog = QFileDialog(parent, title, folder)
    dialog.setFileMode(_MODES[kind])
    if kind == "save":
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix.removeprefix("."))
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, not is_overwriting_confirmed)
    if filters:
        dialog.setNameFilters(list(filters))
    if name:
        dialog.selectFile(name)
    dialog.filesSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
