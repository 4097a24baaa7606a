"""What finished runs gave: one run's figures on disk, and a row's figures over its seeds."""

from __future__ import annotations

import dataclasses
import json
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from lsps_core import checkpoint
from lsps_core.checkpoint import replacing
from lsps_core.config import Domain
from lsps_core.data.store import FrameStore
from lsps_core.device import resolve_device
from lsps_core.evaluation.evaluate import evaluate
from lsps_core.experiments.plan import Plan, PlannedRun, Row
from lsps_core.inference import Predictor

_FILE = "evaluation.json"


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """One run's errors on the test store, the seconds that its training took, and where it was trained."""

    mean_error_mm: float
    within_40mm_percent: float
    frames: int
    protocol: str
    seconds: float
    machine: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_result(run_path: Path, test: FrameStore) -> RunResult | None:
    """What `evaluate_run` left; None where there is nothing, or figures of another test store."""
    try:
        value = json.loads((run_path / _FILE).read_text())
        if (value["data"], value["data_provenance"]) != (str(test.path), test.provenance):
            return None
        return RunResult(**{key: value[key] for key in RunResult.__dataclass_fields__})
    except (OSError, ValueError, TypeError, KeyError):  # what is missing or damaged is measured anew: that is cheap
        return None


def evaluate_run(model_path: Path, test: FrameStore, device_name: str, domain: Domain) -> RunResult:
    """Score a run's model on the test store, read by P's first layers of `domain`; writes evaluation.json beside it."""
    device = resolve_device(device_name)
    predictor = Predictor.load(model_path, device)
    evaluation = evaluate(predictor, test, domain=domain)
    result = RunResult(
        mean_error_mm=evaluation.mean_error_mm,
        within_40mm_percent=evaluation.within_40mm_percent,
        frames=evaluation.frames,
        protocol=evaluation.protocol,
        seconds=float(predictor.checkpoint.training["seconds"]),
        machine=machine_name(device),
    )
    data = {"model": str(model_path), "data": str(test.path), "data_provenance": test.provenance}
    with replacing(model_path.with_name(_FILE)) as temporary:
        temporary.write_text(json.dumps(data | evaluation.to_json() | result.to_json(), indent=2) + "\n")
    return result


def record_gaps(rows: Iterable[RowResult], model_path: Callable[[PlannedRun], Path], test: FrameStore) -> None:
    """Keep in each row's models what part of the gap they close, and between which errors (`lsps info` says it)."""
    by_key = {result.row.key: result.runs for result in rows}
    for result in rows:
        for seed, gap in result.gap_closed_percent.values.items():
            run = result.runs[seed]
            record = {
                "row": result.row.key,
                "seed": seed,
                "synthetic_only_mm": by_key["synthetic_only_pretrained"][seed].mean_error_mm,
                "mean_error_mm": run.mean_error_mm,
                "real_labels_mm": by_key["real_pretrained"][seed].mean_error_mm,
                "gap_closed_percent": gap,
                "frames": run.frames,
                "data": test.provenance,
            }
            path = model_path(result.row.runs[seed])
            found = checkpoint.load(path)
            if found.training.get("experiment") != record:
                training = found.training | {"experiment": record}
                checkpoint.save(dataclasses.replace(found, training=training), path)


def machine_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.processor() or platform.machine()}, {device.type}, {torch.get_num_threads()} threads"


@dataclass(frozen=True)
class Summary:
    """One metric of a row by seed, of the seeds that are finished."""

    values: dict[int, float]

    @property
    def mean(self) -> float | None:
        return statistics.fmean(self.values.values()) if self.values else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds (n − 1); None of fewer than two."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else None


@dataclass(frozen=True)
class RowResult:
    """A row with its finished runs by seed; gap_closed_percent is empty where it means nothing."""

    row: Row
    runs: dict[int, RunResult]
    gap_closed_percent: Summary

    @property
    def mean_error_mm(self) -> Summary:
        return Summary({seed: run.mean_error_mm for seed, run in self.runs.items()})

    @property
    def within_40mm_percent(self) -> Summary:
        return Summary({seed: run.within_40mm_percent for seed, run in self.runs.items()})

    @property
    def seconds(self) -> float:
        """Of its own runs together, without those that they start from."""
        return sum(run.seconds for run in self.runs.values())


def gap_closed_percent(synthetic_mm: float, row_mm: float, real_mm: float) -> float | None:
    """Where a row's mean error lies on the way from synthetic-only* (0) to real labels* (100); None where they equal.

    The paper's table 1 gives 74.5 % on NYU and 58.4 % on ICVL. Without meaning where real labels are the worse ones.
    """
    return 100 * (synthetic_mm - row_mm) / (synthetic_mm - real_mm) if synthetic_mm != real_mm else None


def row_results(plan: Plan, results: Mapping[str, RunResult]) -> list[RowResult]:
    """The plan's rows with what is finished. results: by run name."""
    finished = {(row.key, row.labels): _finished(row, results) for row in plan.rows}
    by_key = {row.key: finished[row.key, row.labels] for row in plan.rows}
    anchors = by_key.get("synthetic_only_pretrained", {}), by_key.get("real_pretrained", {})
    rows = []
    for row in plan.rows:
        runs = finished[row.key, row.labels]
        gaps = {}
        if plan.is_table and row.key.startswith("lsps"):
            for seed in runs.keys() & anchors[0].keys() & anchors[1].keys():
                errors_mm = (found[seed].mean_error_mm for found in (anchors[0], runs, anchors[1]))
                gap = gap_closed_percent(*errors_mm)
                if gap is not None:
                    gaps[seed] = gap
        rows.append(RowResult(row, runs, Summary(dict(sorted(gaps.items())))))
    return rows


def seeds_without_gap(rows: Iterable[RowResult]) -> list[int]:
    """Seeds under which real labels* came out no better than synthetic-only*: there was no gap to close."""
    errors = {result.row.key: result.mean_error_mm.values for result in rows}
    synthetic, real = errors.get("synthetic_only_pretrained", {}), errors.get("real_pretrained", {})
    return sorted(seed for seed in synthetic.keys() & real.keys() if real[seed] >= synthetic[seed])


def _finished(row: Row, results: Mapping[str, RunResult]) -> dict[int, RunResult]:
    return {seed: results[run.name] for seed, run in row.runs.items() if run.name in results}
