"""The part of the window's state that needs no data: the model, the latent, its history and the walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from explorer_app.model.history import History, HistoryEntry
from explorer_app.model.latent import LatentCode
from explorer_app.model.walk import WalkPlan
from explorer_app.session.undo import LatentEdit, Merge, ValueEdit

if TYPE_CHECKING:  # they import torch, and the first paint must not wait for it
    from explorer_app.model.hand.model import HandModel, Pictures
    from lsps_core.config.model import Prior

_UNDO_LIMIT = 500


class LatentState(QObject):
    """What is decoded, and every change of it that can be undone. `pose` always belongs to `latent`."""

    latent_changed = Signal()
    history_changed = Signal()
    walk_changed = Signal()
    highlight_changed = Signal()
    pictures_changed = Signal()
    prior_changed = Signal()
    playing_changed = Signal()
    message = Signal(str)  # one line that the user must see

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model: HandModel | None = None
        self.latent = LatentCode()
        self.pose: npt.NDArray[np.float32] | None = None
        self.pictures: Pictures | None = None
        self.prior: Prior = "fitted"
        """What samples are drawn from, if the model has it."""
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(_UNDO_LIMIT)
        self.history = History()
        self.walk = WalkPlan(path="hands")
        self.highlight: npt.NDArray[np.floating] | None = None
        """Weight of each highlighted joint [J], 0 to 1; None without highlights."""
        self._settled = self.latent
        self._edit_label: str | None = None
        self.is_playing = False
        """The frames are played: latents are previews, routes and messages wait for the end."""

    def set_latent(
        self, latent: LatentCode, label: str = "change", merge: Merge | None = None, *, add_to_history: bool = True
    ) -> None:
        """Set the latent, as an undo step; inside an edit it is part of it.

        label: in the undo menu. merge: quick changes of this kind are one. add_to_history: append a history entry.
        """
        if self.is_editing or self.is_playing or latent == self._settled:
            self.preview_latent(latent)
            return
        edit = LatentEdit(self._settle_at, self._settled, latent, label, merge)
        self.undo_stack.push(edit)
        if add_to_history:
            self.history.add(latent, label, is_same_move=edit.is_merged)
            self.history_changed.emit()

    def preview_latent(self, latent: LatentCode) -> None:
        """Show an intermediate latent, of a walk or a held slider, without an undo step."""
        if latent == self.latent:
            return
        self.latent = latent
        if self.model is not None:
            self.pose = self.model.decode_pose(latent)
        self.latent_changed.emit()

    @property
    def is_editing(self) -> bool:
        """A slider or a joint is held: intermediate images are shown, not only the last ones."""
        return self._edit_label is not None

    def begin_edit(self, label: str) -> None:
        """All changes until `end_edit` are one edit."""
        self._edit_label = label

    def end_edit(self) -> None:
        label, self._edit_label = self._edit_label, None
        if label is not None:
            self.set_latent(self.latent, label)

    def set_playing(self, is_playing: bool) -> None:
        """All latents while frames are played are one undo step, made at the end."""
        if is_playing == self.is_playing:
            return
        self.is_playing = is_playing
        self.playing_changed.emit()
        if not is_playing:
            self.set_latent(self.latent, "play")

    def _settle_at(self, latent: LatentCode) -> None:
        self._settled = latent
        self.preview_latent(latent)

    def set_history(self, history: Iterable[HistoryEntry]) -> None:
        """Replace the history by that of a saved session."""
        self.history = History(tuple(history))
        self.history_changed.emit()

    def set_walk(self, walk: WalkPlan) -> None:
        """Set another walk through the latent space."""
        if walk != self.walk:
            self.walk = walk
            self.walk_changed.emit()

    def edit_walk(self, walk: WalkPlan, label: str) -> None:
        """Set the keyframes of the walk, as an undo step."""
        if walk != self.walk:
            self.undo_stack.push(ValueEdit(self._set_keyframes, self.walk.keyframes, walk.keyframes, label))

    def _set_keyframes(self, keyframes: tuple[LatentCode, ...]) -> None:
        self.set_walk(replace(self.walk, keyframes=keyframes))

    def add_keyframe(self, latent: LatentCode, row: int | None = None) -> None:
        """Add a latent to the keyframes, before `row` or at the end; a message if there are too many."""
        try:
            walk = self.walk.with_keyframes_at(len(self.walk.keyframes) if row is None else row, [latent])
        except ValueError as error:
            self.message.emit(str(error))
            return
        self.edit_walk(walk, "add keyframe")

    def set_highlight(self, weights: npt.NDArray[np.floating] | None) -> None:
        """Highlight joints by a weight [J] from 0 to 1; None removes it."""
        self.highlight = weights
        self.highlight_changed.emit()

    def set_pictures(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self.pictures_changed.emit()

    def set_prior(self, prior: Prior) -> None:
        self.prior = prior
        self.prior_changed.emit()
