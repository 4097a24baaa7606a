"""Undo steps for the latent, and for any other value."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import IntEnum, auto
from typing import Generic, TypeVar

from PySide6.QtGui import QUndoCommand

from explorer_app.model.latent import LatentCode

_Value = TypeVar("_Value")


class Merge(IntEnum):
    """Kinds of edits that come in quick succession. Those of one kind with the same label are one edit."""

    AXIS = auto()
    """Digits typed or arrow keys pressed in the row of an axis."""
    TURN = auto()
    """Arrow keys pressed on the dial."""
    PAD = auto()
    """Arrow keys pressed in the pad."""
    TEMPERATURE = auto()
    """Another temperature for the same seed."""
    RECUT = auto()
    """A cube that is dragged over an image."""
    WALK = auto()
    """Steps along the walk."""


class ValueEdit(QUndoCommand, Generic[_Value]):
    """Another value of what `show` sets."""

    def __init__(self, show: Callable[[_Value], None], before: _Value, after: _Value, label: str) -> None:
        super().__init__(label)
        self._show, self._before, self._after = show, before, after

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)


PAUSE_S = 0.8
"""Changes of one kind within this time are one edit: a held arrow key, typed digits."""


class LatentEdit(QUndoCommand):
    """A change of the latent; merge: the kind that it may be merged with, None for none."""

    def __init__(
        self,
        show: Callable[[LatentCode], None],
        before: LatentCode,
        after: LatentCode,
        label: str,
        merge: Merge | None = None,
    ) -> None:
        super().__init__(label)
        self._show, self._before, self._after, self._merge = show, before, after, merge
        self._time = time.monotonic()
        self.is_merged = False
        """It was merged into the previous edit."""

    def id(self) -> int:
        return -1 if self._merge is None else self._merge

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, LatentEdit) or other.text() != self.text() or other._time - self._time > PAUSE_S:
            return False
        self._after, self._time = other._after, other._time
        other.is_merged = True
        self.setObsolete(self._after == self._before)
        return True

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)
