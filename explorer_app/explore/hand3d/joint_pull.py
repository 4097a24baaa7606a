"""Applies a pull of a joint to the session: one pull is one undo step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.explore.hand3d.control import ViewControl
from explorer_app.explore.model.joint_drag import JointDrag
from explorer_app.model.latent import LatentCode
from explorer_app.model.pose_search import FloatArray
from explorer_app.session.free_joints import Places
from explorer_app.session.session import Session


class JointPull(QObject):
    """`pinned` joints stay in place while another joint is pulled.

    In a frame that can be labelled, so do joints that were pulled before, each where it was pulled to.
    """

    pinned_changed = Signal()

    def __init__(self, session: Session, control: ViewControl, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pinned: frozenset[int] = frozenset()
        self._session, self._control = session, control
        self._drag: JointDrag | None = None
        self._start = LatentCode()
        self._start_places: Places = {}
        self._held: dict[int, FloatArray] = {}
        """Where joints were pulled to, [3] in half cube edges, as long as nothing but pulls changes the latent."""
        self._label = ""
        self._joints: tuple[str, ...] = ()
        control.grabbed.connect(self._grab)
        control.pulled.connect(self._pull)
        control.released.connect(self._release)
        control.cancelled.connect(self._cancel)
        control.joint_clicked.connect(self.toggle_pin)
        session.model_changed.connect(self._on_model)
        session.frame_changed.connect(self.forget_places)

    @Slot(int)
    def toggle_pin(self, joint: int) -> None:
        self._set_pinned(self.pinned ^ {joint})

    @Slot()
    def unpin_all(self) -> None:
        self._set_pinned(frozenset())

    def _set_pinned(self, pinned: frozenset[int]) -> None:
        self.pinned = pinned
        self.pinned_changed.emit()

    @Slot(int)
    def _grab(self, joint: int) -> None:
        model, self._start = self._session.model, self._session.latent
        if model is None:
            return
        free = self._session.free_joints
        self._start_places = free.places_mm
        if not free.is_possible or self._start != free.pulled:
            self._held = {}
        self._held.pop(joint, None)
        places = {other: place for other, place in free.places.items() if other != joint}
        self._drag = JointDrag(model, self._start, joint, self.pinned, self._held | places)
        self._label = f"pull {joint_name(model.skeleton.joints[joint])}"
        self._session.begin_edit(self._label)

    @Slot(object)
    def _pull(self, target: npt.NDArray[np.floating]) -> None:
        drag, session = self._drag, self._session
        if drag is not None:
            code = drag.pull(target)
            session.free_joints.place(self._held | {drag.joint: drag.target}, drag.pose)
            session.set_latent(code)

    @Slot()
    def _release(self) -> None:
        if self._drag is None:
            return
        drag, self._drag, session = self._drag, None, self._session
        free, before, after = session.free_joints, self._start_places, session.free_joints.places_mm
        is_macro = after != before  # the latent and the places are one undo step
        if is_macro:
            session.undo_stack.beginMacro(self._label)
        if session.latent != self._start or is_macro:
            free.pulled = session.latent
            self._held[drag.joint] = drag.target
        session.end_edit()
        free.edit(before, after, self._label)
        if is_macro:
            session.undo_stack.endMacro()

    @Slot()
    def _cancel(self) -> None:
        if self._drag is not None:
            self._session.free_joints.show(self._start_places)
            self._session.set_latent(self._start)
            self._release()

    @Slot()
    def forget_places(self) -> None:
        """Hold no joint where it was pulled to: of another frame, of another cube, or because the user wants it."""
        self._held = {}

    @Slot()
    def _on_model(self) -> None:
        self._control.cancel()  # the pull belonged to the other model
        self._held = {}
        model = self._session.model
        joints = model.skeleton.joints if model is not None else ()
        if joints != self._joints:
            self._joints = joints
            self.unpin_all()


def joint_name(joint: str) -> str:
    """For display: index_tip -> index tip."""
    return joint.replace("_", " ")
