"""Keeps the shown pose as the label of the frame, in a store beside the opened data."""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from explorer_app.model.latent import LatentCode
from explorer_app.model.pose_error import FloatArray, annotated_pose, apart_mm, to_joints_mm
from explorer_app.resources import is_bundled
from explorer_app.session.data_labels import DataLabels
from explorer_app.session.fitting import FrameFitting
from explorer_app.session.session import NEAR_MM, Session
from explorer_app.session.undo import ValueEdit
from explorer_app.workers.in_order import InOrder

if TYPE_CHECKING:  # they import HDF5
    from explorer_app.model.data import Data
    from lsps_core.finetuning.labels import How, Label

_EXACT_MM = 0.01
"""A joint that is farther from its latent's keeps its own place."""
_NEEDS = "a label needs a model and a frame; open them with File ▸ Open"


class Labelling(QObject):
    """The labels of `Session.data`. Every change of them is an undo step, and is written at once."""

    changed = Signal()

    def __init__(
        self, session: Session, fitting: FrameFitting, folder: Path | None, parent: QObject | None = None
    ) -> None:
        """folder: for labels of the bundled samples; None if there is none for this program."""
        super().__init__(parent)
        self._session, self._fitting, self._folder = session, fitting, folder
        self._of: DataLabels | None = None
        self._known: dict[Path, DataLabels] = {}
        self._awaited: Label | None = None
        """Shown when its frame is on screen and encoded."""
        self._disk = InOrder("labels", self)
        session.data_changed.connect(self._open)
        session.frame_changed.connect(self.changed)
        # after the latent is set to the code of the frame
        session.encoding_changed.connect(self._show_awaited, Qt.ConnectionType.QueuedConnection)

    @property
    def path(self) -> Path | None:
        """The store of the labels; None while there is no label."""
        return self._of.path if self._of is not None and self._of.labels else None

    @property
    def labels(self) -> dict[str, Label]:
        """By the names of their frames, in the order in which they were made."""
        return self._of.labels if self._of is not None else {}

    @property
    def current(self) -> Label | None:
        """The label of the frame on screen."""
        view = self._session.view
        return self.labels.get(view.frame.name) if view is not None else None

    @property
    def pose(self) -> FloatArray | None:
        """The label of the frame on screen as a pose [J, 3] of the open model; None without one."""
        label, view, model = self.current, self._session.view, self._session.model
        if label is None or view is None or model is None or label.skeleton.joints != model.skeleton.joints:
            return None
        is_same_camera = label.camera == view.frame_camera  # an image may have been flipped since
        return annotated_pose(replace(view.frame, joints_mm=label.frame.joints_mm)) if is_same_camera else None

    @property
    def error_mm(self) -> float | None:
        """Mean distance of the shown pose's joints from the label's; None without a label, or far from it."""
        label, shown, view = self.pose, self._session.pose, self._session.view
        if label is None or shown is None or view is None:
            return None
        error_mm = apart_mm(shown, label, view.frame.half_mm)
        return error_mm if error_mm <= NEAR_MM or self._session.is_near_frame else None

    @Slot()
    def keep(self) -> None:
        """Label the frame on screen with the shown pose; a message if it cannot be."""
        self._session.asked.emit()
        label, problem = self._label()
        if label is None:
            self._session.message.emit(problem)
        else:
            self._change(label.name, label, f"label {label.name}")

    @Slot()
    def confirm(self) -> None:
        """Label the frame on screen with the pose that the model reads; a message if another is shown."""
        session = self._session
        is_read = session.is_at_code and not session.free_joints.places_mm
        if session.encoding is None or is_read:
            self.keep()
        else:
            session.asked.emit()
            session.message.emit("the pose was changed; press L to label the frame with it, or E to read it again")

    @Slot()
    def remove(self) -> None:
        """Remove the label of the frame on screen."""
        if self.current is not None:
            self.remove_label(self.current.name)

    def remove_label(self, name: str) -> None:
        if name in self.labels:
            self._change(name, None, f"remove label of {name}")

    def edit(self, name: str) -> None:
        """Go to a labelled frame and show its label's pose, to be changed and kept again."""
        self._session.asked.emit()
        label, data, view = self.labels.get(name), self._session.data, self._session.view
        if label is None or data is None:
            return
        self._awaited = label
        if view is not None and view.frame.name == name and view.index == self._session.index:
            self._show_awaited()
        else:
            self._disk.ask(
                data.title, partial(_index_of, data, name), self._go, self._session.message.emit, is_slow=True
            )

    @Slot()
    def show_annotation(self) -> None:
        """Show the annotation of the frame on screen, to be corrected; a message if there is none to show."""
        session, view, model = self._session, self._session.view, self._session.model
        session.asked.emit()
        if view is None or model is None or session.pose is None:
            session.message.emit(_NEEDS)
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
        self._awaited, pose = None, self.pose
        if pose is None:
            session.message.emit(
                f"the label of {label.name} has another skeleton or camera; open those it was made with"
            )
        else:
            is_own = session.model is not None and session.model.name == label.model and bool(label.latent)
            self._show_pose(pose, f"label of {label.name}", LatentCode(label.latent) if is_own else None)

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

    def _go(self, index: int) -> None:
        self._session.set_index(index)

    def close_down(self) -> None:
        self._disk.close()

    @Slot()
    def _open(self) -> None:
        """Read the labels of other data."""
        self._of = self._awaited = None
        data = self._session.data
        path = self._path_for(data) if data is not None and data.origin else None
        if data is not None and path is not None:
            of = self._of = self._known.setdefault(path, DataLabels(path, data))  # undo steps have this one
            if of.problem:
                self._disk.ask(str(path), of.read, partial(self._take, of), partial(self._refuse, of), is_slow=True)
        self.changed.emit()

    def _path_for(self, data: Data) -> Path | None:
        """Beside the data, or for files of this program in the user's folder."""
        from lsps_core.finetuning.labels import labels_path

        path = labels_path(data.origin[0] if len(data.origin) == 1 else data.origin[0].parent)
        if not is_bundled(path):
            return path
        return self._folder / path.name if self._folder is not None else None

    def _take(self, of: DataLabels, labels: dict[str, Label]) -> None:
        of.labels, of.problem = labels, ""
        self.changed.emit()

    def _refuse(self, of: DataLabels, line: str) -> None:
        of.problem = line
        self._session.message.emit(line)

    def _label(self) -> tuple[Label | None, str]:
        """A label of the frame on screen with the shown pose, or why there can be none."""
        session, of = self._session, self._of
        model, view, pose = session.model, session.view, session.pose
        if model is None or view is None or pose is None:
            return None, _NEEDS
        if session.domain != "real":
            return None, "labels are for real frames; synthetic ones come with their joints"
        if view.complaint:
            return None, f"{view.frame.name} has no hand; place the cube in the Inspector first"
        if of is None:
            return None, "frames that are on no disk cannot be labelled; open a store or images"
        if of.problem:
            return None, of.problem
        if any(label.skeleton.joints != model.skeleton.joints for label in of.labels.values()):
            return None, f"{of.path.name} has labels of another skeleton; open the model that they were made with"
        from lsps_core.finetuning.labels import Label

        free, joints_mm = session.free_joints, session.free_joints.joints_mm
        read_mm = to_joints_mm(pose, view.frame).tolist()
        label = Label(
            frame=replace(view.frame, joints_mm=joints_mm),
            camera=view.frame_camera,
            skeleton=model.skeleton,
            how=self._how(),
            author=_user(),
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
            model=model.name,
            latent=tuple(map(float, session.latent.values)),
            reached_mm={model.skeleton.joints[joint]: tuple(read_mm[joint]) for joint in sorted(free.places_mm)},
        )
        return label, ""

    def _how(self) -> How:
        session, fit, current = self._session, self._fitting.result, self.current
        if session.latent == session.free_joints.pulled:
            return "pulled"
        if fit is not None and session.latent == fit.code:
            return "fitted"
        if session.is_at_code:
            return "read"
        is_kept = current is not None and session.latent.values == current.latent
        return current.how if current is not None and is_kept else "changed"

    def _change(self, name: str, label: Label | None, text: str) -> None:
        of = self._of
        if of is not None:
            self._session.undo_stack.push(ValueEdit(partial(self._set, of, name), of.labels.get(name), label, text))

    def _set(self, of: DataLabels, name: str, label: Label | None) -> None:
        """of: also of data that is no longer open, by an undo."""
        if label is None:
            of.labels.pop(name, None)
        else:
            of.labels[name] = label
        done = f"{len(of.labels)} label{'s' * (len(of.labels) != 1)} in {of.path}" if of.labels else "no label left"
        self._disk.ask(str(of.path), of.write, lambda _: self._session.done.emit(done), self._complain, is_slow=True)
        self.changed.emit()

    def _complain(self, line: str) -> None:
        self._session.message.emit(f"{line}; the labels are kept in this window until the next one is written")


def _index_of(data: Data, name: str) -> int:
    """Of a frame by its name; called in a thread."""
    try:
        return list(data.names()).index(name)
    except ValueError:
        raise ValueError(f"{data.title} has no frame {name}; open the data that was labelled") from None


def _user() -> str:
    """Empty on a system that does not know who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
