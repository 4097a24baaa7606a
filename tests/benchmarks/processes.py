"""What several processes cost: the same steps shared among 1, 2 and 4 processes over gloo, in turns.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/processes.py [--processes 1,2,4] [--steps 12] [--rounds 2]

Each step has the same frames in all, of which each process takes its share. Columns: a step's median time, that against
one process, the part of it in which gradients are exchanged or others awaited, and what is exchanged. Networks of
`compact` with a batch of 4 in the depth and posterior stages, 64 in the pose stage. More processes than cores only show
what the exchange costs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from train_step import STAGE_CLASSES, Job, random_batch

from lsps_core.config.training import STAGES, StageConfig
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21
from lsps_core.training.process_group import ProcessGroup

BATCHES = {"pose": 64, "depth": 4, "posterior": 4}
WARM_UP = 2


class TimedGroup(ProcessGroup):
    """seconds, floats: of all exchanges of gradients so far."""

    seconds, floats = 0.0, 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        started = time.perf_counter()
        super().average(tensors)
        self.seconds += time.perf_counter() - started
        self.floats += sum(tensor.numel() for tensor in tensors)


def work(out: Path, steps: int) -> None:
    """In a process of torchrun: the steps of each stage; process 0 writes the medians."""
    found = {}
    with TimedGroup.from_environment() as group:
        assert isinstance(group, TimedGroup)
        for name in STAGES:
            found[name] = measure(group, name, steps)
        if group.is_main:
            out.write_text(json.dumps(found))


def measure(group: TimedGroup, name: str, steps: int) -> tuple[float, float, float]:
    """Median seconds of a step, of its exchange, and MB exchanged."""
    job = Job("compact", name, "float32", BATCHES[name] // group.size, steps, "cpu")
    torch.manual_seed(0)
    settings = job.settings()
    model = TriDomainModel(settings.model_config(HAND21))
    stage = STAGE_CLASSES[name][0](model, StageConfig(steps=1, batch_size=BATCHES[name]), settings.weights, group=group)
    batch, wholes, exchanges = random_batch(job), [], []
    for number in range(WARM_UP + steps):
        group.wait()
        group.seconds, group.floats, started = 0.0, 0, time.perf_counter()
        stage.step(batch, torch.Generator().manual_seed(number))
        wholes.append(time.perf_counter() - started)
        exchanges.append(group.seconds)
    return statistics.median(wholes[WARM_UP:]), statistics.median(exchanges[WARM_UP:]), 4 * group.floats / 1e6


def run(count: int, steps: int) -> dict[str, tuple[float, float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
        paths = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
        subprocess.run([*launcher, __file__, "--out", str(out), "--steps", str(steps)], env=environment, check=True)
        found: dict[str, tuple[float, float, float]] = json.loads(out.read_text())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Steps shared among several processes over gloo.")
    parser.add_argument("--processes", default="1,2,4")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.out:
        work(arguments.out, arguments.steps)
        return
    counts = [int(count) for count in arguments.processes.split(",")]
    rounds = defaultdict(list)
    for _ in range(arguments.rounds):
        for count in counts:
            for stage, values in run(count, arguments.steps).items():
                rounds[stage, count].append(values)
    print(f"torch {torch.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}\n")
    print("| stage | processes | ms a step | against one | of that exchange | MB exchanged |")
    print("|---|---:|---:|---:|---:|---:|")
    for stage in STAGES:
        one_s = min(rounds[stage, counts[0]])[0]
        for count in counts:
            whole_s, exchange_s, megabytes = min(rounds[stage, count])  # of the quieter round
            cells = f"{1000 * whole_s:.0f} | {whole_s / one_s:.2f} | {exchange_s / whole_s:.0%} | {megabytes:.1f}"
            print(f"| {stage} | {count} | {cells} |")


if __name__ == "__main__":
    main()
