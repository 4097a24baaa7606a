"""A run's folder as the window shows it: state, curves, and what went wrong. Free of Qt and torch; used in a thread."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from explorer_app.train.model.run_curves import Curves, EventsFile, RunHistory, step_number
from explorer_app.train.model.run_process import ProcessRecord, is_locked, log_tail, newest_checkpoint
from lsps_core.files import kind_of, read_json

ALIVE = ("starting", "training", "paused", "stopping")
WENT_WRONG = ("failed", "died", "missing")
LOG_HEADER = "# "
_FULL_BYTES = 4 * 2**20
_SAID = re.compile(r"lsps( \w+)?: |[\w.]*(Error|Exception|Interrupt)\b")
"""How a line begins that says why a process ended; what libraries warn of is none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RunView:
    """A run at one moment.

    state: "new" (prepared, never trained), "starting", "training", "paused", "stopping", "finished", "stopped",
    "cancelled", "failed" (it said why), "died" (it did not), "missing" (the folder is gone).
    """

    path: Path
    state: str
    curves: Curves
    why: str = ""
    """in one line, what went wrong and what to do"""
    tail: str = ""
    """the end of stderr"""
    stage_steps: dict[str, int] = field(default_factory=dict)
    checkpoint: Path | None = None
    memory_bytes: int | None = None
    has_process: bool = False
    """whether it can be paused and cancelled: its process is known"""

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
        """Settings with which the failed run says it can go on, as in depth.batch_size=2."""
        found = re.findall(r"--set (\S+=\S+)", self.why) if self.state == "failed" else []
        return tuple(setting.rstrip(".,;") for setting in found)

    def is_like(self, other: RunView | None) -> bool:
        """Whether both look the same."""
        names = ("state", "curves", "why", "tail", "checkpoint", "memory_bytes")
        return other is not None and all(getattr(self, name) == getattr(other, name) for name in names)


class RunFolder:
    """Follows one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._events, self._history = EventsFile(path / "events.jsonl"), RunHistory()
        self._curves = Curves()

    def look(self) -> RunView:
        if kind_of(self.path / "config.json") != "file":
            why = f"{self.path} is gone or was moved; put it back, or add it from where it is now"
            return RunView(path=self.path, state="missing", curves=self._curves, why=why)
        record = ProcessRecord.read(self.path)
        is_alive = record is not None and record.is_alive  # first: what it says last is then there to read
        self._read()
        if not is_alive and self._curves.last_time and not self._curves.end_reason:
            is_alive = is_locked(self.path)  # started from a terminal
            self._read()
        state = self._state(record, is_alive)
        tail = _of_last_start(log_tail(self.path))
        return RunView(
            path=self.path,
            state=state,
            curves=self._curves,
            why=self._why(state, tail) if state in WENT_WRONG else "",
            tail=tail,
            stage_steps=self._stage_steps(),
            checkpoint=newest_checkpoint(self.path),
            memory_bytes=record.memory_bytes if record is not None and is_alive else None,
            has_process=record is not None and is_alive and record.is_alive,
        )

    def _read(self) -> None:
        with suppress(OSError, ValueError):  # not ours to read, or a pipe in its place
            is_rewound, events = self._events.read()
            if is_rewound:
                self._history = RunHistory()
            if is_rewound or events:
                self._history.take(events)
                self._curves = self._history.curves()

    def _state(self, record: ProcessRecord | None, is_alive: bool) -> str:
        curves = self._curves
        is_silent = record is not None and curves.last_time < record.started_time
        if is_alive:
            if record is not None and record.is_paused:
                return "paused"
            if kind_of(self.path / "stop") or (curves.end_reason and not is_silent):
                return "stopping"
            return "starting" if is_silent else "training"
        if record is not None and record.is_cancelled and (is_silent or not curves.end_reason):
            return "cancelled"
        if not is_silent and curves.end_reason:
            return curves.end_reason
        if not curves.last_time and record is None:
            return "new"
        return "failed" if _said(_of_last_start(log_tail(self.path))) else "died"

    def _why(self, state: str, tail: str) -> str:
        said = self._curves.end_message if self._curves.end_reason == "failed" else ""
        if state == "failed":
            return _said(tail) or said or "it did not say why; see Details"
        free = shutil.disk_usage(self.path).free
        if free < _FULL_BYTES:
            return f"the disk of {self.path} is full ({free // 1024} KiB left); make room, then resume"
        checkpoint = newest_checkpoint(self.path)
        goes_on = f"resume goes on from {checkpoint.stem}" if checkpoint is not None else "there was no checkpoint yet"
        return (
            "the process was killed: from outside, or by the system as memory ran out; "
            f"{goes_on}, with a smaller batch where memory is short"
        )

    def _stage_steps(self) -> dict[str, int]:
        with suppress(OSError, ValueError, KeyError, TypeError, OverflowError):
            config = read_json(self.path / "config.json")
            return {name: step_number(config[name]["steps"]) for name in ("pose", "depth", "posterior")}
        return {}


class RunFolders:
    """Follows all runs that are known or lie in the runs' folder."""

    def __init__(self) -> None:
        self._folders: dict[Path, RunFolder] = {}

    def look(self, known: Iterable[Path], runs_path: Path | None) -> list[RunView]:
        """All of them: those known first, then those of the folder by name."""
        paths = [*known]
        if runs_path is not None:
            with suppress(OSError):
                paths += sorted(path for path in runs_path.iterdir() if kind_of(path / "config.json") == "file")
        views = []
        for path in dict.fromkeys(paths):
            views.append(self._folders.setdefault(path, RunFolder(path)).look())
        return views


def _of_last_start(log: str) -> str:
    """What was said since the process was started for the last time."""
    at = max(log.rfind("\n" + LOG_HEADER) + 1, 0)
    return log[at:].partition("\n")[2].strip() if log.startswith(LOG_HEADER, at) else log.strip()


def _said(tail: str) -> str:
    """The line that says why the process ended; empty where there is none."""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    if not lines or not _SAID.match(lines[-1]):
        return ""
    return re.sub(r"^lsps( \w+)?: (error: )?", "", lines[-1])
