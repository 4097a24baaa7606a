"""The log since the start: in memory for the log window, and in a file in the app's data folder."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path

from explorer_app.damaged_files import set_aside
from lsps_core.files import kind_of

LOGGER = logging.getLogger("explorer_app")
LOG_NAME = "lsps-explorer.log"
_FORMAT = logging.Formatter("%(asctime)s  %(levelname)s  %(message)s", datefmt="%Y-%m-%d %H:%M:%S")
_KEPT = 1000
_FILE_BYTES = 500_000


class RecentRecords(logging.Handler):
    """The newest records as text. Records come from any thread; appending to a deque needs no lock."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_FORMAT)
        self._lines: deque[str] = deque(maxlen=_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    @property
    def text(self) -> str:
        return "\n".join(tuple(self._lines))

    def clear(self) -> None:
        self._lines.clear()


def log_to_file(folder: Path) -> list[str]:
    """Also log to a file of limited size below `folder`; a full disk is not an error.

    Returns what was moved aside from its path, as text: a pipe there would block the start.
    """
    left_aside = []
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if kind_of(folder / LOG_NAME) not in ("", "file"):
            left_aside.append(f"the log (now {set_aside(folder / LOG_NAME)})")
        handler = RotatingFileHandler(folder / LOG_NAME, maxBytes=_FILE_BYTES, backupCount=2, encoding="utf-8")
        handler.setFormatter(_FORMAT)
        LOGGER.addHandler(handler)
    return left_aside
