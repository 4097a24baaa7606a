"""The record of a run: events.jsonl, an event a line, and metrics.csv, its numbers as step, stage, name, value."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lsps_core.events import Event, Saved, Stepped, Validated, parse
from lsps_core.files import replacing, require_file
from lsps_core.runs.layout import MOST_EVENTS_BYTES, RunLayout

_COLUMNS = ("step", "stage", "name", "value")
_MADE_AGAIN = (Validated, Saved)


class Record:
    """Both files of one run, in its folder. metrics.csv can be rebuilt from events.jsonl at any time."""

    def __init__(self, layout: RunLayout) -> None:
        self.events_path, self.metrics_path = layout.events, layout.metrics

    def append(self, event: Event) -> None:
        """Append one event to both files; OSError if that fails, without leaving a partial line."""
        _append(self.events_path, event.line() + "\n")
        rows = _rows(event)
        if rows:
            header = [] if self.metrics_path.exists() else [_COLUMNS]
            _append(self.metrics_path, _csv([*header, *rows]))

    def rewind(self, step: int, redo: bool) -> None:
        """Remove events of later steps and a partial last line; with `redo` also those of `step` itself.

        Each file is replaced atomically. OSError or WriteError if that fails.
        """
        if not self.events_path.exists():
            return
        require_file(self.events_path, most_bytes=MOST_EVENTS_BYTES)
        kept: list[tuple[bytes, Event]] = []
        for line in self.events_path.read_bytes().splitlines():
            event = parse(line)
            if event is None:  # a partial line: the process was killed while writing
                continue
            at = getattr(event, "step", 0)
            if at < step or (at == step and not (redo and isinstance(event, _MADE_AGAIN))):
                kept.append((line, event))
        with replacing(self.events_path) as temporary:
            temporary.write_bytes(b"".join(line + b"\n" for line, _ in kept))
        rows = [row for _, event in kept for row in _rows(event)]
        with replacing(self.metrics_path) as temporary:
            temporary.write_bytes(_csv([_COLUMNS, *rows]).encode())


def _rows(event: Event) -> list[tuple[Any, ...]]:
    """The rows of metrics.csv that an event makes; an empty value is not finite."""
    if isinstance(event, Stepped):
        values = event.terms | {"frames_per_s": event.frames_per_s}
    elif isinstance(event, Validated):
        values = {"mean_error_mm": event.mean_error_mm}
    else:
        return []
    shown = {name: float(value) if math.isfinite(value) else None for name, value in values.items()}
    return [(event.step, event.stage, name, value) for name, value in shown.items()]


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _append(path: Path, text: str) -> None:
    """Append all lines or none: on a full disk a part may fit."""
    with path.open("a+b", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        file.seek(max(before - 1, 0))
        is_after_half_a_line = file.read(1) not in (b"", b"\n")  # of a process that was killed
        data = memoryview((is_after_half_a_line * "\n" + text).encode())
        try:
            while data:
                data = data[file.write(data) :]
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(before)
            raise
