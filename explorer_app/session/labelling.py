"""Keeps the shown pose as the label of the frame, in a store beside the opened data."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.model.pose_error import FloatArray, annotated_pose, apart_mm, to_joints_mm
from explorer_app.resources import is_bundled
from explorer_app.session.background import Background
from explorer_app.session.data_labels import DataLabels
from explorer_app.session.fitting import FrameFitting
from explorer_app.session.label_editing import NEEDS, LabelEditing
from explorer_app.session.label_files import LabelFiles
from explorer_app.session.session import NEAR_MM, Session
from explorer_app.session.undo import ValueEdit
from explorer_app.workers.in_order import InOrder

if TYPE_CHECKING:  # they import HDF5
    from explorer_app.model.data import Data
    from lsps_core.finetuning.labels import How, Label
    from lsps_core.skeleton import Skeleton


class Labelling(QObject):
    """The labels of `Session.data`. Every change of them is an undo step, and is written at once."""

    changed = Signal()

    def __init__(
        self,
        session: Session,
        background: Background,
        fitting: FrameFitting,
        folder: Path | None,
        parent: QObject | None = None,
    ) -> None:
        """folder: for labels of the bundled samples; None if there is none for this program."""
        super().__init__(parent)
        self._session, self._fitting, self._folder = session, fitting, folder
        self._of: DataLabels | None = None
        self._known: dict[Path, DataLabels] = {}
        self._disk = InOrder("labels", self)
        session.data_changed.connect(self._open)
        session.frame_changed.connect(self.changed)
        self.editing = LabelEditing(session, background, self)
        self.files = LabelFiles(session, background, self)

    @property
    def is_busy(self) -> bool:
        """Whether labels are being read or written."""
        return self._disk.is_busy

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
            self._change({label.name: label}, f"label {label.name}")

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
            self.remove_labels([self.current.name])

    def remove_labels(self, names: Sequence[str]) -> None:
        names = [name for name in names if name in self.labels]
        if names:
            text = f"remove label of {names[0]}" if len(names) == 1 else f"remove {len(names)} labels"
            self._change(dict.fromkeys(names), text)

    def add(self, labels: Mapping[str, Label], text: str) -> None:
        """Add labels that were made elsewhere, and replace those of the same frames; a message if they do not fit."""
        problem = self.problem_of(next(iter(labels.values())).skeleton)
        if problem:
            self._session.message.emit(problem)
        else:
            self._change(labels, text)

    def problem_of(self, skeleton: Skeleton) -> str:
        """Why the opened data can have no label of this skeleton; empty if it can."""
        of = self._of
        if self._session.domain != "real":
            return "labels are for real frames; synthetic ones come with their joints"
        if of is None:
            return "frames that are on no disk cannot be labelled; open a store or images"
        if any(label.skeleton.joints != skeleton.joints for label in of.labels.values()):
            return f"{of.path.name} has labels of another skeleton; open the model that they were made with"
        return of.problem

    def close_down(self) -> None:
        self._disk.close()

    @Slot()
    def _open(self) -> None:
        """Read the labels of other data."""
        self._of = None
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
        session = self._session
        model, view, pose = session.model, session.view, session.pose
        if model is None or view is None or pose is None:
            return None, NEEDS
        problem = self.problem_of(model.skeleton)
        if view.complaint:
            problem = f"{view.frame.name} has no hand; place the cube in the Inspector first"
        if problem:
            return None, problem
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
        session, fit = self._session, self._fitting.result
        if session.latent == session.free_joints.pulled:
            return "pulled"
        if fit is not None and session.latent == fit.code:
            return "fitted"
        if session.is_at_code:
            return "read"
        return self.editing.how or "changed"

    def _change(self, after: Mapping[str, Label | None], text: str) -> None:
        """after: the labels by name, None to remove one; one undo step."""
        of = self._of
        if of is not None:
            before = {name: of.labels.get(name) for name in after}
            self._session.undo_stack.push(ValueEdit(partial(self._set, of), before, after, text))

    def _set(self, of: DataLabels, changes: Mapping[str, Label | None]) -> None:
        """of: also of data that is no longer open, by an undo."""
        for name, label in changes.items():
            if label is None:
                of.labels.pop(name, None)
            else:
                of.labels[name] = label
        done = f"{len(of.labels)} label{'s' * (len(of.labels) != 1)} in {of.path}" if of.labels else "no label left"
        self._disk.ask(str(of.path), of.write, lambda _: self._session.done.emit(done), self._complain, is_slow=True)
        self.changed.emit()

    def _complain(self, line: str) -> None:
        self._session.message.emit(f"{line}; the labels are kept in this window until the next one is written")


def _user() -> str:
    """Empty on a system that does not know who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
