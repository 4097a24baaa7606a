"""The state of the window: a model, a latent, opened data and the current frame."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer_app.model.pose_error import apart_mm, mean_error_mm
from explorer_app.session.encoding import FrameEncoding, State
from explorer_app.session.free_joints import FreeJoints
from explorer_app.session.latent_state import LatentState
from explorer_app.session.undo import Merge

if TYPE_CHECKING:  # they import torch and HDF5, and the first paint must not wait for them
    from explorer_app.model.data import Data, FrameView, OpenedData
    from explorer_app.model.hand.model import Encoding, HandModel
    from explorer_app.model.routes import Routes
    from lsps_core.config.model import Domain

NEAR_MM = 40.0  # mean distance of the joints: a pose with a pulled joint is nearer, another sample is not


class Session(LatentState):
    """The single state of the window. Views show it and request changes; `Background` does slow work.

    `pictures` belong to `model` and, outside of a drag, to `latent`; `pose` always does. `encoding` belongs to `view`,
    and stays while the latent moves away from its code.
    """

    model_changed = Signal()
    data_changed = Signal()
    index_changed = Signal()
    frame_changed = Signal()
    encoding_changed = Signal()
    encoding_wanted = Signal()
    routes_changed = Signal()
    domain_changed = Signal()
    outdated = Signal(str)  # a line that `message` had is no longer true
    asked = Signal()  # the user asks for something: messages about what was before are obsolete
    done = Signal(str)  # one line: what the user asked for is done, such as copied or saved
    saved = Signal(object)  # path of a file that was written for the user

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.data: Data | None = None
        self.index = 0
        self.view: FrameView | None = None
        self.domain_choice: Domain | None = None
        """Domain of the frames; None as in the data."""
        self._frame_encoding = FrameEncoding()
        self._compared: tuple[object, ...] = (None, None, None)
        self._is_near = False
        self._frame_problem = ""
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
        is_problem = bool(view.complaint) and not self.is_playing
        self._show_frame_problem(f"{view.complaint}; see the Inspector" if is_problem else "")
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

    def clear_view(self, problem: str = "") -> None:
        """The frame at `index` cannot be read: show none rather than another, and one line why."""
        self.view = None
        self._frame_encoding.lose_frame()
        self._show_frame_problem(problem)
        self.frame_changed.emit()
        self.encoding_changed.emit()

    def _show_frame_problem(self, line: str) -> None:
        """Show it instead of what was wrong with the frame before; empty if nothing is wrong with this one."""
        if self._frame_problem:
            self.outdated.emit(self._frame_problem)
        self._frame_problem = line
        if line:
            self.message.emit(line)

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
        compared = (encoding, pose, view)
        if any(map(operator.is_not, compared, self._compared)):
            self._compared = compared  # several views ask for each pose
            error_mm = mean_error_mm(pose, view.frame)  # a fit may be far from what P reads
            is_right = error_mm is not None and error_mm <= NEAR_MM
            self._is_near = is_right or apart_mm(pose, encoding.pose, view.frame.half_mm) <= NEAR_MM
        return self._is_near

    @property
    def error_mm(self) -> float | None:
        """Mean joint error of the shown pose against the frame's annotation; None without one, or far from it."""
        if self.pose is None or self.view is None or not self.is_near_frame:
            return None
        return mean_error_mm(self.pose, self.view.frame)
