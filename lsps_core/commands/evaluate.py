"""`lsps evaluate`: a model's joint errors on a store."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .safetensors file or a run")
    parser.add_argument("data", type=Path, metavar="DATA.h5")
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write evaluation.json there")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", action="store_true", help="also keep the figures in the model's own record")


def run(arguments: argparse.Namespace) -> None:
    from lsps_core import checkpoint
    from lsps_core.data.store import FrameStore
    from lsps_core.device import resolve_device
    from lsps_core.evaluation.evaluate import evaluate
    from lsps_core.inference import Predictor
    from lsps_core.training.run import newest_model

    path = newest_model(arguments.model)
    predictor = Predictor.load(path, resolve_device(arguments.device))
    with FrameStore(arguments.data) as store, tqdm(total=len(store), unit="frame", file=sys.stderr) as bar:
        evaluation = evaluate(predictor, store, lambda done, total: _advance(bar, done, total))
        provenance = store.provenance
    result = {"model": str(path), "data": str(arguments.data), **evaluation.to_json()}
    if arguments.out:
        with checkpoint.replacing(arguments.out / "evaluation.json") as temporary:
            temporary.write_text(json.dumps(result, indent=2) + "\n")
    if arguments.record:
        entry = evaluation.to_json() | {"data": provenance}
        source = predictor.checkpoint
        training = source.training | {"evaluations": [*source.training.get("evaluations", []), entry]}
        checkpoint.save(dataclasses.replace(source, training=training), path)
    if arguments.json:
        print(json.dumps(result))
        return
    note = " (simulated data)" if evaluation.simulated else ""
    print(f"mean_error_mm {evaluation.mean_error_mm:.2f}{note}")
    print(f"within_40mm_percent {evaluation.within_40mm_percent:.2f}")
    print(f"frames {evaluation.frames}")
    print(f"protocol {evaluation.protocol}, {evaluation.domain} frames")
    for joint, error in evaluation.per_joint_mm.items():
        print(f"per_joint_mm {joint} {error:.2f}")


def _advance(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
