"""`lsps finetune`: teach a model the hands and the camera of a few annotated frames."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lsps_core.commands.run_progress import RunProgress, stop_signals


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .safetensors file or a run; it stays as it is")
    parser.add_argument("labels", type=Path, metavar="LABELS.h5", help="a real store with a few annotated frames")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="the same folder resumes")
    parser.add_argument(
        "--frames", type=Path, metavar="F.h5", help="frames of the same hands without labels: good fits count as labels"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="of each run")
    parser.add_argument("--folds", type=int, metavar="K", help="parts of the cross-validation")
    parser.add_argument("--simulated", type=int, metavar="N", help="simulated frames that it keeps learning from")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    from lsps_core.finetuning.finetune import Finetuning
    from lsps_core.finetuning.settings import FinetuneSettings
    from lsps_core.training.run import newest_model

    numbers = {key: getattr(arguments, key) for key in ("steps", "folds", "simulated", "seed")}
    settings = FinetuneSettings(
        model_path=newest_model(arguments.model),
        labels_path=arguments.labels,
        out=arguments.out,
        frames_path=arguments.frames,
        device=arguments.device,
        **{key: value for key, value in numbers.items() if value is not None},
    )
    with RunProgress("finetune", "part") as progress, stop_signals() as stopped:
        tuning = Finetuning(settings, progress, lambda: bool(stopped))
        report = tuning.run(arguments.command_line)
    if report is None:
        print(f"lsps finetune: stopped; the same command resumes from {settings.out}", file=sys.stderr)
        return 0
    print(json.dumps(report | {"out": str(tuning.model_path)})) if arguments.json else _show(report, tuning.model_path)
    return 0


def _show(report: dict[str, Any], path: Path) -> None:
    frames, folds = report["labelled_frames"], report["folds"]
    print(f"{path}: fine-tuned on {frames} labelled frame{'s' * (frames != 1)}")
    rows = [("simulated frames, not trained on", report["simulated_before"], report["simulated_after"])]
    if report["after"] is not None:
        title = f"own labels, each by a model that did not see it ({folds} parts)"
        rows.insert(0, (title, report["before"], report["after"]))
    else:
        print("one label cannot be held out, so that there is no error to report; label two or more")
    for title, before, after in rows:
        print(
            f"{title}: {before['mean_error_mm']:.1f} -> {after['mean_error_mm']:.1f} mm, "
            f"{before['within_40mm_percent']:.0f} -> {after['within_40mm_percent']:.0f} % of frames within 40 mm"
        )
