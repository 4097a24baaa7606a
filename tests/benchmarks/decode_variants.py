"""Ways to decode on the CPU, side by side: each turn times every way once, so that a busy machine slows all alike.

`plain` is float32, eager, each picture computed for itself; the ratios are to it. `half size` pools the depth latent,
and is not used: it takes the fingers off the hand. Compiled ways are left out where there is no C++ compiler.

Run: python tests/benchmarks/slider_latency.py --variants
"""

from __future__ import annotations

import copy
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from app_window import percentile, write_preset
from torch import Tensor, nn
from torch.nn import functional

from lsps_core.inference import Predictor
from lsps_core.networks.tri_domain import TriDomainModel

TURNS = 15
THREADS = 1  # the explorer's own number on two cores

Pair = tuple[Tensor, Tensor]


class SharedOnce(nn.Module):
    """pose_latent -> both pictures, with the generators' shared block computed once; at half the size if asked."""

    def __init__(self, model: TriDomainModel, is_half_size: bool = False) -> None:
        super().__init__()
        self.model, self.is_half_size = model, is_half_size

    def forward(self, latent: Tensor) -> Pair:
        depth_latent = self.model.map(latent)
        if self.is_half_size:
            depth_latent = functional.avg_pool2d(depth_latent, 2)
        generator = self.model.generator
        shared = generator.shared(depth_latent)
        return generator.finish(shared, "real"), generator.finish(shared, "synthetic")


def compare(preset: str) -> dict[str, dict[str, float]]:
    """Median ms of each way, the ratio to the plain one, and the largest mean difference from it in mm."""
    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as folder:
        exact = Predictor.load(write_preset(preset, Path(folder)))
    latent = exact.sample_prior(1, seed=0)
    ways = _ways(exact)
    with torch.inference_mode():
        expected, *_ = [way(latent) for way in ways.values()]  # which also warms them up
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(TURNS):
            for name, way in ways.items():
                start = time.perf_counter()
                way(latent)
                times[name].append(1000 * (time.perf_counter() - start))
        medians = {name: percentile(values, 50) for name, values in times.items()}
        return {
            name: {
                "ms": medians[name],
                "ratio": medians["plain"] / medians[name],
                "mean_difference_mm": _difference_mm(ways[name](latent), expected, exact.checkpoint.half_mm),
            }
            for name in ways
        }


def _ways(exact: Predictor) -> dict[str, Callable[[Tensor], Pair]]:
    model = exact.checkpoint.build().eval().requires_grad_(False)
    channels_last = copy.deepcopy(model).to(memory_format=torch.channels_last)
    half = Predictor(exact.checkpoint, precision="bfloat16")

    def plain(latent: Tensor) -> Pair:
        depth_latent = model.map(latent)
        return model.generator(depth_latent, "real"), model.generator(depth_latent, "synthetic")

    def autocast(latent: Tensor) -> Pair:
        with torch.autocast("cpu", torch.bfloat16):
            return SharedOnce(channels_last)(latent)

    ways: dict[str, Callable[[Tensor], Pair]] = {
        "plain": plain,
        "shared block once": SharedOnce(model),
        "... and channels last": SharedOnce(channels_last),
        "... and bfloat16 by autocast": autocast,
        "half size, not used": SharedOnce(channels_last, is_half_size=True),
        "explorer, exact": lambda latent: exact.decode(latent)[1:],
        "explorer, coarse (bfloat16)": lambda latent: half.decode(latent)[1:],
    }
    if shutil.which("g++") or shutil.which("clang++"):
        ways["torch.compile, frozen"] = _compiled(SharedOnce(channels_last))
    return ways


def _compiled(module: nn.Module) -> Callable[[Tensor], Pair]:
    compiled = torch.compile(module, options={"freezing": True})

    def run(latent: Tensor) -> Pair:
        with warnings.catch_warnings(), torch.inference_mode(False), torch.no_grad():
            warnings.simplefilter("ignore")
            return compiled(latent.clone())

    return run


def _difference_mm(pictures: Pair, expected: Pair, half_mm: float) -> float:
    sized = [functional.interpolate(picture.float(), expected[0].shape[-2:], mode="bilinear") for picture in pictures]
    return max(float((a - b).abs().mean()) * half_mm for a, b in zip(sized, expected, strict=True))
