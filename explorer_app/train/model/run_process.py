"""The process that trains a run: check whether it lives, pause and end it. Free of Qt and torch.

`process.json` in the run's folder identifies it, so that a later window finds it again. A run that was started
elsewhere has none: its lock shows whether it lives.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from explorer_app.workers.command import run_threads
from lsps_core.files import read_json, require_file, write_whole
from lsps_core.runs.layout import RunLayout

SHARES = {
    "full": "full speed",
    "leave": "leave one core to the window",
    "hold": "pause runs while sliders move",
}
_CLOCK_S = 2.0
"""Tolerance: the system clock, which dates process starts, may be adjusted while they run."""
_LOW_PRIORITY = int(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 10))  # the constant is Windows's


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """The process that trains the run, and the last request to it."""

    pid: int
    born: float
    """when it was started, in seconds since 1970 by the system: distinguishes processes of one id"""
    started_time: float
    """when this record was made, by the clock of the run's own events; `born` is up to a second off that"""
    is_cancelled: bool = False

    @classmethod
    def read(cls, run_path: Path) -> ProcessRecord | None:
        try:
            value = read_json(RunLayout(run_path).process)
            born, started_time = float(value["born"]), float(value["started_time"])
            is_cancelled = bool(value["is_cancelled"])
            return cls(pid=int(value["pid"]), born=born, started_time=started_time, is_cancelled=is_cancelled)
        except (OSError, ValueError, TypeError, KeyError, OverflowError):  # never written, or by another version
            return None

    @classmethod
    def of(cls, pid: int) -> ProcessRecord:
        """ProcessLookupError if it has ended."""
        try:
            return cls(pid=pid, born=psutil.Process(pid).create_time(), started_time=time.time())
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(f"process {pid} has ended") from error

    def write(self, run_path: Path) -> None:
        """Replace the record of a run, whole or not at all; OSError if that fails."""
        write_whole(RunLayout(run_path).process, json.dumps(asdict(self)) + "\n")

    @property
    def is_alive(self) -> bool:
        return self._process() is not None

    @property
    def is_paused(self) -> bool:
        process = self._process()
        with suppress(psutil.Error):
            return process is not None and process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
        return False

    @property
    def memory_bytes(self) -> int | None:
        """Its main memory in bytes; None if unknown."""
        process = self._process()
        with suppress(psutil.Error):
            return int(process.memory_info().rss) if process is not None else None
        return None

    def pause(self) -> None:
        self._ask(psutil.Process.suspend)

    def unpause(self) -> None:
        self._ask(psutil.Process.resume)

    def kill(self) -> None:
        self._ask(psutil.Process.kill)

    def give_way(self) -> None:
        """Lower the process's priority."""
        with suppress(OSError):
            self._ask(lambda process: process.nice(_LOW_PRIORITY))

    def _process(self) -> psutil.Process | None:
        """None if it has ended, or another process has its id."""
        try:
            process = psutil.Process(self.pid)
            is_it = abs(process.create_time() - self.born) < _CLOCK_S and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, ValueError, OverflowError):
            return None
        return process if is_it else None

    def _ask(self, what: Callable[[psutil.Process], object]) -> None:
        """ProcessLookupError if it has ended, OSError if access is denied."""
        process = self._process()
        if process is None:
            raise ProcessLookupError(f"process {self.pid} has ended")
        try:
            what(process)
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(f"process {self.pid} has ended") from error
        except psutil.AccessDenied as error:
            raise PermissionError(errno.EPERM, "the system does not allow it") from error


def thread_count(share: str) -> int | None:
    """Number of torch threads of the run; None for torch's default."""
    return run_threads() if share != "full" else None


def log_tail(run_path: Path, limit: int = 8000) -> str:
    """The end of the process's stderr."""
    try:
        path = RunLayout(run_path).log
        require_file(path)
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - limit))
            return file.read().decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
