"""Labels of the opened data to and from files of other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from PySide6.QtCore import QObject, Slot

from explorer_app.session.background import Background
from explorer_app.session.label_editing import NEEDS
from explorer_app.session.session import Session

if TYPE_CHECKING:  # they import HDF5
    from explorer_app.model.data import Data
    from explorer_app.session.labelling import Labelling
    from lsps_core.data.frame import HandFrame
    from lsps_core.data.frame_cameras import FrameCamera
    from lsps_core.finetuning.labels import Label
    from lsps_core.skeleton import Skeleton

Kind = Literal["coco", "patch", "store"]
KINDS: dict[Kind, tuple[str, str]] = {
    "coco": ("COCO keypoints", ".json"),
    "patch": ("Patch of the annotations", ".patch.json"),
    "store": ("Store of labels", ".labels.h5"),
}
"""Title and suffix of what labels are written as."""


class _Read(NamedTuple):
    labels: dict[str, Label]
    missing: list[str]


class LabelFiles(QObject):
    """Reads and writes in a thread, one file at a time; what is read is one undo step."""

    def __init__(self, session: Session, background: Background, labelling: Labelling) -> None:
        super().__init__(labelling)
        self._session, self._labelling = session, labelling
        self._reader = background.add_worker("label reader", self._on_read)
        self._writer = background.add_worker("label writer", self._on_written)

    @property
    def can_patch(self) -> bool:
        """Whether the opened data has annotations that a patch can correct."""
        data = self._session.data
        return data is not None and data.is_annotated and len(data.origin) == 1

    def read(self, path: Path) -> None:
        """Label the frames that a file names; a message if it cannot be used."""
        session, data, model = self._session, self._session.data, self._session.model
        session.asked.emit()
        if data is None or model is None:
            session.message.emit(NEEDS)
            return
        problem = self._labelling.problem_of(model.skeleton)
        if problem:
            session.message.emit(problem)
            return
        source = data.origin[0] if self.can_patch else None
        self._reader.ask((data, path), partial(_read, path, data, model.skeleton, source))

    def write(self, path: Path, kind: Kind) -> None:
        """Write all labels of the opened data."""
        data, labels = self._session.data, dict(self._labelling.labels)
        self._session.asked.emit()
        if data is not None and labels:
            self._writer.ask(path, partial(_WRITERS[kind], path, data, labels))

    @Slot(object, object)
    def _on_read(self, asked: tuple[Data, Path], found: _Read) -> None:
        session, (data, path) = self._session, asked
        if data is not session.data:
            return
        if not found.labels:
            session.message.emit(
                f"{data.title} has none of the {len(found.missing)} frames of {path.name}; open their data"
            )
            return
        self._labelling.add(found.labels, f"import {path.name}")
        if found.missing:
            left_out = f"{len(found.missing)} of {len(found.missing) + len(found.labels)} labels"
            session.message.emit(
                f"{left_out} in {path.name} are of frames that {data.title} has not; they were left out"
            )

    @Slot(object, object)
    def _on_written(self, path: Path, count: int) -> None:
        self._session.done.emit(f"{count} label{'s' * (count != 1)} in {path}")
        self._session.saved.emit(path)


def _read(path: Path, data: Data, skeleton: Skeleton, source: Path | None) -> _Read:
    from lsps_core.finetuning.outside import labels_of, read_outside

    places = {name: index for index, name in enumerate(data.names())}

    def find(name: str) -> tuple[HandFrame, FrameCamera] | None:
        view = data.view(places[name]) if name in places else None
        return (view.frame, view.frame_camera) if view is not None and not view.complaint else None

    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return _Read(*labels_of(read_outside(path, skeleton, source), find, skeleton, now))


def _write_coco(path: Path, data: Data, labels: Mapping[str, Label]) -> int:
    from lsps_core.finetuning.coco_labels import write_coco

    write_coco(path, labels, data.title)
    return len(labels)


def _write_patch(path: Path, data: Data, labels: Mapping[str, Label]) -> int:
    from lsps_core.data.store import FrameStore
    from lsps_core.finetuning.patches import Patch

    with FrameStore(data.origin[0]) as source:
        patch = Patch.of(source, labels)
    patch.write(path)
    return len(patch.corrections)


def _write_store(path: Path, data: Data, labels: Mapping[str, Label]) -> int:
    from lsps_core.finetuning.labels import write_labels

    write_labels(path, labels, is_simulated=data.is_simulated, source=data.title)
    return len(labels)


_WRITERS: dict[Kind, Callable[[Path, Data, Mapping[str, Label]], int]] = {
    "coco": _write_coco,
    "patch": _write_patch,
    "store": _write_store,
}
