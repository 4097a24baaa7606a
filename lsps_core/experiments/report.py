"""An experiment's table as Markdown and CSV: complete at any time, with unfinished runs marked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lsps_core.config.training import STAGES
from lsps_core.data.store import FrameStore
from lsps_core.experiments.pictures import curves, table_bars
from lsps_core.experiments.plan import ExperimentSettings, Plan
from lsps_core.experiments.results import RowResult, RunResult, Summary, row_results, seeds_without_gap
from lsps_core.files import replacing

NOT_YET = "not yet"
TITLES = {
    "table1": "Table 1: synthetic-only, LSPS and real labels",
    "ablation": "What each term of the posterior stage does",
    "figure5": "Figure 5, left: error against the share of real annotations",
}
_TABLE_NOTE = (
    "\\* starts from the seed's pre-trained model: pose and depth stages on synthetic and unlabelled real frames. P of "
    "the other rows starts at random, that of LSPS\\* where `posterior_start` says. Gap closed = (S − row) / (S − R) "
    "of the mean errors, seed by seed; S is the better of both synthetic-only rows, R of both with real labels. The "
    "paper: 74.5 % on NYU (23.71, 17.84, 15.83 mm), 58.4 % on ICVL (23.91, 14.09, 7.09 mm). Synthetic-only rows read "
    "the test frames by P's synthetic first layers: those of the real domain were not trained. For the row with fits, "
    "S is the best plain regressor on synthetic frames, R the better of the regressor and of P of its own with real "
    "labels. Times are of one seed from nothing: with the row or the pre-trained model that it continues, and fits."
)
_NOTES = {
    "table1": _TABLE_NOTE,
    "ablation": _TABLE_NOTE,
    "figure5": "\\* starts from the seed's pre-trained model, whose pose and depth stages used no real labels; the "
    "others start at random and use real frames only, but for P of its own on synthetic frames, then real labels as "
    "well, which continues that row of Table 1. At 0 % no real label is used.",
}


@dataclass(frozen=True)
class StoreDescription:
    """The description of a store in the report. role: synthetic, real or test."""

    role: str
    path: Path
    frames: int
    is_simulated: bool
    provenance: dict[str, Any]

    @classmethod
    def of(cls, role: str, store: FrameStore) -> Self:
        return cls(role, store.path.resolve(), len(store), store.is_simulated, store.provenance)


def write_report(
    settings: ExperimentSettings, plan: Plan, results: dict[str, RunResult], stores: Sequence[StoreDescription]
) -> Path:
    """Write EXPERIMENT.md and .csv into the experiment's folder, each whole; returns the Markdown's path.

    results: of the finished runs, by name. WriteError if a file cannot be written.
    """
    rows = row_results(plan, results)
    path = settings.out / f"{plan.experiment}.md"
    with replacing(path.with_suffix(".csv")) as temporary:
        temporary.write_text(_csv(rows), encoding="utf-8")
    with replacing(path) as temporary:
        temporary.write_text(_markdown(settings, plan, rows, results, stores), encoding="utf-8")
    return path


def write_picture(
    settings: ExperimentSettings, plan: Plan, results: dict[str, RunResult], stores: Sequence[StoreDescription]
) -> Path:
    """Write EXPERIMENT.png beside the report of the same arguments; returns its path.

    Apart from the report, as drawing takes far longer. WriteError if it cannot be written.
    """
    draw = table_bars if plan.is_table else curves
    figure = draw(row_results(plan, results), f"{TITLES[plan.experiment]}\n{simulated_statement(stores)}".strip())
    path = settings.out / f"{plan.experiment}.png"
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    return path


def simulated_statement(stores: Iterable[StoreDescription]) -> str:
    """One sentence if stores used as camera frames are simulated; empty if they are not."""
    simulated = [store.role for store in stores if store.is_simulated and store.role != "synthetic"]
    if not simulated:
        return ""
    return (
        f"Simulated data: the frames of the {' and '.join(simulated)} store replace camera frames, but were simulated."
    )


def _markdown(
    settings: ExperimentSettings,
    plan: Plan,
    rows: list[RowResult],
    results: dict[str, RunResult],
    stores: Sequence[StoreDescription],
) -> str:
    done = sum(run.name in results for run in plan.runs)
    parts = [f"# {TITLES[plan.experiment]}", simulated_statement(stores), _main_table(plan, rows)]
    seeds = f"Mean ± standard deviation (n − 1) over the seeds {', '.join(map(str, plan.seeds))}"
    if len(plan.seeds) == 1:
        seeds = f"Seed {plan.seeds[0]} alone, so without deviation"
    parts.append(f"{seeds}; {done} of {len(plan.runs)} runs finished. {_NOTES[plan.experiment]}")
    if no_gap := seeds_without_gap(rows):
        parts.append(
            f"Under seed {', '.join(map(str, no_gap))} real labels were not better than synthetic ones: there was "
            "no gap to close, and the figure has no meaning."
        )
    parts += ["## Budget", _budget_table(plan), _cost(settings, plan, results)]
    parts += ["## Data", _data(stores, results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _main_table(plan: Plan, rows: list[RowResult]) -> str:
    header = [
        "row",
        "mean error, mm",
        "frames within 40 mm, %",
        "gap closed, %" if plan.is_table else "real labels, %",
    ]
    lines = []
    for result in rows:
        if plan.is_table:
            last = _text(result.gap_closed_percent, 1) if result.row.bounds else ""
        else:
            last = f"{100 * result.row.labels:g}"
        seeds = ", ".join(map(str, result.runs)) or "–"
        if len(result.runs) < len(plan.seeds):
            seeds += f" ({NOT_YET}: {', '.join(str(seed) for seed in plan.seeds if seed not in result.runs)})"
        metrics = (_text(result.mean_error_mm, 2), _text(result.within_40mm_percent, 2))
        took = [_text(result.seconds, 0), _text(result.cpu_seconds, 0, "–")] if result.runs else [NOT_YET] * 2
        lines.append([result.row.label, *metrics, last, seeds, *took])
    return _table([*header, "seeds", "time, s", "CPU time, s"], lines)


def _budget_table(plan: Plan) -> str:
    """Once a row: the shares of labels of figure 5 do not change it."""
    lines = {}
    for row in plan.rows:
        lines[row.label] = [row.label, *row.runs[plan.seeds[0]].budget().values()]
    note = (
        "Steps × frames per domain and step, in brackets the additional synthetic annotated frames. Rows without "
        "synthetic annotations use as many more real frames instead; those with both have half of each."
    )
    return f"{note}\n\n{_table(['row', *STAGES], list(lines.values()))}"


def _cost(settings: ExperimentSettings, plan: Plan, results: dict[str, RunResult]) -> str:
    machines = sorted({results[run.name].machine for run in plan.runs if run.name in results})
    texts = [f"Preset {settings.preset}, scale {settings.scale}"]
    texts += [f"settings {' '.join(settings.settings)}"] if settings.settings else []
    texts += [f"trained on {'; '.join(machines)}"] if machines else []
    return ", ".join(texts) + "."


def _data(stores: Sequence[StoreDescription], results: dict[str, RunResult]) -> str:
    lines = []
    for store in stores:
        kind = "simulated" if store.is_simulated else "recorded"
        origin = store.provenance.get("command") or json.dumps(store.provenance)
        lines.append(f"- {store.role}: `{store.path.name}`, {store.frames} frames, {kind}, from `{origin}`")
    protocols = sorted({f"{result.protocol}, {result.frames} test frames" for result in results.values()})
    lines += [f"- scored: {protocol}" for protocol in protocols]
    paths = {store.role: store.path for store in stores}
    if paths.get("test") == paths.get("real"):
        lines.append("- The test frames are the training frames: these errors do not measure new frames.")
    return "\n".join(lines)


def _csv(rows: list[RowResult]) -> str:
    """One line for each row and seed; the row's mean and deviation are repeated on each."""
    lines: list[dict[str, Any]] = []
    for result in rows:
        summaries = {
            "mean_error_mm": result.mean_error_mm,
            "within_40mm_percent": result.within_40mm_percent,
            "gap_closed_percent": result.gap_closed_percent,
        }
        for seed, planned in result.row.runs.items():
            run = result.runs.get(seed)
            line: dict[str, Any] = {"row": result.row.key, "labels": result.row.labels, "seed": seed}
            line["status"] = "finished" if run else NOT_YET
            line |= {name: _rounded(summary.values.get(seed)) for name, summary in summaries.items()}
            for name, summary in summaries.items():
                line |= {f"{name}_mean": _rounded(summary.mean), f"{name}_deviation": _rounded(summary.deviation)}
            line |= {f"{stage}_budget": text for stage, text in planned.budget().items()}
            facts = run.to_json() if run else {}
            line |= {key: facts.get(key) for key in ("frames", "seconds", "cpu_seconds", "machine")}
            lines.append(line | {"run": planned.name})
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _text(summary: Summary, digits: int, nothing: str = NOT_YET) -> str:
    if summary.mean is None:
        return nothing
    deviation = "" if summary.deviation is None else f" ± {summary.deviation:.{digits}f}"
    return f"{summary.mean:.{digits}f}{deviation}"


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *lines))
