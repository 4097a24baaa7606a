"""How fast a training step is, against the same step done plainly, by preset, stage and variant.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/train_step.py [--preset compact] [--stage depth] [--batch 1] ...

The plain step (plain_steps.py) is float32, eager and contiguous. It and ours run in turns in one process, so that other
load hits both; rates are of the median step. Batches are made before: making them is not timed. Extra and labelled
frames are left out. Each variant has a process of its own; peak memory is what the first steps of one side alone took:
of the device, or on a CPU of the process beyond what it had with torch loaded. "first" is the first step, with its
compilation (torch keeps what it compiled: only the first run of the benchmark shows all of it). "differs" is the
largest relative difference of a loss term from the plain step's, at the first step.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

import torch
from plain_steps import PlainDepth, PlainPose, PlainPosterior
from torch import Tensor

from lsps_core.config.model import IMAGE_SIZE
from lsps_core.config.presets import PAPER_NETWORKS, PRESETS
from lsps_core.config.training import STAGES, StageConfig, TrainConfig
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.stages.depth_stage import DepthStage
from lsps_core.training.stages.posterior_stage import PosteriorStage
from lsps_core.training.stages.stage import PoseStage

Step = Callable[[int], dict[str, Tensor]]

PLAIN = "plain"
VARIANTS: dict[str, dict[str, Any]] = {
    "float32": {},
    "channels_last": {"channels_last": True},
    "bfloat16": {"precision": "bfloat16"},
    "bfloat16+channels_last": {"precision": "bfloat16", "channels_last": True},
    "compile": {"compile": True},
    "bfloat16+compile": {"precision": "bfloat16", "compile": True},
    "all": {"precision": "bfloat16", "channels_last": True, "compile": True},
}
STAGE_CLASSES: dict[str, tuple[Any, Any]] = {
    "pose": (PoseStage, PlainPose),
    "depth": (DepthStage, PlainDepth),
    "posterior": (PosteriorStage, PlainPosterior),
}
WARM_UP = 2


class Job(NamedTuple):
    preset: str
    stage: str
    variant: str
    batch_size: int
    steps: int
    device: str

    def settings(self) -> TrainConfig:
        values = PRESETS[self.preset] | VARIANTS.get(self.variant, {})
        config = TrainConfig(synthetic_path="", real_path="", device=self.device, **values)
        as_plain = ["weights.feature_matching=1", "weights.posterior_consistency=0"]
        return config.with_settings([*(PAPER_NETWORKS if self.preset == "compact" else ()), *as_plain])


class Result(NamedTuple):
    """Seconds of the median and of the first step, how many times the plain step's speed, megabytes, difference."""

    step_s: float
    first_s: float
    ratio: float = 1.0
    peak_mb: float = 0.0
    difference: float = 0.0


def main() -> None:
    arguments = parse()
    print(f"torch {torch.__version__}, {arguments.device}, {torch.get_num_threads()} threads, {arguments.steps} steps")
    days: dict[str, list[float]] = {PLAIN: [], "fastest": []}
    for preset in arguments.preset or PRESETS:
        for stage in arguments.stage or STAGES:
            frame_s = {}
            for job in jobs(preset, stage, arguments):
                result = run(job)
                show(job, result)
                frame_s[job.variant] = result.step_s / job.batch_size
            config = job.settings().stage(stage)
            if preset == "paper" and PLAIN in frame_s:
                frames = config.steps * config.batch_size
                days[PLAIN].append(frames * frame_s[PLAIN] / 86400)
                days["fastest"].append(frames * min(frame_s.values()) / 86400)
    if days[PLAIN]:
        print(f"\nThe paper's schedule at these rates, {', '.join(arguments.stage or STAGES)}:")
        for name, stages in days.items():
            print(f"{name}: {' + '.join(f'{value:.3g}' for value in stages)} = {sum(stages):.3g} days")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Steps/s, frames/s, memory and ratio to a plain step.")
    parser.add_argument("--preset", action="append", choices=tuple(PRESETS))
    parser.add_argument("--stage", action="append", choices=STAGES)
    parser.add_argument("--variant", action="append", choices=(PLAIN, *VARIANTS))
    parser.add_argument("--batch", type=int, help="frames per domain; the preset's own where not given")
    parser.add_argument("--steps", type=int, default=20, help="timed steps of each side")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def jobs(preset: str, stage: str, arguments: argparse.Namespace) -> Iterator[Job]:
    for variant in arguments.variant or (PLAIN, *VARIANTS):
        if stage == "pose" and variant not in (PLAIN, "float32"):  # the trainer's options leave the pose VAE as it is
            continue
        job = Job(preset, stage, variant, 1, arguments.steps, arguments.device)
        yield job._replace(batch_size=arguments.batch or job.settings().stage(stage).batch_size)


def run(job: Job) -> Result:
    """Measured in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, job).result()


def show(job: Job, result: Result) -> None:
    if job.variant == PLAIN:
        print(f"\n{job.preset}, {job.stage} stage, batch {job.batch_size}")
        print(f"{'':24}  steps/s  frames/s  ratio  peak MB  first s  differs")
    rate = 1 / result.step_s
    print(
        f"{job.variant:24} {rate:8.3f} {rate * job.batch_size:9.2f} {result.ratio:6.2f} {result.peak_mb:8.0f} "
        f"{result.first_s:8.1f} {result.difference:8.0e}",
        flush=True,
    )


def measure(job: Job) -> Result:
    before_mb = peak_mb(job.device)
    step = make_step(job, is_plain=job.variant == PLAIN)
    first_s, terms = timed(step, 0, job.device)
    for seed in range(WARM_UP):
        step(seed)
    used_mb = peak_mb(job.device) - before_mb
    if job.variant == PLAIN:
        seconds = [timed(step, seed, job.device)[0] for seed in range(job.steps)]
        return Result(statistics.median(seconds), first_s, peak_mb=used_mb)
    plain = make_step(job, is_plain=True)
    expected = plain(0)
    difference = max(float((terms[name] - term).abs() / (term.abs() + 1e-3)) for name, term in expected.items())
    for seed in range(WARM_UP):
        plain(seed)
    pairs = [[timed(side, seed, job.device)[0] for side in (step, plain)] for seed in range(job.steps)]
    step_s, plain_s = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    return Result(step_s, first_s, plain_s / step_s, used_mb, difference)


def make_step(job: Job, is_plain: bool) -> Step:
    """A step by its seed, as `lsps_core.training.trainer` runs it with the variant's settings."""
    settings, device = job.settings(), torch.device(job.device)
    torch.manual_seed(0)
    model = TriDomainModel(settings.model_config(HAND21)).to(device)
    if settings.channels_last and not is_plain:
        model.to(memory_format=torch.channels_last)
    if settings.compile and not is_plain:
        model.compile_networks()
    config = settings.stage(job.stage)
    config = StageConfig(steps=1, batch_size=job.batch_size, mapping_rate=config.mapping_rate)
    stage = STAGE_CLASSES[job.stage][is_plain](model, config, settings.weights)
    batch = random_batch(job)
    is_reduced = settings.precision == "bfloat16" and job.stage != "pose" and not is_plain

    def step(seed: int) -> dict[str, Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=is_reduced):
            terms: dict[str, Tensor] = stage.step(batch, torch.Generator(device).manual_seed(seed))
            return terms

    return step


def random_batch(job: Job) -> TriBatch:
    generator = torch.Generator().manual_seed(1)

    def frames() -> FrameBatch:
        image = torch.rand(job.batch_size, 1, IMAGE_SIZE, IMAGE_SIZE, generator=generator) * 2 - 1
        pose = torch.randn(job.batch_size, HAND21.joint_count, 3, generator=generator) * 0.3
        center = torch.tensor([0.0, 0.0, 5.0]).expand(job.batch_size, 3)
        return FrameBatch(image.to(job.device), pose.to(job.device), center.to(job.device))

    return TriBatch(frames(), frames())


def timed(step: Step, seed: int, device: str) -> tuple[float, dict[str, Tensor]]:
    is_cuda = torch.device(device).type == "cuda"
    if is_cuda:
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    terms = step(seed)
    if is_cuda:
        torch.cuda.synchronize(device)
    return time.perf_counter() - start, terms


def peak_mb(device: str) -> float:
    """So far; of the device, or of the process."""
    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
