"""Joints of the frame on screen with a place of their own, where the latent does not reach it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.model.latent import LatentCode
from explorer_app.model.pose_error import to_joints_mm
from explorer_app.session.undo import ValueEdit

if TYPE_CHECKING:
    from explorer_app.session.session import Session

FloatArray = npt.NDArray[np.floating]
Places = Mapping[int, tuple[float, float, float]]

BEYOND_MM = 5.0
"""How far from its latent's joint a place is to be free: 95 of 100 pulls within reach end nearer."""


class Miss(NamedTuple):
    """place: of a joint, [3] in half cube edges. mm: how far the latent's joint is from it."""

    place: FloatArray
    mm: float


class FreeJoints(QObject):
    """True places of joints, which a label has in place of those of the latent's pose.

    They belong to one frame of real data, in mm of its camera: another crop of it leaves them where they are, another
    frame or skeleton has none. A change of the latent leaves them as well, and changes by how much it misses them.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._of: tuple[object, ...] = ()
        self.places_mm: Places = {}
        """Of each free joint, [3]; replaced, never changed."""
        self.pulled: LatentCode | None = None
        """The latent after the last pull of a joint in this frame."""
        for signal in (session.frame_changed, session.model_changed, session.domain_changed):
            signal.connect(self._on_frame)

    @property
    def is_possible(self) -> bool:
        """Whether the pose on screen could be a label."""
        session = self._session
        return session.view is not None and session.pose is not None and session.domain == "real"

    @property
    def joints_mm(self) -> FloatArray | None:
        """Of the shown pose, with the free joints at their own places, [J, 3]; None without a frame or a model."""
        pose, view = self._session.pose, self._session.view
        if pose is None or view is None:
            return None
        joints_mm: FloatArray = to_joints_mm(pose, view.frame).astype(np.float32)
        for joint, place_mm in self.places_mm.items():
            joints_mm[joint] = place_mm
        return joints_mm

    @property
    def places(self) -> dict[int, FloatArray]:
        """In half cube edges from the cube's centre, [3] of each free joint."""
        view = self._session.view
        if view is None:
            return {}
        frame = view.frame
        return {joint: (np.array(at) - frame.center_mm) / frame.half_mm for joint, at in self.places_mm.items()}

    @property
    def misses(self) -> dict[int, Miss]:
        """By how much the latent misses each free joint."""
        pose, view = self._session.pose, self._session.view
        if pose is None or view is None:
            return {}
        return {
            joint: Miss(place, float(np.linalg.norm(place - pose[joint])) * view.frame.half_mm)
            for joint, place in self.places.items()
        }

    def place(self, pulled: Mapping[int, FloatArray], pose: FloatArray) -> None:
        """Show joints where they were pulled to, without an undo step; free only beyond reach.

        pulled: a place [3] of each. pose [J, 3]: of the latent. Both in half cube edges.
        """
        view = self._session.view
        if view is None or not self.is_possible:
            return
        places = {joint: at for joint, at in self.places_mm.items() if joint not in pulled}
        for joint, place in pulled.items():
            if float(np.linalg.norm(place - pose[joint])) * view.frame.half_mm > BEYOND_MM:
                x, y, z = (place * view.frame.half_mm + view.frame.center_mm).tolist()
                places[joint] = (x, y, z)
        self.show(places)

    def show(self, places_mm: Places) -> None:
        if places_mm != self.places_mm:
            self.places_mm = places_mm
            self.changed.emit()

    def edit(self, before: Places, after: Places, label: str) -> None:
        """Set other places, as an undo step."""
        if after != before:
            self._session.undo_stack.push(ValueEdit(partial(self._restore, self._of), before, after, label))

    @Slot()
    def release_all(self) -> None:
        """Leave all joints to the latent."""
        self.edit(self.places_mm, {}, "release free joints")

    def _restore(self, of: tuple[object, ...], places_mm: Places) -> None:
        if of == self._of:  # not those of another frame, by an undo
            self.show(places_mm)

    @Slot()
    def _on_frame(self) -> None:
        session, view = self._session, self._session.view
        joints = session.model.skeleton.joints if session.model is not None else ()
        of = (view.data, view.index, joints, session.domain) if view is not None else ()
        if of != self._of:
            self._of, self.pulled = of, None
            self.show({})
