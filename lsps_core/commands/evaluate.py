"""`lsps evaluate`: a model's joint errors on a store."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from lsps_core.commands.fit_option import add_fit_or_turns
from lsps_core.config.model import DOMAINS

if TYPE_CHECKING:
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation.evaluate import Evaluation
    from lsps_core.evaluation.metrics import ErrorTable
    from lsps_core.inference import Predictor


def add(parser: argparse.ArgumentParser) -> None:
    from lsps_core.evaluation.protocols import protocol_help

    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .safetensors file or a run")
    parser.add_argument("data", type=Path, metavar="DATA.h5")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write figures, curves and images there")
    parser.add_argument("--protocol", metavar="NAME", help=protocol_help("store"))
    parser.add_argument(
        "--domain", choices=DOMAINS, help="selects the posterior's first layers; the store's if left out"
    )
    parser.add_argument(
        "--against", type=Path, nargs="+", default=[], metavar="FILE", help="published predictions to compare with"
    )
    add_fit_or_turns(parser)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", action="store_true", help="also keep the figures in the model's own record")


def run(arguments: argparse.Namespace) -> None:
    from lsps_core.data.store import FrameStore
    from lsps_core.device import resolve_device
    from lsps_core.evaluation import report
    from lsps_core.evaluation.evaluate import evaluate
    from lsps_core.inference import Predictor
    from lsps_core.training.run import newest_model

    if arguments.record and (arguments.fit is not None or arguments.turns > 1):
        raise ValueError("--record keeps the figures of the model alone; leave out --fit and --turns")
    path = newest_model(arguments.model)
    predictor = Predictor.load(path, resolve_device(arguments.device))
    with FrameStore(arguments.data) as store:
        others = _compare(store, arguments)  # first, so that a wrong file does not waste an evaluation
        with tqdm(total=len(store), unit="frame", file=sys.stderr) as bar:
            evaluation = evaluate(
                predictor,
                store,
                lambda *done: _advance(bar, *done),
                protocol=arguments.protocol,
                domain=arguments.domain,
                fit_steps=arguments.fit,
                turns=arguments.turns,
            )
        provenance = store.provenance
    table = dataclasses.replace(evaluation.table, method=_method(path, arguments))
    result = {"model": str(path), "data": str(arguments.data), **evaluation.to_json(), "curves": report.curves(table)}
    if others:
        result["against"] = [{"method": other.method, **report.figures(other)} for other in others]
    if arguments.out:
        title = f"{arguments.data.stem}, {evaluation.protocol}, {evaluation.frames} frames"
        report.write(arguments.out, result, [table, *others], title, evaluation.simulated)
    if arguments.record:
        _record(predictor, path, evaluation.to_json() | {"data": provenance})
    print(json.dumps(result)) if arguments.json else _show(evaluation, others)


def _method(path: Path, arguments: argparse.Namespace) -> str:
    from lsps_core.evaluation.about import Reading

    words = Reading(fit_steps=arguments.fit, turns=arguments.turns).words
    return f"this model ({path.stem})" + f", {words}" * bool(words)


def _compare(store: FrameStore, arguments: argparse.Namespace) -> list[ErrorTable]:
    """The errors of the published predictions on the store's frames."""
    from lsps_core.evaluation import protocols, published
    from lsps_core.evaluation.pairing import compare

    if not arguments.against or store.skeleton is None:
        return []
    protocol = protocols.choose(store.skeleton, store.camera, arguments.protocol)
    labels, tables = published.labels_of(store, protocol), []
    for path in arguments.against:
        predictions = published.read(path, protocol)
        for note in predictions.notes:
            print(f"lsps evaluate: {path}: {note}", file=sys.stderr)
        tables.append(compare(labels, predictions, protocol))
    return tables


def _record(predictor: Predictor, path: Path, entry: dict[str, Any]) -> None:
    from lsps_core import checkpoint

    source = predictor.checkpoint
    training = source.training | {"evaluations": [*source.training.get("evaluations", []), entry]}
    checkpoint.save(dataclasses.replace(source, training=training), path)


def _show(evaluation: Evaluation, others: list[ErrorTable]) -> None:
    from lsps_core.evaluation import report
    from lsps_core.evaluation.metrics import AUC_MM

    figures = evaluation.to_json()
    note = " (simulated data)" if evaluation.simulated else ""
    print(f"mean_error_mm {evaluation.mean_error_mm:.2f}{note}")
    for key in ("median_error_mm", "percentile95_error_mm", "max_error_mm", "within_40mm_percent"):
        print(f"{key} {figures[key]:.2f}")
    print(f"auc {figures['auc']:.4f} of PCK to {AUC_MM:g} mm")
    for name in evaluation.table.aligned_mm:
        error_mm, auc = figures[f"{name}_error_mm"], figures[f"{name}_auc"]
        print(f"{name}_error_mm {'-' if error_mm is None else f'{error_mm:.2f}, auc {auc:.4f}'}")
    print(f"frames {evaluation.frames}")
    print(f"protocol {evaluation.protocol}, {evaluation.domain} domain")
    for joint, error in evaluation.per_joint_mm.items():
        print(f"per_joint_mm {joint} {'-' if error is None else format(error, '.2f')}")
    rows = [("per_group", name, group) for name, group in figures["per_group"].items()]
    for division, groups in figures["divisions"].items():
        if groups != figures["per_group"]:  # as the persons of simulated stores, which are in the frames' names, too
            rows += [(f"per_{division}", name, group) for name, group in groups.items()]
    rows += [("against", other.method, report.figures(other)) for other in others]
    for key, name, row in rows:
        within = f"{row['within_40mm_percent']:.2f} % within 40 mm"
        print(f"{key} {name} {row['mean_error_mm']:.2f} mm, {within}, {row['frames']} frames")


def _advance(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
