"""How long the explorer's answer to a slider takes: both pictures and the pose of one latent, by `compact`'s width.

Run: python tests/benchmarks/decode.py [--device cuda]
"""

from __future__ import annotations

import argparse
import time

import torch

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.inference import Predictor
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21

RUNS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    print(f"on {device}, {torch.get_num_threads()} threads, median of {RUNS}")
    print("base channels   MB    ms   ratio to 8")
    first = 0.0
    for base_channels in (8, 12, 16, 64):
        settings = PRESETS["compact"] | {"base_channels": base_channels}
        preset = TrainConfig(synthetic_path="", real_path="", **settings)
        model = TriDomainModel(preset.model_config(HAND21))
        weights = model.state_dict()
        checkpoint = Checkpoint(
            config=model.config,
            skeleton=HAND21,
            half_mm=125.0,
            latent_mean=(0.0,) * 20,
            latent_std=(1.0,) * 20,
            weights=weights,
        )
        predictor = Predictor(checkpoint, device)
        latent = predictor.sample_prior(1, seed=0)
        times = []
        for _ in range(RUNS if base_channels < 64 else 5):
            start = time.perf_counter()
            predictor.decode(latent).pose.cpu()  # waits for a GPU
            times.append(time.perf_counter() - start)
        median_ms = 1000 * sorted(times)[len(times) // 2]
        first = first or median_ms
        megabytes = 4e-6 * sum(weight.numel() for weight in weights.values())
        print(f"{base_channels:13d} {megabytes:5.1f} {median_ms:6.1f} {median_ms / first:8.1f}")


if __name__ == "__main__":
    main()
