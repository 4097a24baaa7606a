"""How long work takes, over all its starts."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any


class Stopwatch:
    """Counts from `start` to each `lap`.

    seconds: by the clock. cpu_seconds: of processor time, of all threads of this process together, which other load on
    the machine hardly changes; NaN if some of it was not measured, by an older version.
    """

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        """before: what `to_json` gave, as numbers or as text."""
        before = {"seconds": 0.0, "cpu_seconds": 0.0} if before is None else before
        self.seconds, self.cpu_seconds = float(before["seconds"]), float(before.get("cpu_seconds", math.nan))
        self.start()

    def start(self) -> None:
        self._clock, self._cpu = time.monotonic(), time.process_time()

    def lap(self) -> None:
        clock, cpu = self._clock, self._cpu
        self.start()
        self.seconds += self._clock - clock
        self.cpu_seconds += self._cpu - cpu

    def add(self, other: Stopwatch) -> None:
        self.seconds += other.seconds
        self.cpu_seconds += other.cpu_seconds

    def to_json(self) -> dict[str, float]:
        took = {"seconds": round(self.seconds, 1), "cpu_seconds": round(self.cpu_seconds, 1)}
        return {name: value for name, value in took.items() if math.isfinite(value)}
