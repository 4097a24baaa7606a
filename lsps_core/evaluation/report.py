"""The numbers and curves of an evaluation: as JSON, as CSV, and as PNG.

Every function takes `ErrorTable`s, one for each method on the same frames, the first of them the evaluated one.
"""

from __future__ import annotations

import csv
import json
import math
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lsps_core.evaluation import metrics
from lsps_core.evaluation.metrics import ErrorTable, FloatArray, IntArray
from lsps_core.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = {
    "worst_joint_percent": "frames with the worst joint within d",
    "mean_joint_percent": "frames with the mean joint error within d",
    "joints_percent": "joints within d",
}
_PICTURE_DPI = 150


def figures(table: ErrorTable) -> dict[str, Any]:
    """The figures to report: the errors of all frames, of each joint and of each group, in mm and %.

    `divisions` are the groups of a store that divides its frames by view, thing, camera, person and so on.
    """
    return _summary(table) | {
        "per_joint_mm": per_joint(table),
        "per_group": _summaries(table, np.array(table.groups)),
        "divisions": {division: _summaries(table, groups) for division, groups in table.divisions.items()},
    }


def _summaries(table: ErrorTable, groups: npt.NDArray[np.str_]) -> dict[str, Any]:
    return {name: _summary(table, members) for name, members in table.groups_of(groups).items()}


def _summary(table: ErrorTable, some: IntArray | slice = slice(None)) -> dict[str, Any]:
    """The figures of some frames; an alignment is None where it has no joint."""
    errors_mm = table.errors_mm[some]
    summary: dict[str, Any] = {
        "frames": len(errors_mm),
        "mean_error_mm": round(metrics.mean_error_mm(errors_mm), 3),
        "median_error_mm": round(metrics.median_error_mm(errors_mm), 3),
        "percentile95_error_mm": round(metrics.percentile_error_mm(errors_mm, 95.0), 3),
        "max_error_mm": round(metrics.max_error_mm(errors_mm), 3),
        "within_40mm_percent": round(metrics.within_percent(errors_mm), 2),
        "auc": round(metrics.pck_auc(errors_mm), 4),
    }
    for name, aligned_mm in table.aligned_mm.items():
        part = aligned_mm[some]
        is_known = bool(np.isfinite(part).any())
        summary[f"{name}_error_mm"] = round(metrics.mean_error_mm(part), 3) if is_known else None
        summary[f"{name}_auc"] = round(metrics.pck_auc(part), 4) if is_known else None
    return summary


def per_joint(table: ErrorTable) -> dict[str, float | None]:
    """Mean error in mm by joint; None if no frame annotates it."""
    means = metrics.per_joint_mm(table.errors_mm).tolist()
    return {joint: _number(mean) for joint, mean in zip(table.joints, means, strict=True)}


def curves(table: ErrorTable) -> dict[str, list[float]]:
    """The success curves by name; each has one value for every "distance_mm"."""
    found: dict[str, FloatArray] = metrics.success_curves(table.errors_mm)._asdict()
    return {name: [round(float(value), 3) for value in values] for name, values in found.items()}


def write(folder: Path, result: dict[str, Any], tables: Sequence[ErrorTable], title: str, is_simulated: bool) -> None:
    """Write `result` to evaluation.json, and beside it curves.csv, per_joint.csv, frames.csv, success.png, joints.png.

    Each file is written whole or not at all; WriteError if one cannot be written. title: of the images.
    """
    with replacing(folder / "evaluation.json") as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    protocol = str(result["protocol"])
    _write_csv(folder / "curves.csv", ["method", *metrics.SuccessCurves._fields], _curve_rows(tables), protocol)
    _write_csv(folder / "per_joint.csv", ["method", "joint", "mean_error_mm"], _joint_rows(tables), protocol)
    means = ["mean_mm", "worst_mm", *(f"{name}_mm" for name in tables[0].aligned_mm)]
    head = ["method", "frame", "name", "group", *means, *tables[0].joints]
    _write_csv(folder / "frames.csv", head, _frame_rows(tables), protocol)
    note = f"{title} - simulated data" if is_simulated else title
    _draw_success(folder / "success.png", tables, note)
    _draw_joints(folder / "joints.png", tables, note)


def _write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]], protocol: str) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*head, "protocol"])
        writer.writerows([*row, protocol] for row in rows)


def _curve_rows(tables: Sequence[ErrorTable]) -> Iterable[Sequence[Any]]:
    for table in tables:
        for values in zip(*curves(table).values(), strict=True):
            yield [table.method, *values]


def _joint_rows(tables: Sequence[ErrorTable]) -> Iterable[Sequence[Any]]:
    for table in tables:
        for joint, mean in per_joint(table).items():
            yield [table.method, joint, mean]


def _frame_rows(tables: Sequence[ErrorTable]) -> Iterable[Sequence[Any]]:
    for table in tables:
        means = [metrics.frame_mean_mm(table.errors_mm), metrics.frame_worst_mm(table.errors_mm)]
        means += [metrics.frame_mean_mm(aligned_mm) for aligned_mm in table.aligned_mm.values()]
        for row, errors_mm in enumerate(table.errors_mm.tolist()):
            about = [table.method, int(table.places[row]), table.frames[row], table.groups[row]]
            yield [*about, *(_number(value) for value in (*(column[row] for column in means), *errors_mm))]


def _number(value: float) -> float | None:
    return round(float(value), 3) if math.isfinite(value) else None


def _draw_success(path: Path, tables: Sequence[ErrorTable], title: str) -> None:
    from matplotlib.figure import Figure  # slow to import, and most evaluations draw nothing

    figure = Figure(figsize=(15, 5.2), layout="constrained")
    figure.suptitle(_plain(title))
    for axes, (name, label) in zip(figure.subplots(1, 3, sharey=True), _CURVES.items(), strict=True):
        for table in tables:
            found = metrics.success_curves(table.errors_mm)
            legend = f"{table.method}: {metrics.mean_error_mm(table.errors_mm):.2f} mm"
            axes.plot(found.distance_mm, getattr(found, name), label=_plain(legend))
        axes.set(xlabel="distance d (mm)", xlim=(0, 80), ylim=(0, 100), title=f"% of {label}")
        axes.grid(alpha=0.3)
    axes.legend(loc="lower right", title="mean joint error")
    _save(figure, path)


def _draw_joints(path: Path, tables: Sequence[ErrorTable], title: str) -> None:
    from matplotlib.figure import Figure

    joints = [*map(_plain, tables[0].joints), "mean"]
    figure = Figure(figsize=(max(8.0, 0.45 * len(joints)), 5), layout="constrained")
    axes = figure.subplots()
    places, width = np.arange(len(joints)), 0.8 / len(tables)
    for row, table in enumerate(tables):
        heights = [*metrics.per_joint_mm(table.errors_mm), metrics.mean_error_mm(table.errors_mm)]
        axes.bar(places + (row - (len(tables) - 1) / 2) * width, heights, width, label=_plain(table.method))
    axes.set_xticks(places, joints, rotation=60, ha="right")
    axes.set(ylabel="mean error (mm)", title=_plain(title))
    axes.grid(axis="y", alpha=0.3)
    axes.legend()
    _save(figure, path)


def _plain(text: str) -> str:
    """A file's name escaped for matplotlib: `$` would begin a formula, `_` hide a legend entry."""
    return (" " if text.startswith("_") else "") + text.replace("$", r"\$")


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # names in scripts that the font lacks
        figure.savefig(temporary, format="png", dpi=_PICTURE_DPI)
