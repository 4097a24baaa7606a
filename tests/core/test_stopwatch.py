"""How long work takes, over all its starts."""

from __future__ import annotations

import math

import pytest

from lsps_core import stopwatch as stopwatch_module
from lsps_core.stopwatch import Stopwatch


class _Clock:
    """In place of the module `time`."""

    def __init__(self) -> None:
        self.clock = self.cpu = 0.0

    def monotonic(self) -> float:
        return self.clock

    def process_time(self) -> float:
        return self.cpu


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(stopwatch_module, "time", clock)
    return clock


def test_it_counts_from_each_start_and_goes_on_from_what_was_kept(clock: _Clock) -> None:
    stopwatch = Stopwatch()
    clock.clock, clock.cpu = 5.0, 2.0
    stopwatch.lap()
    clock.clock, clock.cpu = 100.0, 90.0
    stopwatch.start()
    clock.clock, clock.cpu = 101.0, 92.0
    stopwatch.lap()
    assert stopwatch.to_json() == {"seconds": 6.0, "cpu_seconds": 4.0}
    header = {name: str(value) for name, value in stopwatch.to_json().items()}  # of a safetensors file
    for kept in (stopwatch.to_json(), header):
        resumed = Stopwatch(kept)
        clock.clock += 1.5
        resumed.lap()
        assert resumed.to_json() == {"seconds": 7.5, "cpu_seconds": 4.0}
    resumed.add(stopwatch)
    assert (resumed.seconds, resumed.cpu_seconds) == (13.5, 8.0)


def test_processor_time_that_an_older_version_did_not_measure_stays_unknown(clock: _Clock) -> None:
    stopwatch = Stopwatch({"seconds": 7})
    clock.clock, clock.cpu = 1.0, 1.0
    stopwatch.lap()
    assert math.isnan(stopwatch.cpu_seconds)
    assert stopwatch.to_json() == {"seconds": 8.0}
