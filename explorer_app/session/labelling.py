"""Keeps the shown pose as the label of the frame, in a store beside the opened data."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoCommand

from explorer_app.model.latent import LatentCode
from explorer_app.model.pose_error import to_joints_mm
from explorer_app.resources import is_bundled
from explorer_app.session.fitting import FrameFitting
from explorer_app.session.session import Session
from explorer_app.workers.in_order import InOrder

if TYPE_CHECKING:  # they import HDF5
    from explorer_app.model.data import Data
    from lsps_core.finetuning.labels import How, Label

_NEEDS = "a label needs a model and a frame; open them with File ▸ Open"


class DataLabels:
    """The labels of one opened data by the names of their frames, and the store that they are kept in."""

    def __init__(self, path: Path, data: Data) -> None:
        self.path, self.source, self.is_simulated = path, data.title, data.is_simulated
        self.labels: dict[str, Label] = {}
        self.problem = "its labels are still being read; try again"
        self._writing = threading.Lock()

    def read(self) -> dict[str, Label]:
        """Called in a thread."""
        from lsps_core.finetuning.labels import read_labels

        return read_labels(self.path)

    def write(self) -> None:
        """Write the labels as they are now; called in a thread. Of several calls at a time, the last has all."""
        from lsps_core.finetuning.labels import write_labels

        with self._writing:
            write_labels(self.path, dict(self.labels), is_simulated=self.is_simulated, source=self.source)


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
        self._disk = InOrder("labels", self)
        session.data_changed.connect(self._open)
        session.frame_changed.connect(self.changed)

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
    def remove(self) -> None:
        """Remove the label of the frame on screen."""
        if self.current is not None:
            self.remove_label(self.current.name)

    def remove_label(self, name: str) -> None:
        if name in self.labels:
            self._change(name, None, f"remove label of {name}")

    def show_pose(self, label: Label) -> None:
        """Set the sliders to the pose of a label, if it is of the open model."""
        model = self._session.model
        if model is None or label.model != model.name or not label.latent:
            self._session.message.emit(f"{label.name} was labelled with the model {label.model}; open that one")
        else:
            self._session.set_latent(LatentCode(label.latent), f"label of {label.name}")

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
        from lsps_core.data.frame_cameras import FrameCamera
        from lsps_core.finetuning.labels import Label

        camera = view.data.camera_of(view.index)
        if view.raw is not None:
            is_mirrored = view.raw.crop.settings.is_mirrored
            width_px = view.raw.depth_mm.shape[1] if is_mirrored else None
            camera = FrameCamera(camera=view.camera, is_mirrored=is_mirrored, width_px=width_px)
        label = Label(
            frame=replace(view.frame, joints_mm=to_joints_mm(pose, view.frame).astype("float32")),
            camera=camera,
            skeleton=model.skeleton,
            how=self._how(),
            author=_user(),
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
            model=model.name,
            latent=tuple(map(float, session.latent.values)),
        )
        return label, ""

    def _how(self) -> How:
        fit = self._fitting.result
        if fit is not None and self._session.latent == fit.code:
            return "fitted"
        return "read" if self._session.is_at_code else "changed"

    def _change(self, name: str, label: Label | None, text: str) -> None:
        of = self._of
        if of is not None:
            self._session.undo_stack.push(_LabelEdit(partial(self._set, of, name), of.labels.get(name), label, text))

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


def _user() -> str:
    """Empty on a system that does not know who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


class _LabelEdit(QUndoCommand):
    """Another label of one frame, or none."""

    def __init__(
        self, show: Callable[[Label | None], None], before: Label | None, after: Label | None, text: str
    ) -> None:
        super().__init__(text)
        self._show, self._before, self._after = show, before, after

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)
