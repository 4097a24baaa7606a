"""`lsps failures`: evaluate every frame of a store, and keep the results for the app."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from lsps_core.commands.fit_option import add_fit_or_turns
from lsps_core.errors import LspsError
from lsps_core.events import BlockWritten, Event, JobEnded, JobStarted, Progress

if TYPE_CHECKING:
    from lsps_core.evaluation.about import Part
    from lsps_core.evaluation.frame_evaluation import Watch


def add(parser: argparse.ArgumentParser) -> None:
    from lsps_core.evaluation.protocols import protocol_help

    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .safetensors file or a run")
    parser.add_argument("data", type=Path, metavar="DATA.h5", help="annotated or not")
    parser.add_argument("--out", type=Path, metavar="FILE.npz", help="default: in a folder `evaluations` by the model")
    parser.add_argument("--protocol", metavar="NAME", help=protocol_help("store"))
    add_fit_or_turns(parser)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true", dest="events", help="a JSON line for everything that happens")


def run(arguments: argparse.Namespace) -> None:
    with _stop_signals() as should_stop:  # a stop request during the import of torch counts
        from lsps_core.data.store import FrameStore
        from lsps_core.device import resolve_device
        from lsps_core.evaluation.about import Reading
        from lsps_core.evaluation.frame_evaluation import FrameEvaluation
        from lsps_core.inference import Predictor
        from lsps_core.training.run import newest_model

        _check_out(arguments.out)
        path = newest_model(arguments.model)
        predictor = Predictor.load(path, resolve_device(arguments.device))
        with FrameStore(arguments.data) as store, _bar(len(store)) as bar:
            reading = Reading(fit_steps=arguments.fit, turns=arguments.turns)
            evaluation = FrameEvaluation(predictor, path, store, arguments.out, arguments.protocol, reading)
            _check_folder(evaluation.path)
            tell = _tell if arguments.events else lambda _: None
            tell(JobStarted(path=str(evaluation.path), total=len(store), device=str(predictor.device)))
            if store.skeleton is not None and not evaluation.about.labels_digest:
                bar.write(f"lsps failures: {arguments.data} is of another skeleton, so no errors", file=sys.stderr)
            reason = evaluation.run(_watch(bar, tell, should_stop))
    if arguments.events:
        _tell(JobEnded(reason=reason, path=str(evaluation.path)))
    elif reason == "finished":
        print(f"{evaluation.path}: {evaluation.about.frame_count} frames, {evaluation.about.protocol}")
    else:
        print("lsps failures: stopped; the same command resumes", file=sys.stderr)


def _bar(total: int) -> Any:
    return tqdm(total=total, unit="frame", file=sys.stderr)


def _watch(bar: Any, tell: Callable[[Event], None], should_stop: Callable[[], bool]) -> Watch:
    from lsps_core.evaluation.frame_evaluation import Watch

    started_s = time.perf_counter()

    def progress(part: Part, done: int, total: int, computed: int) -> None:
        nonlocal started_s
        if computed == 0:
            started_s = time.perf_counter()
            bar.reset()
            bar.set_description(part)
        bar.initial = done - computed  # frames done before took no time
        bar.update(done - bar.n)
        rate = computed / max(time.perf_counter() - started_s, 1e-9)
        tell(Progress(done=done, total=total, frames_per_s=round(rate, 1), part=part))

    return Watch(
        progress=progress,
        block=lambda path, start, stop: tell(BlockWritten(path=str(path), start=start, stop=stop)),
        note=lambda line: bar.write(f"lsps failures: {line}", file=sys.stderr),
        should_stop=should_stop,
    )


def _tell(event: Event) -> None:
    print(event.line(), flush=True)


def _check_out(path: Path | None) -> None:
    """A mistyped name must not overwrite a model or a store."""
    if path is not None and path.suffix != ".npz":
        raise LspsError(f"--out {path}: results are an .npz file", "give a name that ends in .npz", field="out")


def _check_folder(path: Path) -> None:
    """Checked before the work, not after."""
    if path.is_dir():
        raise LspsError(f"{path} is a folder", "give a file in it", field="out")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        what = f"{path.parent} cannot be written ({error.strerror})"
        raise LspsError(what, "make it writable{elsewhere}", field="out") from error


@contextlib.contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Yield whether Ctrl+C or a kill asked to stop."""
    asked: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, _: asked.append(number)) for number in numbers}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
