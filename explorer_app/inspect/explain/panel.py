"""The dock of reasons: the reference frames nearest to the current frame, and the walk to its true pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QLabel,
    QScrollArea,
    QStackedLayout,
    QWidget,
)

from explorer_app.inspect.explain.neighbour_row import NeighbourRow
from explorer_app.inspect.explain.truth_walk import TruthWalk
from explorer_app.inspect.failures import Failures
from explorer_app.inspect.first_step import FirstStep
from explorer_app.inspect.references import References, bundled
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.empty_state import EmptyState
from explorer_app.widgets.fields import choice, label
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.small import WrappedLabel

if TYPE_CHECKING:
    from explorer_app.inspect.model.explain import WalkToTruth
    from explorer_app.inspect.model.reference import Densities, Neighbour, Reference
    from explorer_app.model.data import FrameView
    from explorer_app.model.hand.model import Encoding, HandModel
    from explorer_app.model.latent import LatentCode

    _Stamp = tuple[HandModel, FrameView, LatentCode, object]  # the object is of one request alone

BUNDLED, THIS_DATA, CHOOSE = "Bundled samples", "This data", "Choose…"
_LEAST_PX = 150
_NOTHING = "Open a model and frames, and encode a frame (E), to see its neighbours and the way to its true pose."


@dataclass(frozen=True, eq=False)
class Reasons:
    """neighbours: nearest first; has_truth: neighbours of the annotated pose. walk: None without annotation."""

    neighbours: list[Neighbour]
    has_truth: bool
    densities: list[str]
    walk: WalkToTruth | None


class ExplainPanel(QWidget):
    """For the encoded frame in the explorer. Computes only while it is visible."""

    def __init__(
        self,
        session: Session,
        failures: Failures,
        references: References,
        background: Background,
        first_step: FirstStep,
    ) -> None:
        super().__init__()
        self._session, self._failures, self._references = session, failures, references
        self._first_step = first_step
        self._densities: Densities | None = None
        self._stamp: _Stamp | None = None
        self._worker = background.add_worker("explain", self._on_reasons, self._on_failed)
        self._build()
        session.encoding_changed.connect(self._explain)
        failures.table_changed.connect(self._forget_densities)
        references.changed.connect(self._forget_densities)
        references.progressed.connect(self._show_progress)
        self._explain()

    def _build(self) -> None:
        best = "The frames to compare with; the model’s training stores are the most informative"
        self.choice = choice({name: name for name in (BUNDLED, THIS_DATA, CHOOSE)}, "Reference frames", best)
        self.choice.textActivated.connect(self._choose)
        self.progress = WrappedLabel()
        self.heading = QLabel()
        self.neighbours = NeighbourRow()
        self.density = WrappedLabel(textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        self.density.setAccessibleName("Density of codes")
        self.truth = TruthWalk(self._session)
        top = row_layout()
        for widget in (label("&Among", self.choice), self.choice):
            top.addWidget(widget)
        top.addWidget(self.progress, 1)
        near = QWidget()
        column = column_layout(near)
        column.addLayout(top)
        column.addWidget(self.heading)
        column.addWidget(self.neighbours)
        column.addWidget(self.density)
        column.addStretch(1)
        whole = QWidget()
        self.halves = QBoxLayout(QBoxLayout.Direction.LeftToRight, whole)
        self.halves.setContentsMargins(0, 0, 0, 0)
        self.halves.setSpacing(2 * theme.GAP)
        self.halves.addWidget(near, 1)
        self.halves.addWidget(self.truth, 1)
        self.truth.setMinimumHeight(_LEAST_PX)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(whole)
        self._scroll = scroll
        self.empty = EmptyState("No frame to explain", _NOTHING)
        self.empty.clicked.connect(self._do_what_helps)
        self.pages = QStackedLayout(self)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(scroll)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() > max(1.3 * self.height(), 2 * _LEAST_PX)
        direction = QBoxLayout.Direction
        self.halves.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._references.want()
        self._explain()

    @Slot(str)
    def _choose(self, choice: str) -> None:
        data = self._session.data
        if choice == BUNDLED:
            paths = bundled()
        elif choice == THIS_DATA:
            paths = tuple(path for path in data.origin if path.suffix == ".h5") if data is not None else ()
            if not paths:
                self._session.message.emit("this data is not a store of frames; choose another reference")
        else:
            paths = ()
            filters = ["Stores of frames (*.h5)"]
            ask_for_paths(self, "Stores of training frames", "", "files", self._take, filters=filters)
        if paths:
            self._references.choose(paths)
        self._show_choice()
        self._explain()

    @Slot(list)
    def _take(self, names: list[str]) -> None:
        self.compare_with_stores([Path(name) for name in names])

    def compare_with_stores(self, paths: Sequence[Path]) -> None:
        """Search for the nearest training poses in these stores."""
        self._references.choose(tuple(paths))
        self._show_choice()
        self._explain()

    def _show_choice(self) -> None:
        """Show the reference that is used, which may differ from the requested one."""
        paths, data = self._references.paths, self._session.data
        if paths == bundled():
            self.choice.setCurrentText(BUNDLED)
        elif data is not None and paths == data.origin:
            self.choice.setCurrentText(THIS_DATA)
        else:
            self.choice.setItemText(2, f"{', '.join(path.name for path in paths)} – {CHOOSE}")
            self.choice.setCurrentIndex(2)

    @Slot()
    def _forget_densities(self) -> None:
        self._densities = None
        self._explain()

    @Slot()
    def _show_progress(self) -> None:
        self.progress.setText(self._references.progress)
        if self._references.opened and not self.neighbours.neighbours:
            self._explain()  # poses are ready before codes

    @Slot()
    def _explain(self) -> None:
        model, view, encoding = self._session.model, self._session.view, self._session.encoding
        self._stamp = None  # pending answers are for another frame or none
        if not self.isVisible():
            return
        self.progress.setText(self._references.progress)
        if model is None or view is None or encoding is None:
            can_encode = model is not None and view is not None
            self.empty.show_state("No frame to explain", _NOTHING, "Encode" if can_encode else "Open …")
            self.pages.setCurrentWidget(self.empty)
            self.neighbours.show_neighbours([])
            self.density.clear()
            self.truth.clear("")
            return
        self.pages.setCurrentWidget(self._scroll)
        references = self._references.opened
        densities = self._find_densities(references)
        self._stamp = (model, view, encoding.code, object())
        self._worker.ask(self._stamp, partial(_reasons, model, view, encoding, references, densities))

    @Slot()
    def _do_what_helps(self) -> None:
        if self._session.model is None or self._session.view is None:
            self._first_step.open_asked.emit()
        else:
            self._session.want_encoding()

    def _find_densities(self, references: tuple[Reference, ...]) -> Densities | None:
        if not self._references.is_complete:
            return None
        if self._densities is None:
            from explorer_app.inspect.model.reference import Densities

            table = self._failures.table
            codes: npt.NDArray[np.floating] = table.results.pose_latent if table is not None else np.zeros((0, 20))
            self._densities = Densities(references, codes)
        return self._densities

    @Slot(object, object)
    def _on_reasons(self, stamp: _Stamp, reasons: Reasons) -> None:
        if stamp is not self._stamp:
            return
        model, view, code, _ = stamp
        whose = "true pose" if reasons.has_truth else "predicted pose, as this frame is not annotated"
        if reasons.neighbours:
            self.heading.setText(f"Nearest to its {whose}")
        else:
            self.heading.setText("No reference frame has poses of this model's skeleton; choose others")
        self.neighbours.show_neighbours(reasons.neighbours)
        self.density.setText("\n".join(reasons.densities))
        if reasons.walk is None:
            self.truth.clear("This frame is not annotated, so there is no true pose to walk to")
        else:
            self.truth.show_walk(reasons.walk, code, model.skeleton.joints)
        self.setAccessibleDescription(f"Reasons for {view.frame.name}")

    @Slot(object, str)
    def _on_failed(self, stamp: _Stamp, line: str) -> None:
        if stamp is self._stamp:
            self.heading.setText(line)


def _reasons(
    model: HandModel,
    view: FrameView,
    encoding: Encoding,
    references: tuple[Reference, ...],
    densities: Densities | None,
) -> Reasons:
    from explorer_app.inspect.model import reference
    from explorer_app.inspect.model.explain import walk_to_truth
    from explorer_app.model.pose_error import annotated_pose

    latent = model.scale.to_latent(encoding.code)
    truth = annotated_pose(view.frame)
    if truth is not None and len(truth) != model.skeleton.joint_count:
        truth = None
    pose = truth if truth is not None else model.decode_poses(latent[None])[0]
    but = (view.data.origin[0].resolve(), view.index) if len(view.data.origin) == 1 else None
    walk = None
    if truth is not None:
        walk = walk_to_truth(latent, truth, view.frame.half_mm, model.decode_poses, model.encode_poses)
    return Reasons(
        neighbours=reference.nearest_poses(pose, references, model.half_mm, but=but),
        has_truth=truth is not None,
        densities=densities.lines(latent) if densities is not None else [],
        walk=walk,
    )
