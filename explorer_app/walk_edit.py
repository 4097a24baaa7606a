"""One change of a walk's keyframes, to be undone and redone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from explorer_app.model.latent import LatentCode

Keyframes = tuple[LatentCode, ...]


class WalkEdit(QUndoCommand):
    """From some keyframes to others; how the walk goes between them is left as it is."""

    def __init__(self, show: Callable[[Keyframes], None], before: Keyframes, after: Keyframes, label: str) -> None:
        super().__init__(label)
        self._show, self._before, self._after = show, before, after

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)
