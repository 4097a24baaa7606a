"""`lsps score`: published predictions against published labels, or against a store's."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsps_core.data.protocol import Protocol
    from lsps_core.evaluation.published import PoseFile

_COLUMNS = {
    "mean_error_mm": "mean mm",
    "median_error_mm": "median",
    "percentile95_error_mm": "95 %",
    "max_error_mm": "max",
    "within_40mm_percent": "% in 40 mm",
    "auc": "AUC",
    "root_relative_error_mm": "root-rel. mm",
    "procrustes_error_mm": "Procrustes mm",
    "procrustes_auc": "AUC",
    "frames": "frames",
}


def add(parser: argparse.ArgumentParser) -> None:
    from lsps_core.evaluation.protocols import scored_names

    parser.set_defaults(run=run)
    parser.add_argument("dataset", choices=scored_names(), help="whose joints and camera")
    parser.add_argument("labels", type=Path, metavar="LABELS.txt", help="lines of u v d (px, px, mm), or a store (.h5)")
    parser.add_argument("predictions", type=Path, nargs="+", metavar="PREDICTIONS.txt", help="in the same format")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write figures, curves and images there")
    parser.add_argument("--json", action="store_true", help="all figures; those of a single file also at the top")


def run(arguments: argparse.Namespace) -> None:
    from lsps_core.evaluation import published, report
    from lsps_core.evaluation.pairing import compare
    from lsps_core.evaluation.protocols import of_dataset

    protocol = of_dataset(arguments.dataset)
    labels, is_simulated = _labels(arguments.labels, protocol)
    files = [published.read(path, protocol) for path in arguments.predictions]
    for file in (labels, *files):
        for note in file.notes:
            print(f"lsps score: {file.path}: {note}", file=sys.stderr)
    tables = [compare(labels, file, protocol) for file in files]
    rows = [
        {"file": str(file.path), **report.figures(table), "curves": report.curves(table)}
        for file, table in zip(files, tables, strict=True)
    ]
    result: dict[str, Any] = {"protocol": protocol.name, "labels": str(labels.path), "simulated": is_simulated}
    result |= {"predictions": rows} | (rows[0] if len(rows) == 1 else {})
    if arguments.out:
        report.write(arguments.out, result, tables, f"{labels.path.stem}, {protocol.name}", is_simulated)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{protocol.name}, {len(labels.uvd)} frames in {labels.path}{' (simulated data)' if is_simulated else ''}")
    _show(rows)


def _labels(path: Path, protocol: Protocol) -> tuple[PoseFile, bool]:
    """The labels, and whether they are simulated, from a text file or a store."""
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation import published

    if path.suffix not in (".h5", ".hdf5"):
        return published.read(path, protocol), protocol.skeleton.name == "hand21"
    with FrameStore(path) as store:
        return published.labels_of(store, protocol), store.is_simulated


def _show(rows: list[dict[str, Any]]) -> None:
    lines = [("", *_COLUMNS.values())]
    for row in rows:
        for name, figures in {
            Path(row["file"]).name: row,
            **{f"  {k}": v for k, v in row["per_group"].items()},
        }.items():
            lines.append((name, *(_cell(key, figures.get(key)) for key in _COLUMNS)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, *cells in lines:
        print(f"{name:<{widths[0]}}  " + "  ".join(f"{cell:>{w}}" for cell, w in zip(cells, widths[1:], strict=True)))


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    if key.endswith("auc"):
        return f"{value:.4f}"
    return f"{value:.3f}" if key.endswith("_mm") else f"{value:.2f}" if key.endswith("percent") else str(value)
