"""The evaluation of the open model on the open store: read from disk, or made by a process."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.error_words import line_of
from explorer_app.inspect.failures import Block, Failures
from explorer_app.inspect.model import stored_results
from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.model.opening import STORE_SUFFIXES
from explorer_app.resources import resource
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.workers.job import Fate, Job
from explorer_app.workers.job_runner import JobRunner
from lsps_core.events import BlockWritten, Event, Progress

if TYPE_CHECKING:
    from explorer_app.inspect.model.stored_results import Found
    from lsps_core.evaluation.about import Part
    from lsps_core.evaluation.frame_results import FrameResults

_Stamp = tuple[str, object, object, str]


class Evaluation(QObject):
    """Gives `Failures` its table. One evaluation at a time; it ends when model or data change, and can be resumed.

    reading: of `READINGS`; the results of each are kept. part: "poses", then "routes". done:
    frames of this part, of `total`. frames_per_s: of the running process, 0 while unknown. trouble: why the last one
    failed.
    """

    changed = Signal()

    def __init__(
        self,
        session: Session,
        background: Background,
        failures: Failures,
        folder: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        """folder: for results that cannot be written beside their model; None for a temporary one."""
        super().__init__(parent)
        self._session, self._failures, self._folder = session, failures, folder
        self._temporary: TemporaryDirectory[str] | None = None
        self._is_wanted = self._is_asked = False
        self.reading = stored_results.ONCE
        self._early: list[Block] = []
        self._worker = background.add_worker("evaluation", self._on_answer, self._on_failure)
        self.found: Found | None = None
        self._runner = JobRunner(self)
        self._runner.event_read.connect(self._on_event)
        self._runner.ended.connect(self._on_ended)
        self._forget()
        session.model_changed.connect(self._leave)
        session.data_changed.connect(self._leave)

    def _forget(self) -> None:
        self.found = None
        self.is_complete = self._is_asked = False
        self.done, self.total, self.frames_per_s, self.trouble = 0, 0, 0.0, ""
        self.part: Part = "poses"
        self._early = []

    @property
    def job(self) -> Job | None:
        """The running process."""
        return self._runner.job

    @property
    def is_stopping(self) -> bool:
        return self._runner.is_stopping

    @property
    def is_looking(self) -> bool:
        """Whether results on disk are still being searched."""
        return self._worker.is_busy and self.job is None

    @property
    def obstacle(self) -> str:
        """Why nothing can be evaluated, and what to do; empty otherwise."""
        if self._session.model is None:
            return "There is no model yet; open one with File ▸ Open."
        if self._session.data is None:
            return "There are no frames yet; open a store with File ▸ Open."
        if self._store_path is None:
            if self._session.data.is_live:
                return "A camera is not evaluated; record it to a store (.h5), and open that."
            return "Images and recordings are not evaluated; import them into a store, and open that."
        return ""

    @property
    def _store_path(self) -> Path | None:
        origin = self._session.data.origin if self._session.data is not None else ()
        return origin[0] if len(origin) == 1 and origin[0].suffix.lower() in STORE_SUFFIXES else None

    @property
    def has_some(self) -> bool:
        """Whether some frames are evaluated, in part at least."""
        return self.part == "routes" or self.done > 0

    @property
    def _has_all(self) -> bool:
        return self.part == "routes" and self.done == self.total

    def set_wanted(self, is_wanted: bool) -> None:
        """Whether a view shows failures; results are searched only then."""
        self._is_wanted = is_wanted
        if is_wanted and self.found is None and not self._worker.is_busy:
            self._look()

    @Slot(str)
    def set_reading(self, reading: str) -> None:
        """Show the results of one of `READINGS`, and evaluate so; a running evaluation stops."""
        if reading != self.reading:
            self.reading = reading
            self._failures.set_table(None)
            self._leave()

    @Slot()
    def start(self) -> None:
        """Evaluate all frames that are not evaluated yet."""
        self._session.asked.emit()
        if self.obstacle:
            self._session.message.emit(self.obstacle)
        elif self.job is not None:
            return
        elif self.found is None:
            self._is_asked = True
            if not self._worker.is_busy:
                self._look()
        elif not self.is_complete:
            self._run()

    @Slot()
    def stop(self) -> None:
        """Request the process to save its results and end."""
        if self.job is not None:
            self._runner.stop()
            self.changed.emit()

    def close(self) -> None:
        """The window closes; evaluated frames are kept."""
        self._runner.close_down()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _stamp(self, kind: str) -> _Stamp:
        return kind, self._session.model, self._session.data, self.reading

    def _look(self) -> None:
        model, path = self._session.model, self._store_path
        if model is not None and path is not None:
            place, reading = (self.other_folder(), is_bundled(model.path)), stored_results.READINGS[self.reading]
            find = partial(stored_results.find, model, path, *place, reading)
            self._worker.ask(self._stamp("found"), find)
        self.changed.emit()

    def other_folder(self) -> Path:
        """The folder for results that cannot be written beside their model."""
        if self._folder is not None:
            return self._folder / "evaluations"
        if self._temporary is None:
            self._temporary = TemporaryDirectory(prefix="lsps-explorer-")
        return Path(self._temporary.name)

    def _run(self) -> None:
        model, found, data_path = self._session.model, self.found, self._store_path
        if model is None or found is None:
            return
        options = ["--device", model.device, *stored_results.options(found)]
        self.trouble, self.frames_per_s = "", 0.0
        self.total = found.about.frame_count
        self._runner.start(["failures", str(model.path), str(data_path), *options])
        self.changed.emit()

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.done, self.total, self.frames_per_s = event.done, event.total, event.frames_per_s
            self.part = event.part or self.part
            if self.found is not None and self._failures.table is None and not self._worker.is_busy:
                self._worker.ask(self._stamp("begun"), partial(stored_results.begin, self.found.path))
            self.changed.emit()
        elif isinstance(event, BlockWritten):
            block = Block(Path(event.path), event.start, event.stop)
            if self._failures.table is not None:
                self._failures.take(block)
            else:
                self._early.append(block)

    @Slot(object)
    def _on_ended(self, fate: Fate) -> None:
        found = self.found
        if found is not None and (fate.how == "finished" or self._has_all):
            self._worker.ask(self._stamp("finished"), partial(_finish, found, self._failures.table is not None))
        elif fate.error is not None:
            self.trouble = line_of(fate.error)
            self._session.message.emit(f"evaluation: {self.trouble}")
        self.changed.emit()

    @Slot()
    def _leave(self) -> None:
        """The model, the data or the reading have changed: drop the results."""
        self._runner.drop()
        self._forget()
        if self._is_wanted:
            self._look()
        self.changed.emit()

    @Slot(object, object)
    def _on_answer(self, stamp: _Stamp, answer: Any) -> None:
        if stamp != self._stamp(stamp[0]):
            return
        if stamp[0] == "found":
            self._show_found(answer)
        elif stamp[0] == "begun":
            self._show_begun(answer)
        else:
            self._show_finished(answer)
        self.changed.emit()

    def _show_found(self, found: Found) -> None:
        self.found = found
        if found.complaint:
            self._session.message.emit(found.complaint)
        self.total = found.about.frame_count
        if found.table is not None:
            results = found.table.results
            self.part = "routes" if results.is_done.all() else "poses"
            self.done = int((results.is_done if self.part == "poses" else results.has_routes).sum())
            self.is_complete = self._has_all
            self._failures.set_table(found.table, found.tags)
        if self._is_asked and not self.is_complete:
            self._run()
        self._is_asked = False

    def _show_begun(self, table: FailureTable) -> None:
        if self._failures.table is None and self.found is not None:
            self._failures.set_table(table, self.found.tags)
        early, self._early = self._early, []
        for block in early:
            self._failures.take(block)

    def _show_finished(self, answer: FailureTable | FrameResults) -> None:
        self.is_complete, self.part, self.done = True, "routes", self.total
        if not isinstance(answer, FailureTable):
            self._failures.fill(answer)
        elif self.found is not None:
            self._failures.set_table(answer, self.found.tags)

    @Slot(object, str)
    def _on_failure(self, stamp: _Stamp, line: str) -> None:
        if stamp != self._stamp(stamp[0]) or stamp[0] == "begun":  # too early or too late: the next event tries again
            return
        self.trouble = line
        self._is_asked = False
        self._session.message.emit(line)
        self.changed.emit()


def _finish(found: Found, is_shown: bool) -> FailureTable | FrameResults:
    results = stored_results.load(found.path, found.about)
    return results if is_shown else FailureTable(results)


def is_bundled(model_path: Path) -> bool:
    """Whether a file is bundled; nothing is written beside it."""
    with contextlib.suppress(FileNotFoundError):
        return model_path.absolute().is_relative_to(resource("models"))
    return False
