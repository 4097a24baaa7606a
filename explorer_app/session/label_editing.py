"""Shows the pose of a label, or of an annotation, to be changed and kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Slot

from explorer_app.model.latent import LatentCode
from explorer_app.model.pose_error import FloatArray, annotated_pose, to_joints_mm
from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:  # they import HDF5
    from explorer_app.model.data import Data
    from explorer_app.session.labelling import Labelling
    from lsps_core.finetuning.labels import How, Label

NEEDS = "a label needs a model and a frame; open them with File ▸ Open"
_SAME_MM = 0.1
_EXACT_MM = 0.01
"""A joint that is farther from its latent's keeps its own place."""


class LabelEditing(QObject):
    """Goes to the frame of a label and sets the latent and the free joints to its pose."""

    def __init__(self, session: Session, background: Background, labelling: Labelling) -> None:
        super().__init__(labelling)
        self._session, self._labelling = session, labelling
        self._awaited: Label | None = None
        """Shown when its frame is on screen and encoded."""
        self._shown: tuple[LatentCode, How] | None = None
        self._worker = background.add_worker("label names", self._on_index)
        session.data_changed.connect(self._forget)
        # after the latent is set to the code of the frame
        session.encoding_changed.connect(self._show_awaited, Qt.ConnectionType.QueuedConnection)

    @property
    def how(self) -> How | None:
        """Of the label that is shown; None if another pose is."""
        return self._shown[1] if self._shown is not None and self._shown[0] == self._session.latent else None

    def edit(self, name: str) -> None:
        """Go to a labelled frame and show its label's pose, to be changed and kept again."""
        self._session.asked.emit()
        label, data, view = self._labelling.labels.get(name), self._session.data, self._session.view
        if label is None or data is None:
            return
        self._awaited = label
        if view is not None and view.frame.name == name and view.index == self._session.index:
            self._show_awaited()
        else:
            self._worker.ask(data, partial(_index_of, data, name))

    @Slot()
    def show_annotation(self) -> None:
        """Show the annotation of the frame on screen, to be corrected; a message if there is none to show."""
        session, view, model = self._session, self._session.view, self._session.model
        session.asked.emit()
        if view is None or model is None or session.pose is None:
            session.message.emit(NEEDS)
            return
        pose, skeleton = annotated_pose(view.frame), view.data.skeleton
        if pose is None or skeleton is None:
            session.message.emit(f"{view.frame.name} has no annotation; pull the joints of what the model reads")
        elif skeleton.joints != model.skeleton.joints:
            names = skeleton.name, model.skeleton.name
            session.message.emit(
                f"the annotation has the skeleton {names[0]}, the model {names[1]}; open one of {names[0]}"
            )
        else:
            self._show_pose(np.where(np.isfinite(pose), pose, session.pose), f"annotation of {view.frame.name}")

    @Slot()
    def _show_awaited(self) -> None:
        session, label = self._session, self._awaited
        view = session.view
        if label is None or view is None or view.frame.name != label.name or session.is_encoding_under_way:
            return
        self._awaited, pose = None, self._labelling.pose
        if pose is None:
            session.message.emit(
                f"the label of {label.name} has another skeleton or camera; open those it was made with"
            )
        else:
            self._show_pose(pose, f"label of {label.name}", self._code_of(label, pose))
            self._shown = session.latent, label.how

    def _code_of(self, label: Label, pose: FloatArray) -> LatentCode | None:
        """The code that a label was made with; None if it has none, or if it is another pose in the open model."""
        model, view = self._session.model, self._session.view
        if model is None or view is None or not label.latent:
            return None
        code = LatentCode(label.latent)
        misses_mm = view.frame.half_mm * np.linalg.norm(model.decode_pose(code) - pose, axis=1)
        reached = [joint not in label.reached_mm for joint in label.skeleton.joints]
        return code if misses_mm[reached].max(initial=0.0) < _SAME_MM else None

    def _show_pose(self, pose: FloatArray, text: str, code: LatentCode | None = None) -> None:
        """Set the sliders to a pose [J, 3], and free the joints that the latent does not have there; one undo step."""
        session, view, model = self._session, self._session.view, self._session.model
        if view is None or model is None:
            return
        free, half_mm = session.free_joints, view.frame.half_mm
        code = code or model.code_of(pose)
        misses_mm = half_mm * np.linalg.norm(model.decode_pose(code) - pose, axis=1)
        joints_mm = to_joints_mm(pose, view.frame)
        places = {
            int(joint): (float(x), float(y), float(z))
            for joint, (x, y, z) in enumerate(joints_mm)
            if misses_mm[joint] > _EXACT_MM
        }
        if code != session.latent or places != free.places_mm:
            session.undo_stack.beginMacro(text)
            session.set_latent(code, text)
            free.edit(free.places_mm, places, text)
            session.undo_stack.endMacro()

    @Slot(object, object)
    def _on_index(self, data: Data, index: int) -> None:
        if data is self._session.data:
            self._session.set_index(index)

    @Slot()
    def _forget(self) -> None:
        self._awaited = self._shown = None


def _index_of(data: Data, name: str) -> int:
    """Of a frame by its name; called in a thread."""
    try:
        return list(data.names()).index(name)
    except ValueError:
        raise ValueError(f"{data.title} has no frame {name}; open the data that was labelled") from None
