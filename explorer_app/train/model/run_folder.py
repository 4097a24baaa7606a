"""A run's folder as the window shows it: state, curves, and what went wrong. Free of Qt and torch; used in a thread."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explorer_app.error_words import line_of
from explorer_app.model.wording import step_of
from explorer_app.train.model.run_curves import Curves, RunHistory
from explorer_app.train.model.run_process import ProcessRecord, log_tail
from lsps_core.config.training import STAGES
from lsps_core.errors import LspsError
from lsps_core.files import kind_of, read_json
from lsps_core.runs.follow import EventsFile, last_error
from lsps_core.runs.layout import RunLayout, is_locked

ALIVE = ("starting", "training", "paused", "stopping")
WENT_WRONG = ("failed", "died", "missing")
LOG_HEADER = "# "
_FULL_BYTES = 4 * 2**20


@dataclass(frozen=True, eq=False, kw_only=True)
class RunView:
    """A run at one moment.

    state: "new" (prepared, never trained), "starting", "training", "paused", "stopping", "finished", "stopped",
    "cancelled", "failed" (with a reason), "died" (without one), "missing" (the folder no longer exists).
    """

    path: Path
    state: str
    curves: Curves
    error: LspsError | None = None
    """what went wrong"""
    tail: str = ""
    """the end of stderr"""
    stage_steps: dict[str, int] = field(default_factory=dict)
    checkpoint: Path | None = None
    memory_bytes: int | None = None
    has_process: bool = False
    """whether it can be paused and cancelled: its process is known"""

    @property
    def why(self) -> str:
        """The problem and the remedy, in one line; empty if there is none."""
        return line_of(self.error) if self.error is not None else ""

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE

    @property
    def total_steps(self) -> int:
        return self.curves.total_steps or sum(self.stage_steps.values())

    @property
    def share_done(self) -> float:
        """0 to 1, over all stages."""
        return min(1.0, self.curves.step / self.total_steps) if self.total_steps else 0.0

    @property
    def offered_settings(self) -> tuple[str, ...]:
        """Settings suggested by the failed run to resume with, as in depth.batch_size=2."""
        settings = self.error.settings if self.error is not None else {}
        return tuple(f"{key}={value}" for key, value in settings.items())

    def is_like(self, other: RunView | None) -> bool:
        """Whether both look the same."""
        names = ("state", "curves", "why", "tail", "checkpoint", "memory_bytes")
        return other is not None and all(getattr(self, name) == getattr(other, name) for name in names)


class RunFolder:
    """Follows one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._layout = RunLayout(path)
        self._events, self._history = EventsFile(self._layout.events), RunHistory()
        self._curves = Curves()

    def look(self) -> RunView:
        if not self._layout.is_run:
            gone = LspsError(f"{self.path} was deleted or moved", "restore it, or add it from its new place")
            return RunView(path=self.path, state="missing", curves=self._curves, error=gone)
        record = ProcessRecord.read(self.path)
        is_alive = record is not None and record.is_alive  # first, so that its last output can be read
        self._read()
        if not is_alive and self._curves.last_time and not self._curves.end_reason:
            is_alive = is_locked(self._layout)  # started from a terminal
            self._read()
        error = None if is_alive else self._error(record)
        state = self._state(record, is_alive, error)
        return RunView(
            path=self.path,
            state=state,
            curves=self._curves,
            error=(error or self._guess(state)) if state in WENT_WRONG else None,
            tail=_of_last_start(log_tail(self.path)),
            stage_steps=self._stage_steps(),
            checkpoint=self._layout.newest_model(),
            memory_bytes=record.memory_bytes if record is not None and is_alive else None,
            has_process=record is not None and is_alive and record.is_alive,
        )

    def _read(self) -> None:
        with suppress(OSError, ValueError):  # no access, or a pipe in its place
            is_rewound, events = self._events.read()
            if is_rewound:
                self._history = RunHistory()
            if is_rewound or events:
                self._history.take(events)
                self._curves = self._history.curves()

    def _state(self, record: ProcessRecord | None, is_alive: bool, error: LspsError | None) -> str:
        curves = self._curves
        is_silent = record is not None and curves.last_time < record.started_time
        if is_alive:
            if record is not None and record.is_paused:
                return "paused"
            if kind_of(self._layout.stop) or (curves.end_reason and not is_silent):
                return "stopping"
            return "starting" if is_silent else "training"
        if record is not None and record.is_cancelled and (is_silent or not curves.end_reason):
            return "cancelled"
        if not is_silent and curves.end_reason:
            return curves.end_reason
        if not curves.last_time and record is None:
            return "new"
        return "failed" if error is not None else "died"

    def _error(self, record: ProcessRecord | None) -> LspsError | None:
        """The reason that the last process gave for its end: the error that it wrote, else its last event."""
        started_time = max(self._curves.started_time, record.started_time if record is not None else 0.0)
        failed = last_error(self._layout.error)
        if failed is not None and failed.time >= started_time:
            return failed.error
        is_silent = record is not None and self._curves.last_time < record.started_time
        return None if is_silent else self._curves.end_error

    def _guess(self, state: str) -> LspsError:
        """The probable reason for the end of a process that gave none."""
        if state == "failed":
            return LspsError("it gave no reason", "see Details")
        free = shutil.disk_usage(self.path).free
        if free < _FULL_BYTES:
            return LspsError(
                f"the disk of {self.path} is full ({free // 1024} KiB left)", "free some space, then resume"
            )
        checkpoint = self._layout.newest_model()
        resumes = f"resume continues from {step_of(checkpoint)}" if checkpoint else "there was no checkpoint yet"
        what = "the process was killed: from outside, or by the system as memory ran out"
        return LspsError(what, f"{resumes}, with a smaller batch if memory is short")

    def _stage_steps(self) -> dict[str, int]:
        with suppress(OSError, ValueError, KeyError, TypeError, OverflowError):
            config = read_json(self._layout.config)
            return {name: _step_number(config[name]["steps"]) for name in STAGES}
        return {}


class RunFolders:
    """Follows all known runs and those in the runs' folder."""

    def __init__(self) -> None:
        self._folders: dict[Path, RunFolder] = {}

    def look(self, known: Iterable[Path], runs_path: Path | None) -> list[RunView]:
        """All runs: known ones first, then those of the folder by name."""
        paths = [*known]
        if runs_path is not None:
            with suppress(OSError):
                paths += sorted(path for path in runs_path.iterdir() if RunLayout(path).is_run)
        views = []
        for path in dict.fromkeys(paths):
            views.append(self._folders.setdefault(path, RunFolder(path)).look())
        return views


def _of_last_start(log: str) -> str:
    """The output since the last start of the process."""
    at = max(log.rfind("\n" + LOG_HEADER) + 1, 0)
    return log[at:].partition("\n")[2].strip() if log.startswith(LOG_HEADER, at) else log.strip()


def _step_number(value: Any) -> int:
    """A step count for Qt and NumPy; ValueError for an impossible one."""
    step = int(value)
    if not 0 <= step < 2**31:
        raise ValueError(f"{step} is not a valid step count")
    return step
