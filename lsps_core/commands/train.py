"""`lsps train`: a new run, or an old one that goes on."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lsps_core.config import PRESETS


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=train)
    parser.add_argument("run_path", type=Path, metavar="RUN_DIR")
    parser.add_argument("--synthetic", type=Path, metavar="S.h5")
    parser.add_argument("--real", type=Path, metavar="R.h5")
    parser.add_argument("--preset", choices=list(PRESETS), help="default: compact")
    parser.add_argument("--labels", type=float, metavar="SHARE", help="share of the real annotations to use, 0 to 1")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps; default: auto")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.KEY=VALUE",
        dest="settings",
        help="change a setting, as in depth.steps=1000, weights.mapping=1 or precision=bfloat16; may be repeated",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the run's newest checkpoint")


def train(arguments: argparse.Namespace) -> int:
    from lsps_core.config import TrainConfig
    from lsps_core.training.data import open_stores
    from lsps_core.training.run import Run, RunError
    from lsps_core.training.trainer import Trainer

    listener = _TrainingListener()
    given = {key: getattr(arguments, key) for key in ("labels", "seed", "device", "preset", "synthetic", "real")}
    if arguments.resume:
        changed = [key for key, value in given.items() if value is not None and key != "device"]
        if changed:
            raise RunError(
                f"--resume goes on with the run's own config; leave out --{changed[0]}, or change it by --set"
            )
        run = Run(arguments.run_path, listener)
        config = run.config()
        if arguments.settings:
            config = config.with_settings(arguments.settings)
            run.write_config(config)
            print(f"lsps train: {run.path} goes on with {', '.join(arguments.settings)}", file=sys.stderr)
        if arguments.device:
            config = dataclasses.replace(config, device=arguments.device)
    else:
        if not (arguments.synthetic and arguments.real):
            raise RunError("a new run needs --synthetic S.h5 and --real R.h5 (or --resume for an old one)")
        config = TrainConfig(
            synthetic_path=str(arguments.synthetic.resolve()),
            real_path=str(arguments.real.resolve()),
            device=arguments.device or "auto",
            **PRESETS[arguments.preset or "compact"],
            **{key: given[key] for key in ("labels", "seed") if given[key] is not None},
        ).with_settings(arguments.settings)
        with open_stores(config):  # what is wrong with them is said before a run directory is made
            pass
        run = Run.create(arguments.run_path, config, listener)
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    with listener:
        reason = Trainer(run, config, arguments.command_line, lambda: bool(stopped)).train()
    print(f"lsps train: {reason}; {run.path}", file=sys.stderr)
    return 0


class _TrainingListener:
    """Prints every event as a line on stdout, and a progress bar on stderr."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> _TrainingListener:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, event: Any) -> None:
        print(event.line(), flush=True)
        if event.kind == "started":
            self._bar = tqdm(total=event.total_steps, initial=event.step, unit="step", file=sys.stderr)
        elif event.kind == "step":
            self._bar.update(event.step - self._bar.n)
            self._bar.set_description(event.stage)
        elif event.kind == "validation":
            self._bar.set_postfix_str(f"{event.mean_error_mm:.1f} mm, best {event.best_error_mm:.1f}")
