"""Reads all frames for the time view in a thread, and a second model or sequence beside them; one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.session.session import Session
from explorer_app.workers.task import Task

if TYPE_CHECKING:
    from explorer_app.explore.model.sequence import FrameSequence
    from explorer_app.model.data import Data
    from explorer_app.model.hand.model import HandModel
    from lsps_core.config.model import Domain


class SequenceReading(QObject):
    """sequence: what `Session.model` reads in `Session.data`, being filled in while it runs; None before, and for other
    data. second: the one of `second_path` beside it; None without one.
    """

    changed = Signal()
    """It began or ended, or there is another sequence."""
    progressed = Signal(int, int)
    """done, in all"""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._task: Task | None = None
        self._is_finished = False
        self._measures: Sequence[str] = ()
        self.sequence: FrameSequence | None = None
        self.second: FrameSequence | None = None
        self.second_path = Path()
        for signal in (session.data_changed, session.model_changed, session.domain_changed):
            signal.connect(self.drop)

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def set_measures(self, names: Sequence[str]) -> None:
        """Which of MEASURES are wanted; what is read already is measured at once, everything else with it."""
        self._measures = tuple(names)
        self._measure()

    @Slot()
    def read(self) -> None:
        session = self._session
        if self._task is None and session.data is not None and session.model is not None and session.domain is not None:
            self.sequence = self.second = None
            self._start(partial(_read, session.data, session.model, session.domain, self._measures, self._take))

    def read_second(self, path: Path) -> None:
        """A model, or a store or recording; in place of the one before."""
        if self._task is None and self.sequence is not None:
            self.second, self.second_path = None, path
            self._start(partial(_read_second, path, self.sequence, self._measures, self._take_second))

    @Slot()
    def remove_second(self) -> None:
        self.second = None
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """What is read so far stays."""
        if self._task is not None:
            self._task.cancel()

    @Slot()
    def drop(self) -> None:
        """Other data, another model or domain: what was read is not of them."""
        self.stop()
        self.sequence = self.second = None
        self.changed.emit()

    def close_down(self) -> None:
        if self._task is not None:
            self._task.close()

    def is_current(self, sequence: FrameSequence) -> bool:
        session = self._session
        return (sequence.data, sequence.model, sequence.domain) == (session.data, session.model, session.domain)

    def _measure(self) -> None:
        """Fill in what is asked for and not known."""
        sequence, second = self.sequence, self.second
        if self._task is not None or sequence is None:
            return
        if missing := [name for name in self._measures if name not in sequence.measured]:
            self._start(partial(_measure, sequence, missing))
        elif second is not None and (missing := [name for name in self._measures if name not in second.measured]):
            self._start(partial(_measure_second, self.second_path, second, missing))

    def _start(self, work: Any) -> None:
        self._is_finished = False
        self._task = Task("sequence", work, self)
        self._task.progressed.connect(self.progressed)
        self._task.failed.connect(self._session.message)
        self._task.finished.connect(self._on_finished)
        self._task.ended.connect(self._on_ended)
        self.changed.emit()

    def _take(self, sequence: FrameSequence) -> None:
        """From the thread, before it reads, maybe before `_task` is known: what is there is shown while it reads."""
        self.sequence = sequence

    def _take_second(self, second: FrameSequence) -> None:
        self.second = second

    @Slot()
    def _on_finished(self) -> None:
        self._is_finished = True

    @Slot()
    def _on_ended(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.deleteLater()
        if self.sequence is not None and not self.is_current(self.sequence):
            self.sequence = None
        if self.sequence is None:
            self.second = None
        self.changed.emit()
        if self._is_finished:  # what was asked for meanwhile
            self._measure()


# torch is imported here, in a thread


def _read(
    data: Data, model: HandModel, domain: Domain, measures: Sequence[str], take: Any, progress: Any
) -> FrameSequence:
    from explorer_app.explore.model.sequence import FrameSequence

    sequence = FrameSequence(data, model, domain)
    take(sequence)
    return _measure(sequence.read(progress), measures, progress)


def _measure(sequence: FrameSequence, names: Sequence[str], progress: Any) -> FrameSequence:
    for name in names:
        sequence.measure(name, progress)
    return sequence


def _read_second(path: Path, beside: FrameSequence, names: Sequence[str], take: Any, progress: Any) -> FrameSequence:
    from explorer_app.explore.model.second_sequence import read_second

    return read_second(path, beside, names, take, progress)


def _measure_second(path: Path, second: FrameSequence, names: Sequence[str], progress: Any) -> FrameSequence:
    from explorer_app.explore.model.second_sequence import measure_second

    return measure_second(path, second, names, progress)
