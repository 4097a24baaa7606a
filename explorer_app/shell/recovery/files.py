"""Recovery after a crash: the files that each running window keeps, and how a later window finds them.

In the folder `recovery`, for each window: `NAME.lock`, locked while the window runs; `NAME.lsps.json`, what it shows;
`NAME.crash`, the Python stacks of a crash; `NAME.end`, why it ended if known. A clean exit removes all four.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TextIO
from uuid import uuid4

from filelock import FileLock

from explorer_app.model.saved_session import SESSION_SUFFIX, SavedSession
from lsps_core.files import write_whole

FOLDER_NAME = "recovery"
_LOCK, _CRASH, _END, _DAMAGED = ".lock", ".crash", ".end", ".damaged"
_KEPT_S = 30 * 24 * 3600.0
"""Older files are removed."""
_LONGEST_TRACE = 20_000
"""characters; the stacks of all threads have a few thousand"""


class RecoveryFiles:
    """The files of one window. They belong to the holder of the lock, which the system releases when it dies."""

    def __init__(self, folder: Path, name: str = "") -> None:
        """folder: of the app's data. name: of existing files; without it, new ones are named."""
        self.folder = folder / FOLDER_NAME
        self.name = name or f"{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:8]}"
        # the GUI thread takes the lock; a worker may have to try again
        self._lock = FileLock(self._path(_LOCK), thread_local=False)
        self._crash_file: TextIO | None = None

    @property
    def state_path(self) -> Path:
        return self._path(SESSION_SUFFIX)

    def claim(self) -> None:
        """Take the lock, if it is not held; OSError if another process holds it or the folder cannot be written."""
        if not self._lock.is_locked:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)

    def release(self) -> None:
        """Release the lock, so that the next window can offer the files."""
        self._end_trace()
        with contextlib.suppress(OSError):
            self._lock.release()

    def keep(self, state: SavedSession) -> None:
        """Write the window's state, whole or not at all; OSError if it cannot be written."""
        self.claim()
        text = json.dumps(state.to_json(self.folder.absolute()), ensure_ascii=False, allow_nan=False)
        write_whole(self.state_path, text + "\n")

    def touch(self) -> None:
        """Mark the window as running, with unchanged state."""
        os.utime(self.state_path)

    def say_end(self, why: str) -> None:
        """Write why the window is about to end."""
        write_whole(self._path(_END), why + "\n")

    def trace_crashes(self) -> None:
        """Let Python write its stacks if the process crashes, until `release` or `remove`."""
        self.claim()
        self._crash_file = self._path(_CRASH).open("w", encoding="utf-8")
        faulthandler.enable(self._crash_file)

    def remove(self) -> None:
        """Remove all files, as far as the system allows: after a clean exit, or if they are discarded."""
        self._end_trace()
        with contextlib.suppress(OSError):
            # the lock last, with the partial state of a killed window
            parts = [*self.folder.glob(f".{self.name}.*"), self.state_path, self._path(_CRASH), self._path(_END)]
            for path in parts:
                path.unlink(missing_ok=True)
            self._path(_LOCK).unlink(missing_ok=True)
        self.release()

    def set_aside(self) -> Path:
        """Move an unreadable state aside; returns its new path."""
        path = self.state_path.with_name(self.state_path.name + _DAMAGED)
        with contextlib.suppress(OSError):
            self.state_path.replace(path)
        return path

    @property
    def trace(self) -> str:
        """The Python stacks of its crash; empty if it did not crash, or Python could not write them."""
        return _read(self._path(_CRASH))

    @property
    def reason(self) -> str:
        """Why it ended, in a few words; empty if unknown, as after a power cut."""
        crash = self.trace.partition("\n")[0].removeprefix("Fatal Python error: ")
        return crash or _read(self._path(_END))

    @property
    def was_ended(self) -> bool:
        """Whether the system ended the window, as at the end of a desktop session, rather than a crash."""
        return self._path(_END).exists()

    def _path(self, suffix: str) -> Path:
        return self.folder / (self.name + suffix)

    def _end_trace(self) -> None:
        file, self._crash_file = self._crash_file, None
        if file is not None:
            faulthandler.disable()
            file.close()


@dataclass(frozen=True)
class Leftover:
    """The state of a window that did not exit cleanly. Its files are locked: no other window offers it.

    state: None if there is only a crash trace. ended_time: when it was last known to run.
    """

    files: RecoveryFiles
    state: SavedSession | None
    ended_time: datetime
    reason: str
    trace: str
    was_ended: bool


class Found(NamedTuple):
    """newest: None if there is none. others: how many more there are. complaints: one line each."""

    newest: Leftover | None
    others: int
    complaints: list[str]


def take_newest(folder: Path) -> Found:
    """Lock and read the newest leftover; the others are kept for later, or for another window.

    Removes leftovers that are empty or older than 30 days. Never raises: unreadable ones are not offered.
    """
    newest: Leftover | None = None
    others, complaints = 0, list[str]()
    for name, modified in _names(folder / FOLDER_NAME):
        files = RecoveryFiles(folder, name)
        try:
            files.claim()
        except (OSError, NotImplementedError):  # its window is running, or the folder cannot be written
            continue
        if time.time() - modified > _KEPT_S:
            files.remove()
        elif newest is None:
            newest = _read_leftover(files, modified, complaints)
        else:
            others += 1
            files.release()
    return Found(newest, others, complaints)


def _read_leftover(files: RecoveryFiles, modified: float, complaints: list[str]) -> Leftover | None:
    state = None
    try:
        if files.state_path.exists():
            state = SavedSession.load(files.state_path)
    except ValueError:
        path = files.set_aside()
        complaints.append(f"{files.state_path} is damaged, so it cannot be restored; it is kept as {path.name}")
    if state is None and not files.trace:
        files.remove()  # the window ended before its first state
        return None
    return Leftover(files, state, datetime.fromtimestamp(modified), files.reason, files.trace, files.was_ended)


def _names(folder: Path) -> list[tuple[str, float]]:
    """Existing window names with their last writing time, newest first.

    Removes damaged states that were set aside long ago.
    """
    newest: dict[str, float] = {}
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            suffix = next((suffix for suffix in (SESSION_SUFFIX, _CRASH) if path.name.endswith(suffix)), "")
            if suffix:
                name = path.name.removesuffix(suffix)
                newest[name] = max(newest.get(name, 0.0), _modified(path))
            elif path.name.endswith(_DAMAGED) and time.time() - _modified(path) > _KEPT_S:
                path.unlink(missing_ok=True)
    return sorted(newest.items(), key=lambda item: item[1], reverse=True)


def _modified(path: Path) -> float:
    """When the file was last written; 0 if there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:_LONGEST_TRACE].strip()
    except OSError:
        return ""
