"""`lsps train`: train a new run, one prepared by the app, or resume a run."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsps_core.commands.numbers import MOST_SEED, at_most
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.events import RunEstimated

if TYPE_CHECKING:  # torch is imported only if there is something to train
    from lsps_core.training.listeners import Listeners
    from lsps_core.training.run import Run


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("run_path", type=Path, metavar="RUN_DIR", help="new, or with a config.json, or a run to resume")
    parser.add_argument("--synthetic", type=Path, metavar="S.h5")
    parser.add_argument("--real", type=Path, metavar="R.h5")
    parser.add_argument("--preset", choices=list(PRESETS), help="default: compact")
    parser.add_argument("--labels", type=float, metavar="SHARE", help="share of the real annotations to use, 0 to 1")
    parser.add_argument("--seed", type=at_most(MOST_SEED))
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps; default: auto")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.KEY=VALUE",
        dest="settings",
        help="change a setting, as in depth.steps=1000, weights.mapping=1 or precision=bfloat16; may be repeated",
    )
    parser.add_argument("--resume", action="store_true", help="resume from the run's newest checkpoint")
    parser.add_argument("--change", action="store_true", help="resume with changed settings")
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="do not train: measure a few steps of each stage, and print the estimated time and memory of the run",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="write nothing to stdout but an error; RUN_DIR/events.jsonl has the events"
    )
    parser.add_argument(
        "--tensorboard",
        action=argparse.BooleanOptionalAction,
        help="write RUN_DIR/tensorboard; default: if the package tensorboard is installed",
    )


def run(arguments: argparse.Namespace) -> int:
    arguments.events = arguments.quiet or arguments.estimate  # otherwise stdout has the events of training only
    return estimate(arguments) if arguments.estimate else train(arguments)


def train(arguments: argparse.Namespace) -> int:
    started_s = time.time()  # a stop request during the import of torch counts for this run
    from lsps_core.training.process_group import ProcessGroup
    from lsps_core.training.run import Run
    from lsps_core.training.trainer import Trainer

    with ProcessGroup.from_environment() as group, _stop_signals() as should_stop, contextlib.ExitStack() as stack:
        run, is_ready = Run(arguments.run_path), False
        arguments.is_restarted = group.restarts() > 0
        try:
            if group.is_main:
                run = _open_run(arguments, stack.enter_context(_listeners(arguments)))
                stack.enter_context(run.locked())
                _settle_config(arguments, run)
                run.clear_stop(started_s)
            is_ready = True
        finally:
            is_ready = group.decide(is_ready)  # the other processes wait here until the config is written or rejected
        if not is_ready:
            return 2
        config = run.config()
        if arguments.device:
            config = dataclasses.replace(config, device=arguments.device)
        reason = Trainer(run, config, arguments.command_line, should_stop, group).train()
    if group.is_main:
        _say(f"{reason}; {run.path}")
    return 0


def estimate(arguments: argparse.Namespace) -> int:
    """Print a JSON line for every stage as soon as it is measured, and one for all of them; writes no files."""
    from lsps_core.training.estimate import Estimate
    from lsps_core.training.run import Run

    run = Run(arguments.run_path)
    config = _asked_for(arguments, run.config()) if arguments.resume or run.is_prepared else _new_config(arguments)
    if arguments.device:
        config = dataclasses.replace(config, device=arguments.device)
    trial = Estimate(run, config)
    seconds, peaks = 0.0, [0]
    for stage in trial.stages():
        print(stage.line(), flush=True)
        seconds += stage.seconds
        peaks.append(stage.peak_bytes or 0)
    total = RunEstimated(
        device=str(trial.device), seconds=seconds, peak_bytes=max(peaks) or None, free_bytes=trial.free_bytes
    )
    print(total.line(), flush=True)
    _say(f"about {seconds / 60:.1f} minutes on {trial.device}, {max(peaks) / 2**30:.1f} GiB")
    return 0


def _open_run(arguments: argparse.Namespace, listeners: Listeners) -> Run:
    """The run to resume or prepared by the app, or else a new one."""
    from lsps_core.training.data import open_stores
    from lsps_core.training.run import Run, RunError

    run = Run(arguments.run_path, listeners)
    is_begun = arguments.is_restarted and run.layout.config.exists()  # by processes of which one has died
    if arguments.resume or run.is_prepared or is_begun:
        run.config()  # it reports problems of the folder before a lock is created there
        return run
    Run.check_is_free(run.path)
    if arguments.change:
        raise RunError(f"--change needs --resume: {run.path} would be a new run", field="run_path")
    config = _new_config(arguments)
    with open_stores(config):  # problems are reported before a run directory is created
        pass
    return Run.create(arguments.run_path, config, listeners)


def _new_config(arguments: argparse.Namespace) -> TrainConfig:
    """The config of a new run from the command line."""
    from lsps_core.training.run import RunError

    if not (arguments.synthetic and arguments.real):
        raise RunError("a new run needs --synthetic S.h5 and --real R.h5 (or --resume for an old one)")
    return TrainConfig(
        synthetic_path=str(arguments.synthetic.resolve()),
        real_path=str(arguments.real.resolve()),
        device=arguments.device or "auto",
        **PRESETS[arguments.preset or "compact"],
        **{key: value for key in ("labels", "seed") if (value := getattr(arguments, key)) is not None},
    ).with_settings(arguments.settings)


def _settle_config(arguments: argparse.Namespace, run: Run) -> None:
    """Reject settings that differ from the run's config; with --change, write them there."""
    from lsps_core.training.changes import apply_changes, changes
    from lsps_core.training.run import RunError

    before = run.config()
    after = _asked_for(arguments, before)
    found = changes(before, after)
    if found and not arguments.change:
        listed = "; ".join(str(change) for change in found)
        raise RunError(f"{listed}; leave them out, or add --change to resume with them")
    apply_changes(run, before, after)


def _asked_for(arguments: argparse.Namespace, config: TrainConfig) -> TrainConfig:
    """The run's config with the changes of the command line."""
    given = {
        "preset": arguments.preset,
        "labels": arguments.labels,
        "seed": arguments.seed,
        "synthetic_path": str(arguments.synthetic.resolve()) if arguments.synthetic else None,
        "real_path": str(arguments.real.resolve()) if arguments.real else None,
    }
    asked = dataclasses.replace(config, **{key: value for key, value in given.items() if value is not None})
    return asked.with_settings(arguments.settings)


def _listeners(arguments: argparse.Namespace) -> Listeners:
    from lsps_core.training.listeners import JsonLines, Listener, Listeners, ProgressBar, TensorBoard

    listeners: list[Listener] = [] if arguments.quiet else [JsonLines(sys.stdout)]
    listeners.append(ProgressBar(sys.stderr))
    if arguments.tensorboard is not False:
        try:
            listeners.append(TensorBoard(arguments.run_path))
        except ImportError:
            if arguments.tensorboard:
                _say("TensorBoard is not installed, so no files for it are written: pip install tensorboard")
    return Listeners(*listeners)


@contextlib.contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Yield whether Ctrl+C, SIGTERM or a closed terminal requested a stop; a started save is always finished."""
    asked: list[bool] = []
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # keep running under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: asked.append(True)) for number in numbers}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(message: str) -> None:
    with contextlib.suppress(OSError):  # the parent may have ended
        print(f"lsps train: {message}", file=sys.stderr)
