"""The process that trains a run: whether it lives, how to pause and end it. Free of Qt and torch.

`process.json` in the run's folder says which one it is, so that a window opened later finds it again. A run that was
started elsewhere has none: whether that one lives is told by its lock.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from lsps_core.files import kind_of, read_json, require_file

NAME = "process.json"
LOG_NAME = "stderr.log"
CAN_PAUSE = hasattr(signal, "SIGSTOP")
SHARES = {
    "full": "full speed",
    "leave": "leave a core to the window",
    "hold": "hold runs while sliders move",
}
_GRACE_S = 120.0
"""Where processes cannot be told apart by their start: how long one may take until it holds the run's lock."""
_NICENESS = 10


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """Which process trains the run, and what was asked of it last."""

    pid: int
    born: str
    """what tells it from a later process of the same number; empty where the system does not say"""
    started_time: float
    is_cancelled: bool = False

    @classmethod
    def read(cls, run_path: Path) -> ProcessRecord | None:
        try:
            record = cls(**read_json(run_path / NAME))
        except (OSError, ValueError, TypeError):  # never written, or by another version
            return None
        return record if record._is_possible else None

    @property
    def _is_possible(self) -> bool:
        """A process can be so; the file may have been written by anybody."""
        is_pid = type(self.pid) is int and 0 < self.pid < 2**31
        is_time = type(self.started_time) in (int, float) and math.isfinite(self.started_time)
        return is_pid and is_time and isinstance(self.born, str) and isinstance(self.is_cancelled, bool)

    @classmethod
    def of(cls, pid: int) -> ProcessRecord:
        return cls(pid=pid, born=_born(pid), started_time=time.time())

    def write(self, run_path: Path) -> None:
        (run_path / NAME).write_text(json.dumps(asdict(self)) + "\n")

    def is_alive(self, run_path: Path) -> bool:
        if sys.platform == "linux":
            return _status(self.pid) not in ("", "Z", "X") and _born(self.pid) == self.born
        if is_locked(run_path):
            return True
        return time.time() - self.started_time < _GRACE_S and _exists(self.pid)

    @property
    def is_paused(self) -> bool:
        return _status(self.pid) in ("T", "t")

    @property
    def memory_bytes(self) -> int | None:
        """What it holds in main memory; None where the system does not say."""
        with suppress(OSError, ValueError, IndexError):
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")
        return None

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        if CAN_PAUSE:
            os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def give_way(self) -> None:
        """Let whatever else runs go first."""
        if hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, _NICENESS)


def thread_count(share: str) -> int | None:
    """How many threads torch may have in the run; None for what it takes by itself."""
    return max(1, (os.cpu_count() or 2) - 1) if share != "full" else None


def is_locked(run_path: Path) -> bool:
    """Whether a process trains the run. Looks by taking the lock for a moment: not for runs that are about to start."""
    path = run_path / ".lock"
    if kind_of(path) != "file":
        return False
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
        lock.release()
        return False
    except Timeout:
        return True
    except OSError:  # a folder that only others may write: nobody here trains in it
        return False


def newest_checkpoint(run_path: Path) -> Path | None:
    """The finished model, or else the newest checkpoint; None before the first. As `newest_model`, without torch."""
    model = run_path / "model.safetensors"
    if kind_of(model) == "file":
        return model
    paths = [path for path in (run_path / "checkpoints").glob("*.safetensors") if path.stem.isdigit()]
    return max(paths, default=None)


def log_tail(run_path: Path, limit: int = 8000) -> str:
    """The end of what the process said on stderr."""
    try:
        require_file(run_path / LOG_NAME)
        with (run_path / LOG_NAME).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - limit))
            return file.read().decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _stat_fields(pid: int) -> list[str]:
    """/proc/PID/stat from the state on; empty where there is no such process, or no such file."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _status(pid: int) -> str:
    return next(iter(_stat_fields(pid)), "")


def _born(pid: int) -> str:
    fields = _stat_fields(pid)
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + " " + fields[19] if fields else ""
    return ""


def _exists(pid: int) -> bool:
    if os.name == "nt":  # os.kill would end it there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
