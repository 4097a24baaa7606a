"""The failures shared by all views of the Inspect workspace: one table, its order and filters, one selection."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt, Signal, Slot

from explorer_app.inspect.model.failure_table import DIVISIONS, FailureTable, How
from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.model.tags import Mark, Tags, tags_by_frame
from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:
    from lsps_core.evaluation.frame_results import FrameResults

Change = Callable[[FailureTable], None]


def how_to_select(modifiers: Qt.KeyboardModifier) -> How:
    """What a click or key does to the selection: Shift adds, Ctrl removes."""
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return "add"
    return "remove" if modifiers & Qt.KeyboardModifier.ControlModifier else "replace"


class Block(NamedTuple):
    """Frames start..stop that a running evaluation has saved at `path`."""

    path: Path
    start: int
    stop: int


class Failures(QObject):
    """`table` is of the session's model on its data, or None. Views show it, and request changes here.

    Slow changes are made in a thread to a copy that then replaces `table`, so do not keep a reference to it. A copy has
    the same frames, and shares the selection.
    """

    table_changed = Signal()
    """Another table, with other frames, or none."""
    rows_changed = Signal()
    """The same frames with another sorting, filter or tags, or newly evaluated."""
    frames_changed = Signal()
    """As `rows_changed`, except after a sort: for views that do not show the order."""
    selection_changed = Signal()
    current_changed = Signal()
    """The frame in the explorer has changed."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.table: FailureTable | None = None
        self.tags: Tags | None = None
        self.sorted_by: tuple[str, bool] = ("index", False)
        """column, and whether the largest come first"""
        self._generation = 0
        self._range: tuple[int, int] | None = None  # to be selected once there is a table
        self._waiting: dict[Hashable, Change] = {}
        self._blocks: list[Block] = []
        self._worker = background.add_worker("failures", self._on_changed, self._on_failed)
        session.model_changed.connect(self._drop)
        session.data_changed.connect(self._drop)
        session.data_changed.connect(self._forget_range)
        session.index_changed.connect(self.current_changed)

    @property
    def is_busy(self) -> bool:
        """Whether changes are pending."""
        return self._worker.is_busy or bool(self._waiting)

    @property
    def filters(self) -> Filters:
        return self.table.filters if self.table is not None else Filters()

    @property
    def current(self) -> int | None:
        """The frame in the explorer, if the table is of its data."""
        return self._session.index if self.table is not None else None

    @property
    def selection(self) -> npt.NDArray[np.int64]:
        """Selected frames, ascending."""
        return self.table.selection if self.table is not None else np.empty(0, np.int64)

    def set_table(self, table: FailureTable | None, tags: Tags | None = None) -> None:
        """Set another table, of the session's current model and data. Create it in a thread."""
        self._generation += 1
        self._waiting.clear()
        self._blocks = []
        self.table, self.tags = table, tags
        self.sorted_by = ("index", False)
        if table is not None and self._range is not None:
            (first, last), self._range = self._range, None
            table.select(np.arange(first, last + 1))
        self.table_changed.emit()
        self.rows_changed.emit()
        self.frames_changed.emit()
        self.selection_changed.emit()
        self.current_changed.emit()
        if table is not None and tags is not None:
            self._change("tags", partial(_show_tags, tags))
        self._want_typicality()

    def select(self, frames: Collection[int] | npt.NDArray[np.int64], how: How = "replace") -> None:
        """Select frames in all views."""
        if self.table is not None and self.table.select(frames, how):
            self.selection_changed.emit()

    @Slot(int, int)
    def select_range(self, first: int, last: int) -> None:
        """Select the frames from first to last in all views, once there is a table."""
        if self.table is None:
            self._range = first, last
        else:
            self.select(np.arange(first, last + 1))

    def show_frame(self, frame: int) -> None:
        """Show a frame in the explorer, with the sliders at its code."""
        if self.table is None:
            return
        session = self._session
        if frame != session.index or session.encoding is None:
            session.set_index(frame)
            session.want_encoding()  # regardless of the option for stepping: show it with its code

    def sort(self, column: str, is_descending: bool = False) -> None:
        if self.table is not None:
            self.sorted_by = (column, is_descending)
            self._change("sort", lambda table: table.sort(column, is_descending))

    def set_filters(self, filters: Filters) -> None:
        """Filter the rows."""
        self._change("filters", lambda table: table.set_filters(filters))

    def take(self, block: Block) -> None:
        """Fill in newly evaluated frames."""
        self._blocks.append(block)
        self._change("results", partial(_take, self._blocks, self.sorted_by))

    def fill(self, results: FrameResults) -> None:
        """Set the results after all frames are evaluated."""
        self._change("results", partial(_fill, results, self.sorted_by))

    def mark_of(self, frame: int) -> Mark:
        """Tag and note of a frame."""
        if self.table is None or self.tags is None:
            return Mark()
        results = self.table.results
        return self.tags.of(results.about.data_digest).get(str(results.names[frame]), Mark())

    def set_tag(self, frames: Sequence[int] | npt.NDArray[np.int64], tag: str, instead: str | None = None) -> None:
        """Tag frames; an empty tag removes theirs. instead: the tags that these replace; None for all."""
        tags = self.tags
        if tags is not None:
            self._change(("tag", object()), partial(_tag, tags, np.asarray(frames, dtype=np.int64), tag, instead))

    def set_note(self, frame: int, note: str) -> None:
        tags = self.tags
        if tags is not None:
            self._change(("note", object()), partial(_note, tags, frame, note))

    def _want_typicality(self) -> None:
        """Some thousand frames at a time, so that a sort or a filter waits for a second at most."""
        model, table = self._session.model, self.table
        if table is not None and model is not None and model.prior.is_fitted and table.lacks_typicality:
            self._change("typicality", partial(_fill_typicality, model.prior.typicality_of, self.sorted_by))

    def _change(self, what: Hashable, change: Change) -> None:
        """Make a change in the thread; it replaces a pending change of the same kind."""
        if self.table is None:
            return
        self._waiting.pop(what, None)
        self._waiting[what] = change
        if not self._worker.is_busy:
            self._work()

    def _work(self) -> None:
        changes, self._waiting, self._blocks = self._waiting, {}, []
        if self.table is None:
            return
        is_order = set(changes) == {"sort"}
        self._worker.ask((self._generation, is_order), partial(_changed, self.table, list(changes.values())))

    @Slot(object, object)
    def _on_changed(self, stamp: tuple[int, bool], answer: tuple[FailureTable, str]) -> None:
        (generation, is_order), (table, complaint) = stamp, answer
        if generation == self._generation:
            self.table = table
            self.rows_changed.emit()
            if not is_order:
                self.frames_changed.emit()
            self._want_typicality()
        if complaint:
            self._session.message.emit(complaint)
        if self._waiting and not self._worker.is_busy:
            self._work()

    @Slot(object, str)
    def _on_failed(self, _stamp: tuple[int, bool], line: str) -> None:
        self._session.message.emit(line)
        if self._waiting and not self._worker.is_busy:
            self._work()

    @Slot()
    def _forget_range(self) -> None:
        self._range = None

    @Slot()
    def _drop(self) -> None:
        if self.table is not None:
            self.set_table(None)


def _changed(table: FailureTable, changes: Sequence[Change]) -> tuple[FailureTable, str]:
    """A changed copy that shares columns and selection; and a problem, in one line."""
    table, complaint = copy.copy(table), ""
    for change in changes:
        try:
            change(table)
        except ValueError as error:
            complaint = str(error)
    return table, complaint


def _take(blocks: Sequence[Block], order: tuple[str, bool], table: FailureTable) -> None:
    for block in blocks:
        try:
            table.results.take(*block)
        except ValueError:  # it is already part of the finished file, which is then read as a whole
            continue
    if blocks:
        table.refresh(min(block.start for block in blocks), max(block.stop for block in blocks))
        _sort_again(table, order)


def _fill(results: FrameResults, order: tuple[str, bool], table: FailureTable) -> None:
    for name in ("pose_latent", "errors_mm", "disagreement_mm", "latent_distance", "residual_mm"):
        values = getattr(table.results, name)
        if values is not None:
            values[:] = getattr(results, name)
    table.refresh(0, len(results.names))
    _sort_again(table, order)


def _fill_typicality(
    measure: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]], order: tuple[str, bool], table: FailureTable
) -> None:
    table.fill_typicality(measure)
    if order[0] == "typicality":
        table.sort(*order)


def _sort_again(table: FailureTable, order: tuple[str, bool]) -> None:
    if order[0] not in ("index", "name", "group", "tag", *DIVISIONS):
        table.sort(*order)


def _tag(tags: Tags, frames: npt.NDArray[np.int64], tag: str, instead: str | None, table: FailureTable) -> None:
    about = table.results.about
    tags.set_tag(about.data_digest, about.data, table.results.names[frames].tolist(), tag, instead)
    _show_tags(tags, table)


def _note(tags: Tags, frame: int, note: str, table: FailureTable) -> None:
    about = table.results.about
    tags.set_note(about.data_digest, about.data, str(table.results.names[frame]), note)


def _show_tags(tags: Tags, table: FailureTable) -> None:
    results = table.results
    table.set_tags(tags_by_frame(tags.of(results.about.data_digest), results.names.tolist()))
