"""A simulation by several processes: the same frames in the same order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Literal

import torch

from lsps_core.errors import LspsError
from lsps_core.processes import is_stopped, workers
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.simulate import BATCH_SIZE, BATCHES_A_POOL, SimulatedBatch, simulate

SPAN = BATCH_SIZE * BATCHES_A_POOL
"""Frames that a process makes at a time: those that choose from one pool of things."""


def usual_jobs(settings: SimulationSettings) -> int:
    """A process a core where hands are searched for, which uses one thread; torch's threads share the rest well."""
    return os.cpu_count() or 1 if settings.crop == "found" else 1


def simulate_in_processes(
    domain: Literal["synthetic", "sensor"],
    frame_count: int,
    *,
    subjects: int,
    seed: int,
    settings: SimulationSettings,
    jobs: int,
) -> Iterator[SimulatedBatch]:
    """The batches of `simulate` on the CPU, made by `jobs` processes of one thread each; ValueError as there."""
    simulate(domain, frame_count, subjects=subjects, seed=seed, settings=settings)  # only its check of the arguments
    return _batches(partial(_span, domain, subjects=subjects, seed=seed, settings=settings), frame_count, jobs)


def _batches(make: Callable[[int, int], list[SimulatedBatch]], frame_count: int, jobs: int) -> Iterator[SimulatedBatch]:
    """make: `_span` of the two ends of a span."""
    spans = [(start, min(start + SPAN, frame_count)) for start in range(0, frame_count, SPAN)]
    try:
        with workers(min(jobs, len(spans))) as pool:
            waiting: deque[Future[list[SimulatedBatch]]] = deque()
            for span in spans:
                waiting.append(pool.submit(make, *span))
                if len(waiting) > 2 * jobs:  # the writer keeps up, so that finished spans do not fill the memory
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
    except BrokenProcessPool:
        raise LspsError(
            "a process of the simulation died, perhaps because memory ran out",
            "{save_memory} and run it again",
            field="jobs",
        ) from None


def _span(
    domain: Literal["synthetic", "sensor"],
    start: int,
    stop: int,
    *,
    subjects: int,
    seed: int,
    settings: SimulationSettings,
) -> list[SimulatedBatch]:
    """In a worker: frames start..stop."""
    torch.set_num_threads(1)
    batches = []
    for batch in simulate(
        domain, stop - start, subjects=subjects, seed=seed, settings=settings, first_batch=start // BATCH_SIZE
    ):
        if is_stopped():
            raise InterruptedError("the simulation was stopped")
        batches.append(batch)
    return batches
