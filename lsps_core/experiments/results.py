"""The results of finished runs: one run's figures on disk, and a row's figures over its seeds."""

from __future__ import annotations

import json
import math
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from lsps_core import checkpoint
from lsps_core.config.model import Domain
from lsps_core.data.store import FrameStore
from lsps_core.evaluation.evaluate import PoseEstimator, evaluate
from lsps_core.experiments.plan import Plan, PlannedRun, Row
from lsps_core.experiments.recipes import BOUNDS, Bounds
from lsps_core.files import read_json, replacing
from lsps_core.stopwatch import Stopwatch
from lsps_core.typed_json import Count, Finite, arguments

_FILE = "evaluation.json"


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """One run's errors on the test store, how long its training took (`Stopwatch`), and the machine."""

    mean_error_mm: Finite
    within_40mm_percent: Finite
    frames: Count
    protocol: str
    seconds: Finite
    machine: str
    cpu_seconds: float = math.nan

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"cpu_seconds": self.cpu_seconds if math.isfinite(self.cpu_seconds) else None}


def read_result(run_path: Path, test: FrameStore) -> RunResult | None:
    """Read what `evaluate_run` wrote; None if there is nothing, or if it is of another test store."""
    try:
        value = read_json(run_path / _FILE)
        if (value["data"], value["data_provenance"]) != (str(test.path), test.provenance):
            return None
        return RunResult(**arguments(RunResult, value))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):  # it is measured again: that is cheap
        return None


def evaluate_run(
    predictor: PoseEstimator, took: Stopwatch, model_path: Path, test: FrameStore, device: torch.device, domain: Domain
) -> RunResult:
    """Score a run's model on the test store, with P's first layers of `domain`; writes evaluation.json beside it.

    took: its training.
    """
    evaluation = evaluate(predictor, test, domain=domain)
    result = RunResult(
        mean_error_mm=evaluation.mean_error_mm,
        within_40mm_percent=evaluation.within_40mm_percent,
        frames=evaluation.frames,
        protocol=evaluation.protocol,
        machine=machine_name(device),
        seconds=took.seconds,
        cpu_seconds=took.cpu_seconds,
    )
    data = {"model": str(model_path), "data": str(test.path), "data_provenance": test.provenance}
    with replacing(model_path.with_name(_FILE)) as temporary:
        temporary.write_text(json.dumps(data | evaluation.to_json() | result.to_json(), indent=2) + "\n")
    return result


def record_gaps(rows: Sequence[RowResult], model_path: Callable[[PlannedRun], Path], test: FrameStore) -> None:
    """Store in each row's models the share of the gap they close, and its two errors (shown by `lsps info`)."""
    for result in rows:
        bounds = gap_bounds_mm(rows, result.row.bounds or BOUNDS)
        for seed, gap in result.gap_closed_percent.values.items():
            run = result.runs[seed]
            record = {
                "row": result.row.key,
                "seed": seed,
                "synthetic_only_mm": bounds[seed][0],
                "mean_error_mm": run.mean_error_mm,
                "real_labels_mm": bounds[seed][1],
                "gap_closed_percent": gap,
                "frames": run.frames,
                "data": test.provenance,
            }
            path = model_path(result.row.runs[seed])
            found = checkpoint.load(path)
            if found.training.get("experiment") != record:
                training = found.training | {"experiment": record}
                checkpoint.save(replace(found, training=training), path)


def machine_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.processor() or platform.machine()}, {device.type}, {torch.get_num_threads()} threads"


@dataclass(frozen=True)
class Summary:
    """One metric of a row by seed, for the finished seeds."""

    values: dict[int, float]

    @property
    def mean(self) -> float | None:
        return statistics.fmean(self.values.values()) if self.values else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds (n − 1); None for fewer than two."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else None


@dataclass(frozen=True)
class RowResult:
    """A row with its finished runs by seed; gap_closed_percent is empty if there is no gap.

    parents: of these runs, those from whose models they start.
    """

    row: Row
    runs: dict[int, RunResult]
    parents: dict[int, RunResult]
    gap_closed_percent: Summary

    @property
    def mean_error_mm(self) -> Summary:
        return Summary({seed: run.mean_error_mm for seed, run in self.runs.items()})

    @property
    def within_40mm_percent(self) -> Summary:
        return Summary({seed: run.within_40mm_percent for seed, run in self.runs.items()})

    @property
    def seconds(self) -> Summary:
        """All that a seed's model took to train: its run, the fits for it, and its parent."""
        return self._with_parents("seconds")

    @property
    def cpu_seconds(self) -> Summary:
        """As `seconds`; without seeds of which it is not known."""
        taken = self._with_parents("cpu_seconds").values
        return Summary({seed: seconds for seed, seconds in taken.items() if math.isfinite(seconds)})

    def _with_parents(self, name: str) -> Summary:
        chains = {seed: (run, self.parents.get(seed)) for seed, run in self.runs.items()}
        return Summary({seed: sum(getattr(run, name) for run in chain if run) for seed, chain in chains.items()})


def gap_closed_percent(synthetic_mm: float, row_mm: float, real_mm: float) -> float | None:
    """Position of a row's mean error between synthetic-only (0) and real labels (100); None if these are equal.

    The paper's table 1 gives 74.5 % on NYU and 58.4 % on ICVL. It has no meaning if real labels are worse.
    """
    return 100 * (synthetic_mm - row_mm) / (synthetic_mm - real_mm) if synthetic_mm != real_mm else None


def row_results(plan: Plan, results: Mapping[str, RunResult]) -> list[RowResult]:
    """The plan's rows with their finished runs. results: by run name."""
    rows = [RowResult(row, *_finished(row, results), Summary({})) for row in plan.rows]
    if not plan.is_table:
        return rows
    return [replace(row, gap_closed_percent=_gaps(row, rows)) for row in rows]


def gap_bounds_mm(rows: Iterable[RowResult], bounds: Bounds = BOUNDS) -> dict[int, tuple[float, float]]:
    """Errors without and with real labels by seed, the better row of each."""
    errors = {result.row.key: result.mean_error_mm.values for result in rows}
    pairs = [[errors.get(key, {}) for key in keys] for keys in bounds]
    seeds = set.intersection(*(set(values) for pair in pairs for values in pair))
    return {seed: (min(v[seed] for v in pairs[0]), min(v[seed] for v in pairs[1])) for seed in sorted(seeds)}


def seeds_without_gap(rows: Iterable[RowResult]) -> list[int]:
    """Seeds for which real labels were not better than synthetic-only: there was no gap to close."""
    return [seed for seed, (synthetic, real) in gap_bounds_mm(rows).items() if real >= synthetic]


def _gaps(result: RowResult, rows: Iterable[RowResult]) -> Summary:
    gaps: dict[int, float] = {}
    if result.row.bounds is None:
        return Summary(gaps)
    for seed, (synthetic_mm, real_mm) in gap_bounds_mm(rows, result.row.bounds).items():
        if seed in result.runs:
            gap = gap_closed_percent(synthetic_mm, result.runs[seed].mean_error_mm, real_mm)
            if gap is not None:
                gaps[seed] = gap
    return Summary(gaps)


def _finished(row: Row, results: Mapping[str, RunResult]) -> tuple[dict[int, RunResult], dict[int, RunResult]]:
    """A row's finished runs, and their parents."""
    runs = {seed: results[run.name] for seed, run in row.runs.items() if run.name in results}
    parents = {seed: run.parent.name for seed, run in row.runs.items() if seed in runs and run.parent is not None}
    return runs, {seed: results[name] for seed, name in parents.items() if name in results}
