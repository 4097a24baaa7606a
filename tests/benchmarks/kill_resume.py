"""Kill a training with SIGKILL again and again, resume it each time, and compare its end with that of one never killed.

    python tests/benchmarks/kill_resume.py [--kills 20] [--seed 0]

Two simulated stores, two runs of one config (float32, CPU), from the command line as a user starts them. The kills
spread over the whole run. Every second one comes at a random moment, the others when a half-written training state, or
a half-written model, shows among the checkpoints.
Exit status 1 where the two runs' weights differ in a bit, where a step is told twice, or where fewer than two
checkpoints were seen once there had been two.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from lsps_core import checkpoint
from lsps_core.cli import main as lsps
from lsps_core.training.run import Run
from lsps_core.training.validation import LatentStatistics

STEPS = {"pose": 2000, "depth": 45, "posterior": 120}
CHECKPOINT_MINUTES = 0.015
SETTINGS = ["base_channels=4"]
SETTINGS += ["depth.batch_size=2", "depth.extra_annotated=2", "posterior.batch_size=4", "posterior.extra_annotated=2"]
POLL_S, LONGEST_DELAY_S = 0.0005, 1.3
LATEST = 0.8
"""Share of the run after which no kill is planned, so that it does not end before the last one."""
RANDOM, STATE, MODEL = "random", "state", "model"
MOMENTS = (RANDOM, STATE, RANDOM, MODEL)


@dataclass(frozen=True)
class Kill:
    """Where the run was killed: the last step it had told of, the checkpoint it had, and the write that was cut off."""

    stage: str
    told_step: int
    kept_step: int
    write: str

    def line(self) -> str:
        return f"{self.stage:9}  {self.told_step:9}  {self.kept_step:12}  {self.write or '-'}"


class Watch:
    """Looks at the checkpoints' folder of a run as often as it can."""

    def __init__(self, run: Run) -> None:
        self.folder = run.path / "checkpoints"
        self.newest_step = 0
        self.parts: list[str] = []
        """Half-written files that were there at the last look."""
        self.fewest: int | None = None
        """Fewest checkpoints since there were two."""

    def look(self) -> None:
        names = [entry.name for entry in os.scandir(self.folder)] if self.folder.is_dir() else []
        whole = [int(stem) for name in names if (stem := name.removesuffix(".safetensors")).isdigit()]
        self.newest_step = max(whole, default=0)
        self.parts = [name for name in names if name.endswith(".part")]
        if self.fewest is not None or len(whole) == 2:
            self.fewest = min(len(whole), 2 if self.fewest is None else self.fewest)

    def is_time(self, moment: str) -> bool:
        """Whether a file of this kind is being written; any moment will do for RANDOM."""
        return moment == RANDOM or any((".state." in part) == (moment == STATE) for part in self.parts)

    def cut_off(self) -> str:
        """What the kill left half-written, in words; empty where nothing."""
        self.look()
        for part in self.parts:
            return "state half-written" if ".state." in part else "model half-written"
        names = [entry.name for entry in os.scandir(self.folder)] if self.folder.is_dir() else []
        states = {name.removesuffix(".state.safetensors") for name in names if ".state." in name}
        models = {name.removesuffix(".safetensors") for name in names if ".state." not in name}
        return "between state and model" if states - models else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    parser.add_argument("--folder", type=Path, help="keep the runs here; default: a temporary folder")
    parser.add_argument("--synthetic", type=Path, help="use this store instead of simulating one")
    parser.add_argument("--real", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        stores = [arguments.synthetic, arguments.real] if arguments.synthetic else simulate(folder)
        problems = experiment(folder, train_flags(stores), arguments.kills, arguments.seed)
    print("FAILED: " + "; ".join(problems) if problems else "The killed run ended bit for bit as the other one.")
    return 1 if problems else 0


def train_flags(stores: list[Path]) -> list[str]:
    flags = ["--synthetic", str(stores[0]), "--real", str(stores[1]), "--device", "cpu", "--no-tensorboard"]
    settings = [*SETTINGS, f"checkpoint_minutes={CHECKPOINT_MINUTES}"]
    settings += [f"{stage}.steps={count}" for stage, count in STEPS.items()]
    return flags + [part for setting in settings for part in ("--set", setting)]


def experiment(folder: Path, flags: list[str], count: int, seed: int) -> list[str]:
    """Both runs, the table of kills, and what is wrong with the result."""
    whole, killed = Run(folder / "whole"), Run(folder / "killed")
    if start(whole, flags).wait() != 0:
        return ["the run that was not killed failed"]
    watch = Watch(killed)
    kills = kill_again_and_again(killed, flags, watch, count, random.Random(seed))
    print_summary(kills)
    if len(kills) < count:
        return [f"the run ended after {len(kills)} kills"]
    last = start(killed, ["--resume"])
    wait_until(last, watch, lambda: False)
    if last.returncode != 0:
        return ["the killed run failed"]
    problems = [*compare_weights(whole, killed), *check_told(whole, killed)]
    print(f"checkpoints: never fewer than {watch.fewest} seen once there were two")
    if watch.fewest != 2:
        problems.append(f"there were {watch.fewest} checkpoints")
    return problems


def simulate(folder: Path) -> list[Path]:
    paths = []
    for seed, domain in enumerate(("synthetic", "sensor")):
        paths.append(folder / f"{domain}.h5")
        lsps(["simulate", str(paths[-1]), "--domain", domain, "--frames", "200", "--seed", str(seed)])
    return paths


def start(run: Run, flags: list[str]) -> subprocess.Popen[bytes]:
    """`lsps train`, its lines in a file beside the run."""
    command = [sys.executable, "-m", "lsps_core.cli", "train", str(run.path), *flags]
    with log_path(run).open("wb") as log:
        return subprocess.Popen(command, stdout=log, env=os.environ | {"OMP_NUM_THREADS": "1"})


def log_path(run: Run) -> Path:
    return run.path.with_suffix(".log")


def kill_again_and_again(run: Run, flags: list[str], watch: Watch, count: int, chance: random.Random) -> list[Kill]:
    """Start, kill, resume; each kill comes a random moment after a checkpoint in its part of the run, or in a write."""
    shares = [LATEST * (number + chance.random()) / count if number else 0 for number in range(count)]
    kills: list[Kill] = []
    print("kill  stage      last told  goes on from  within a write")
    for _ in range(3 * count):
        if len(kills) == count:
            break
        share, moment = shares[len(kills)], MOMENTS[len(kills) % len(MOMENTS)]
        process = start(run, ["--resume"] if (run.path / "config.json").exists() else flags)
        wait_until(process, watch, lambda: b'"started"' in log_path(run).read_bytes())
        wait_until(process, watch, lambda share=share: share_done(watch.newest_step) >= share)
        until = time.monotonic() + chance.uniform(0, LONGEST_DELAY_S)
        wait_until(process, watch, lambda until=until: time.monotonic() >= until)
        wait_until(process, watch, lambda moment=moment: watch.is_time(moment))
        process.kill()
        if process.wait() == 0:  # too late: it came to its end, but it saves that once more when it is resumed
            continue
        if process.returncode != -signal.SIGKILL:
            break
        told = [event for event in events(run) if "stage" in event]
        last = told[-1] if told else {"stage": "pose", "step": 0}
        write = watch.cut_off()
        kills.append(Kill(last["stage"], last["step"], watch.newest_step, write))
        print(f"{len(kills):4}  {kills[-1].line()}", flush=True)
    return kills


def wait_until(process: subprocess.Popen[bytes], watch: Watch, is_time: Callable[[], bool]) -> None:
    watch.look()
    while process.poll() is None and not is_time():
        time.sleep(POLL_S)
        watch.look()


def share_done(step: int) -> float:
    """How much of the run is done, where every stage counts the same."""
    shares = []
    for count in STEPS.values():
        shares.append(min(max(step, 0) / count, 1))
        step -= count
    return sum(shares) / len(shares)


def events(run: Run) -> list[dict]:
    """All whole lines: a killed run's last one may be half."""
    path = run.path / "events.jsonl"
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []


def print_summary(kills: list[Kill]) -> None:
    stages = ", ".join(f"{count} in {stage}" for stage, count in Counter(kill.stage for kill in kills).items())
    print(f"{len(kills)} kills: {stages}; {sum(bool(kill.write) for kill in kills)} within a write")


def compare_weights(whole: Run, killed: Run) -> list[str]:
    first, second = (checkpoint.load(run.model_path) for run in (whole, killed))
    differing = [name for name, weight in first.weights.items() if not torch.equal(weight, second.weights[name])]
    statistics = zip(LatentStatistics._fields, LatentStatistics.of(first), LatentStatistics.of(second), strict=True)
    differing += [name for name, *both in statistics if not torch.equal(*map(torch.as_tensor, both))]
    print(f"weights: {len(first.weights) - len(differing)} of {len(first.weights)} tensors equal bit for bit")
    return [f"{name} differs" for name in differing]


def check_told(whole: Run, killed: Run) -> list[str]:
    """Each step, each validation and each checkpoint once and in order; what both runs told is the same."""
    problems = []
    for kind in ("step", "validation", "checkpoint", "preview"):
        steps = [event["step"] for event in events(killed) if event["kind"] == kind]
        if steps != sorted(set(steps)):
            problems.append(f"a {kind} was told twice or out of order")
    with (killed.path / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    if len({(row["step"], row["stage"], row["name"]) for row in rows}) < len(rows):
        problems.append("metrics.csv has a number twice")
    first, second = (numbers(run) for run in (whole, killed))
    if len(second) != sum(1 for row in rows if row["name"] != "frames_per_s"):
        problems.append("metrics.csv and events.jsonl do not tell the same")
    common = first.keys() & second.keys()
    problems += [f"{key} was told otherwise" for key in sorted(common) if first[key] != second[key]]
    print(f"told: {len(rows)} numbers, each once; {len(common)} of them by both runs")
    return problems


def numbers(run: Run) -> dict[tuple[int, str], float]:
    """Terms and validation errors by step and name."""
    found = {}
    for event in events(run):
        if event["kind"] == "step":
            found |= {(event["step"], name): value for name, value in event["terms"].items()}
        elif event["kind"] == "validation":
            found[event["step"], "mean_error_mm"] = event["mean_error_mm"]
    return found


if __name__ == "__main__":
    sys.exit(main())
