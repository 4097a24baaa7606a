"""Progress of `lsps simulate` and `lsps import`: a bar on stderr and, with --events, JSON lines on stdout."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from lsps_core import events
from lsps_core.events import Event, JobEnded, JobStarted

_TELL_SECONDS = 0.2
_RATE_SECONDS = 10.0


def add_events(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--events",
        action="store_true",
        help="JSON lines on stdout: started, progress, skipped, ended",
    )


class Progress:
    """Shows a bar and, if requested, emits `JobStarted`, `events.Progress` over the last seconds, and `JobEnded`."""

    def __init__(self, path: Path, total: int, *, tells: bool) -> None:
        self.path, self.total, self._tells = path, total, tells
        self.bar: Any = tqdm(total=total, unit="frame", file=sys.stderr)
        self._told_s = 0.0
        self._past: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self.tell(JobStarted(path=str(path), total=total))

    def advance(self, done: int) -> None:
        """`done` frames are finished."""
        self.bar.update(done - self.bar.n)
        now = time.monotonic()
        self._past.append((now, done))
        while len(self._past) > 2 and now - self._past[0][0] > _RATE_SECONDS:
            self._past.popleft()
        if done < self.total and now - self._told_s < _TELL_SECONDS:
            return
        self._told_s = now
        then, before = self._past[0]
        rate = (done - before) / max(now - then, 1e-6)
        self.tell(events.Progress(done=done, total=self.total, frames_per_s=round(rate, 1)))

    def tell(self, event: Event) -> None:
        if self._tells:
            print(event.line(), flush=True)

    def end(self, reason: Literal["finished", "stopped"], **counts: Any) -> None:
        """counts: other fields of `JobEnded`."""
        self.tell(JobEnded(reason=reason, path=str(self.path), **counts))


@contextlib.contextmanager
def progress(path: Path, total: int, *, tells: bool) -> Iterator[Progress]:
    """A `Progress` that also reports a stop: Ctrl+C and SIGTERM raise KeyboardInterrupt inside."""
    with _killed_as_interrupted():
        shown = Progress(path, total, tells=tells)
        try:
            with shown.bar:
                yield shown
        except KeyboardInterrupt:
            shown.end("stopped")
            raise


@contextlib.contextmanager
def _killed_as_interrupted() -> Iterator[None]:
    """Partial files are removed after SIGTERM as after Ctrl+C; a second signal does not interrupt that."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
