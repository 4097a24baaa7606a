"""Reads the events of a run while another process writes them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from lsps_core.events import Event, Failed, parse
from lsps_core.files import require_file
from lsps_core.runs.layout import MOST_EVENTS_BYTES

_REMEMBERED_BYTES = 256
_LAST_BYTES = 1 << 16


class EventsFile:
    """Follows events.jsonl while another process appends to it, or replaces it to resume from an earlier step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode, self._at, self._before = 0, 0, b""

    def read(self) -> tuple[bool, list[Event]]:
        """The events since the last read; and True if everything read before is no longer valid.

        OSError or LspsError if the file cannot be read.
        """
        try:
            require_file(self._path, most_bytes=MOST_EVENTS_BYTES)
            with self._path.open("rb") as file:
                return self._read(file)
        except FileNotFoundError:
            is_gone, self._at, self._before = self._at > 0, 0, b""
            return is_gone, []

    def _read(self, file: BinaryIO) -> tuple[bool, list[Event]]:
        status = os.fstat(file.fileno())
        file.seek(max(0, self._at - len(self._before)))
        is_other = status.st_ino != self._inode or status.st_size < self._at
        if is_other or file.read(len(self._before)) != self._before:  # inode numbers are reused
            is_other, self._at, self._before = self._at > 0, 0, b""
            file.seek(0)
        self._inode = status.st_ino
        data = file.read()
        whole = data[: data.rfind(b"\n") + 1]  # the rest is a partial line
        self._at += len(whole)
        self._before = (self._before + whole)[-_REMEMBERED_BYTES:]
        return is_other, _events(whole)


def last_error(path: Path) -> Failed | None:
    """The last `Failed` at the end of a file of events; None if there is none or the file cannot be read."""
    try:
        require_file(path)
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            found = [event for event in _events(file.read()) if isinstance(event, Failed)]
    except (OSError, ValueError):
        return None
    return found[-1] if found else None


def _events(lines: bytes) -> list[Event]:
    return [event for line in lines.splitlines() if (event := parse(line)) is not None]
