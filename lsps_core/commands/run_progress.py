"""Progress of commands that train several runs, on stderr, and their stop by a signal."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from tqdm import tqdm


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """A list that SIGINT and SIGTERM append to while the context is open."""
    received: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: received.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class RunProgress:
    """A bar on stderr for the run in training, or the store that is made. command: of `lsps`; what: it counts."""

    def __init__(self, command: str, what: str) -> None:
        self._command, self._what = command, what
        self._bar: Any = None
        self._title = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def started(self, name: str, index: int, count: int) -> None:
        self.close()
        self._title = f"{self._what} {index} of {count}, {name}"
        print(f"lsps {self._command}: {self._title}", file=sys.stderr)

    def event(self, event: Any) -> None:
        if event.kind == "started":
            self.close()
            self._bar = tqdm(total=event.total_steps, initial=event.step, unit="step", file=sys.stderr, leave=False)
        elif event.kind == "progress":
            self._bar = self._bar or tqdm(total=event.total, unit="frame", file=sys.stderr, leave=False)
            self._bar.set_description(self._title)
            self._bar.update(event.done - self._bar.n)
        elif event.kind == "step" and self._bar is not None:
            self._bar.update(event.step - self._bar.n)
            self._bar.set_description(f"{self._title}: {event.stage}")
        elif event.kind == "validation" and self._bar is not None:
            self._bar.set_postfix_str(f"{event.mean_error_mm:.1f} mm")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
