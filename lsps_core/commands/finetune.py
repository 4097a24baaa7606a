"""`lsps finetune`: teach a model the hands and the camera of a few annotated frames."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Literal

from lsps_core.commands.numbers import MOST_FRAMES, MOST_SEED, MOST_STEPS, at_most
from lsps_core.commands.run_progress import RunProgress, stop_signals
from lsps_core.events import JobEnded, JobStarted, PartStarted, Progress


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .safetensors file or a run; it stays as it is")
    parser.add_argument("labels", type=Path, metavar="LABELS.h5", help="a real store with a few annotated frames")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="the same folder resumes")
    parser.add_argument(
        "--frames", type=Path, metavar="F.h5", help="frames of the same hands without labels: good fits count as labels"
    )
    parser.add_argument("--steps", type=at_most(MOST_FRAMES), metavar="N", help="of each run")
    parser.add_argument("--folds", type=at_most(MOST_STEPS), metavar="K", help="parts of the cross-validation")
    parser.add_argument(
        "--simulated", type=at_most(MOST_FRAMES), metavar="N", help="simulated frames that it keeps learning from"
    )
    parser.add_argument("--seed", type=at_most(MOST_SEED))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--events", action="store_true", help="JSON lines on stdout: started, part, progress, ended")


class _Events(RunProgress):
    """Also progress in frames over all parts, as JSON lines on stdout.

    parts: frames of each by its name, in order. runs: folders of those that are runs.
    """

    def __init__(self, path: Path, parts: dict[str, int], runs: dict[str, Path]) -> None:
        super().__init__("finetune", "part")
        self._parts, self._runs, self._name, self._steps = parts, runs, "", 1
        self._first: tuple[float, int] | None = None
        """When the first step of a run was done, and its frames."""
        print(JobStarted(path=str(path), total=sum(parts.values())).line(), flush=True)

    def started(self, name: str, index: int, count: int) -> None:
        super().started(name, index, count)
        self._name, self._first = name, None
        run = str(self._runs[name].resolve()) if name in self._runs else None
        print(PartStarted(name=name, index=index, count=count, run=run).line(), flush=True)
        self._tell(0, 0.0)

    def event(self, event: Any) -> None:
        super().event(event)
        if event.kind == "started":
            self._steps = max(event.total_steps, 1)
        elif event.kind == "step":
            done = self._parts[self._name] * event.step // self._steps
            self._tell(done, self._speed(done))
        elif event.kind == "progress":
            self._tell(event.done, event.frames_per_s)

    def _speed(self, done: int) -> float:
        """Frames per second of the run; 0 at its first step. Its own events do not count annotated frames."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        seconds = now - self._first[0]
        return (done - self._first[1]) / seconds if seconds > 0 else 0.0

    def _tell(self, done: int, frames_per_s: float) -> None:
        names = list(self._parts)
        done += sum(self._parts[name] for name in names[: names.index(self._name)])
        total = sum(self._parts.values())
        print(Progress(done=done, total=total, frames_per_s=round(frames_per_s, 1)).line(), flush=True)


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
    tuning = Finetuning(settings)
    path = tuning.model_path
    runs = {name: settings.run_path(name) for name in tuning.held_out}
    listener = _Events(path, tuning.parts, runs) if arguments.events else RunProgress("finetune", "part")
    with listener as progress, stop_signals() as stopped:
        report = tuning.run(progress, lambda: bool(stopped), arguments.command_line)
    if arguments.events:
        reason: Literal["finished", "stopped"] = "stopped" if report is None else "finished"
        note = "" if report is None else "; ".join(_lines(report))
        print(JobEnded(reason=reason, path=str(path), note=note).line(), flush=True)
    elif report is None:
        print(f"lsps finetune: stopped; the same command resumes from {settings.out}", file=sys.stderr)
    elif arguments.json:
        print(json.dumps(report | {"out": str(path)}))
    else:
        print(f"{path}: a copy of {settings.model_path.name} with another P")
        print(*_lines(report), sep="\n")
    return 0


def _lines(report: dict[str, Any]) -> list[str]:
    """Errors before and after, a line each."""
    if report["after"] is None:
        first = "one label alone cannot be held out, so that there is no error of it to report; label more frames"
    else:
        count = report["labelled_frames"]
        first = _line(f"{count} own labels, each read by a run that did not see it", report["before"], report["after"])
    return [first, _line("simulated frames", report["simulated_before"], report["simulated_after"])]


def _line(what: str, before: dict[str, float], after: dict[str, float]) -> str:
    shares = " → ".join(f"{each['within_40mm_percent']:.0f}" for each in (before, after))
    return f"{what}: {before['mean_error_mm']:.1f} → {after['mean_error_mm']:.1f} mm, {shares} % of frames within 40 mm"
