"""Estimate the time and memory of a run from a few real steps of each of its stages; writes nothing."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from lsps_core.config.training import STAGES, TrainConfig
from lsps_core.data.store_stream import free_memory
from lsps_core.device import resolve_device
from lsps_core.events import StageEstimated
from lsps_core.training.run import Run
from lsps_core.training.trainer import Trainer

_MOST_STEPS, _ENOUGH_SECONDS = 200, 2.0
"""Many steps are measured if they are fast, no more than are left; one if it takes seconds; after one for warm-up."""


class Estimate(Trainer):
    """A trainer that only measures: it runs steps of every stage and saves nothing.

    Validation and checkpoints are not included: seconds every few minutes.
    """

    def __init__(self, run: Run, config: TrainConfig) -> None:
        self.free_bytes = free_memory(resolve_device(config.device))  # before the frames are loaded
        super().__init__(run, config)

    def stages(self) -> Iterator[StageEstimated]:
        """The stages in order, as measured; finished stages of a resumed run are left out.

        MemoryShortageError if a step does not fit.
        """
        done = _steps_done(self.run)
        for name in STAGES:
            steps = self.config.stage(name).steps - done.get(name, 0)
            if steps > 0:
                yield self._measure(name, steps)

    def _measure(self, name: str, steps: int) -> StageEstimated:
        self._begin(name)
        settings = self.config.stage(name)
        _reset_peak(self.device)
        self._one_step(settings)  # the first step is slow: memory is allocated, kernels are selected or compiled
        started = self._now()
        seconds, measured = 0.0, 0
        while measured < min(_MOST_STEPS, steps) and seconds < _ENOUGH_SECONDS:
            measured += 1
            self.stage_step = measured
            self._one_step(settings)
            seconds = self._now() - started
        return StageEstimated(
            stage=name,
            steps=steps,
            seconds_per_step=seconds / measured,
            peak_bytes=_peak_bytes(self.device),
            seconds=steps * seconds / measured,
        )

    def _now(self) -> float:
        """Seconds, after synchronising the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()
        return time.perf_counter()


def _steps_done(run: Run) -> dict[str, int]:
    latest = run.latest()
    if latest is None:
        return {}
    _, _, state = latest
    before = STAGES[: STAGES.index(state["stage"])]
    return dict.fromkeys(before, sys.maxsize) | {state["stage"]: int(state["stage_step"])}


def _reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        with contextlib.suppress(OSError):  # except on Linux, the peak is that of all stages so far
            Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes(device: torch.device) -> int | None:
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return _largest_resident_bytes()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


def _largest_resident_bytes() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024
