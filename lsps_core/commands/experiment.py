"""`lsps experiment`: Table 1 and Figure 5 of the paper, each term's share in them, and all of it on SimHand."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lsps_core.commands.run_progress import RunProgress, stop_signals
from lsps_core.config.presets import PRESETS
from lsps_core.experiments.plan import EXPERIMENTS, SCALES, SHARES, ExperimentSettings, make_plan

SIMHANDS = ("simhand", "simhand2")
_STORES = {"synthetic": "synthetic_path", "real": "real_path", "test": "test_path"}
"""Roles of the stores (options), and their names in the settings."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument(
        "experiment",
        choices=[*EXPERIMENTS, *SIMHANDS],
        help="simhand: all others one after the other, on data that it simulates in DIR/data; simhand2: the same on "
        "hands as people film them, from all sides, with things in them, before several cameras",
    )
    parser.add_argument("--synthetic", type=Path, metavar="S.h5")
    parser.add_argument("--real", type=Path, metavar="R.h5")
    parser.add_argument("--test", type=Path, metavar="T.h5", help="annotated real frames to score on")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="the same folder resumes")
    parser.add_argument("--preset", choices=list(PRESETS), default="compact")
    parser.add_argument(
        "--scale",
        choices=SCALES,
        default="full",
        help="full: the preset's lengths; small: a tenth; tiny: only checks that it runs",
    )
    parser.add_argument("--seeds", default="1,2,3", help="default: 1,2,3")
    shares = ",".join(map(str, SHARES))
    parser.add_argument("--shares", default=shares, help=f"of the real annotations, for figure5; default: {shares}")
    parser.add_argument("--rows", default="", help="these rows of table1 or ablation alone, as in lsps,real")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps; default: auto")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="change a setting of every run, as in depth.steps=1000 or precision=bfloat16; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    from lsps_core.experiments.run import ExperimentRunner

    paths = _stores(arguments)
    experiments = EXPERIMENTS if arguments.experiment in SIMHANDS else (arguments.experiment,)
    wanted = [
        ExperimentSettings(
            experiment=experiment,
            out=arguments.out,
            preset=arguments.preset,
            scale=arguments.scale,
            seeds=_numbers("--seeds", arguments.seeds, int),
            shares=_numbers("--shares", arguments.shares, float),
            rows=tuple(filter(None, arguments.rows.split(","))),
            device=arguments.device,
            settings=tuple(arguments.settings),
            **paths,
        )
        for experiment in experiments
    ]
    for settings in wanted:
        make_plan(settings)  # errors of the plan are reported before anything is simulated
    if arguments.experiment in SIMHANDS:
        _simulate(arguments)
    with _Progress("experiment", "run") as progress, stop_signals() as stopped:
        for settings in wanted:
            runner = ExperimentRunner(settings, progress, lambda: bool(stopped), arguments.command_line)
            reason = runner.run()
            print(json.dumps({"reason": reason, "report": str(runner.report_path)}))
            if reason == "stopped":
                print(f"lsps experiment: stopped; the same command resumes from {settings.out}", file=sys.stderr)
                break
    return 0


def _stores(arguments: argparse.Namespace) -> dict[str, Path]:
    """The stores by their names in the settings; ValueError if options are missing, or given for simulated stores."""
    given, experiment = {role: getattr(arguments, role) for role in _STORES}, arguments.experiment
    if experiment not in SIMHANDS:
        if missing := [f"--{role}" for role, path in given.items() if path is None]:
            raise ValueError(f"{experiment} needs {', '.join(missing)}; {SIMHANDS[0]} simulates its own stores")
        return {_STORES[role]: path for role, path in given.items()}
    if extra := [f"--{role}" for role, path in given.items() if path is not None]:
        raise ValueError(f"{experiment} simulates its own stores; leave out {', '.join(extra)}, or choose table1")
    from lsps_core.experiments.simhand import RECIPES

    stores = {store.role: arguments.out / "data" / store.file for store in RECIPES[experiment]}
    return {_STORES[role]: path for role, path in stores.items() if role in _STORES}


def _simulate(arguments: argparse.Namespace) -> None:
    from lsps_core.device import resolve_device
    from lsps_core.experiments.simhand import recipe
    from lsps_core.simulator.recipes import make_stores

    bars: dict[str, Any] = {}

    def advance(store: Any, done: int) -> None:
        if store.file not in bars:
            bars[store.file] = tqdm(total=store.frames, unit="frame", desc=store.file, file=sys.stderr)
        bars[store.file].update(done - bars[store.file].n)

    try:
        make_stores(
            arguments.out / "data",
            recipe(arguments.experiment, is_tiny=arguments.scale == "tiny"),
            device=resolve_device(arguments.device),
            on_progress=advance,
        )
    finally:
        for bar in bars.values():
            bar.close()


def _numbers(option: str, text: str, kind: Callable[[str], Any]) -> tuple[Any, ...]:
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"{option} must be numbers separated by commas, as in 1,2,3; not {text!r}") from error


class _Progress(RunProgress):
    """Also a JSON line on stdout for every finished run."""

    def finished(self, name: str, result: Any, is_new: bool) -> None:
        self.close()
        print(json.dumps({"run": name, "is_new": is_new, **result.to_json()}), flush=True)
