"""The state of the window: a model, a latent, opened data and the current frame."""

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
from explorer_app.model.pose_error import apart_mm, mean_error_mm
from explorer_app.model.walk import WalkPlan
from explorer_app.session.encoding import FrameEncoding, State
from explorer_app.session.free_joints import FreeJoints
from explorer_app.session.undo import LatentEdit, Merge, ValueEdit

if TYPE_CHECKING:  # they import torch and HDF5, and the first paint must not wait for them
    from explorer_app.model.data import Data, FrameView, OpenedData
    from explorer_app.model.hand.model import Encoding, HandModel, Pictures
    from explorer_app.model.routes import Routes
    from lsps_core.config.model import Domain, Prior

_UNDO_LIMIT = 500
NEAR_MM = 40.0  # mean distance of the joints: a pose with a pulled joint is nearer, another sample is not


class Session(QObject):
    """The single state of the window. Views show it and request changes; `Background` does slow work.

    `pictures` belong to `model` and, outside of a drag, to `latent`; `pose` always does. `encoding` belongs to `view`,
    and stays while the latent moves away from its code.
    """

    model_changed = Signal()
    latent_changed = Signal()
    history_changed = Signal()
    walk_changed = Signal()
    highlight_changed = Signal()
    pictures_changed = Signal()
    data_changed = Signal()
    index_changed = Signal()
    frame_changed = Signal()
    encoding_changed = Signal()
    encoding_wanted = Signal()
    routes_changed = Signal()
    domain_changed = Signal()
    prior_changed = Signal()
    playing_changed = Signal()
    asked = Signal()  # the user asks for something: messages about what was before are obsolete
    done = Signal(str)  # one line: what the user asked for is done, such as copied or saved
    saved = Signal(object)  # path of a file that was written for the user
    message = Signal(str)  # one line that the user must see

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model: HandModel | None = None
        self.latent = LatentCode()
        self.pose: npt.NDArray[np.float32] | None = None
        self.pictures: Pictures | None = None
        self.data: Data | None = None
        self.index = 0
        self.view: FrameView | None = None
        self.domain_choice: Domain | None = None
        """Domain of the frames; None as in the data."""
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
        self._frame_encoding = FrameEncoding()
        self.free_joints = FreeJoints(self)

    def set_model(self, model: HandModel) -> None:
        """Set another model at the same latent; an encoded frame is encoded again."""
        self.model = model
        self.pose = model.decode_pose(self.latent)
        self.pictures = None
        self._frame_encoding.restart()
        self.model_changed.emit()
        self.encoding_changed.emit()
        self._start_encoding()

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

    def set_data(self, opened: OpenedData) -> None:
        """Set other data, at its first readable frame, which is encoded at once."""
        previous, self.data = self.data, opened.data
        self.index = opened.first.index
        self.view = opened.first  # before the index is announced, or the frame would be read again
        self.domain_choice = None
        self._frame_encoding.lose_frame()
        self._frame_encoding.request()
        self.data_changed.emit()
        self.domain_changed.emit()
        self.index_changed.emit()
        if previous is not None:
            previous.close()
        self.set_view(opened.first)
        if opened.complaint:
            self.message.emit(opened.complaint)

    def set_index(self, index: int) -> None:
        """Request another frame; the index is clamped."""
        if self.data is None:
            return
        index = min(max(index, 0), len(self.data) - 1)
        if index == self.index:
            return
        self.index = index
        self._frame_encoding.step(is_on_screen=self.view is not None and self.view.index == index)
        self.index_changed.emit()
        self._start_encoding()

    def set_view(self, view: FrameView) -> None:
        """Show a frame that was read."""
        self.view = view
        self._frame_encoding.show_frame(is_whole=not view.complaint)
        if view.complaint and not self.is_playing:
            self.message.emit(f"{view.complaint}; see the Inspector")
        self.frame_changed.emit()
        self.encoding_changed.emit()
        self._start_encoding()

    def set_played(self, view: FrameView, encoding: Encoding) -> None:
        """Show a frame together with its code, so that no view is without a skeleton in between."""
        self.view = view
        self._frame_encoding.show_frame(is_whole=True)
        self._frame_encoding.request()
        self._frame_encoding.start(is_ready=True)
        self._frame_encoding.finish(encoding)
        self.frame_changed.emit()
        self.encoding_changed.emit()
        self.set_latent(encoding.code, view.frame.name)

    def replace_view(self, view: FrameView) -> None:
        """Show the same frame with another crop; its encoding stays on screen until the new one."""
        if self.encoding is None or view.complaint:
            self._frame_encoding.request()
            self.set_view(view)
            return
        self.view = view
        self._frame_encoding.recrop()
        self.frame_changed.emit()
        self.encoding_wanted.emit()

    def clear_view(self) -> None:
        """The frame at `index` cannot be read: show none rather than another."""
        self.view = None
        self._frame_encoding.lose_frame()
        self.frame_changed.emit()
        self.encoding_changed.emit()

    @property
    def encoding(self) -> Encoding | None:
        return self._frame_encoding.result

    @property
    def is_encoding_under_way(self) -> bool:
        return self._frame_encoding.is_under_way

    @property
    def is_encoding_on_step(self) -> bool:
        return self._frame_encoding.is_on_step

    def set_encoding_on_step(self, is_on: bool) -> None:
        self._frame_encoding.is_on_step = is_on

    @property
    def encoding_input(self) -> tuple[HandModel, FrameView, Domain] | None:
        """The inputs for encoding the frame at `index`; None if one of the three is not loaded yet."""
        if self.model is None or self.view is None or self.domain is None or self.view.index != self.index:
            return None
        return self.model, self.view, self.domain

    def _start_encoding(self) -> None:
        if self._frame_encoding.start(is_ready=self.encoding_input is not None):
            self.encoding_wanted.emit()

    def want_encoding(self) -> None:
        """Encode the frame, and set the sliders to its code; later, if the model or the frame is still loading."""
        self._frame_encoding.request()
        self._start_encoding()

    def set_encoding(self, encoding: Encoding) -> None:
        """Set the sliders to the code of the frame, if that is still requested."""
        merge = Merge.RECUT if self._frame_encoding.state is State.RECUTTING else None
        if self._frame_encoding.finish(encoding):
            self.encoding_changed.emit()
            self.set_latent(encoding.code, self.view.frame.name if self.view is not None else "frame", merge=merge)

    def fail_encoding(self) -> None:
        if self._frame_encoding.fail():
            self.encoding_changed.emit()

    def set_routes(self, routes: Routes) -> None:
        """Set the routes of the encoded frame, which are ready later than its code."""
        if self._frame_encoding.add_routes(routes):
            self.routes_changed.emit()

    @property
    def domain(self) -> Domain | None:
        """Domain of the frames; None without data."""
        return self.domain_choice or (self.data.domain if self.data is not None else None)

    def set_domain_choice(self, domain: Domain | None) -> None:
        """Set the domain of this data's frames, None as in the data; encodes an encoded frame again."""
        before, self.domain_choice = self.domain, domain
        self.domain_changed.emit()
        if self.domain != before:
            self._frame_encoding.restart()
            self.encoding_changed.emit()
            self._start_encoding()

    @property
    def is_at_code(self) -> bool:
        """True while the sliders are at the code of the encoded frame."""
        return self.encoding is not None and self.latent == self.encoding.code

    @property
    def is_near_frame(self) -> bool:
        """Whether the shown pose is about that of the encoded frame, so that the two can be compared."""
        encoding, pose, view = self.encoding, self.pose, self.view
        if encoding is None or pose is None or view is None:
            return False
        error_mm = mean_error_mm(pose, view.frame)  # a fit may be far from what P reads
        is_right = error_mm is not None and error_mm <= NEAR_MM
        return is_right or apart_mm(pose, encoding.pose, view.frame.half_mm) <= NEAR_MM

    @property
    def error_mm(self) -> float | None:
        """Mean joint error of the shown pose against the frame's annotation; None without one, or far from it."""
        if self.pose is None or self.view is None or not self.is_near_frame:
            return None
        return mean_error_mm(self.pose, self.view.frame)
