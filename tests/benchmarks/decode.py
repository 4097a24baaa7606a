"""How long a model takes for one latent and for one frame, by `compact`'s width.

decode: both pictures and the pose of a latent, the answer to a slider. read: the code of a frame, by P of the view of a
turned camera and a search for the nearest code; P: that network alone.

Run: python tests/benchmarks/decode.py [--device cuda] [--threads N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.inference import Predictor
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21

RUNS = 50


def median_ms(work: Callable[[], Tensor], runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work().cpu()  # waits for a GPU
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times)[runs // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"on {options.device}, {options.threads} threads, median of {RUNS}, ms")
    print("base channels     MB  decode  ratio to 8   read     P")
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
        predictor = Predictor(checkpoint, options.device)
        latent, center = predictor.sample_prior(1, seed=0), torch.tensor([[0.5, -0.5, 4.5]])
        image, runs = predictor.decode(latent).real, RUNS if base_channels < 64 else 5
        decode = median_ms(lambda: predictor.decode(latent).pose, runs)  # noqa: B023 - called at once
        read = median_ms(lambda: predictor.posterior(image, "real", center), runs)  # noqa: B023
        with torch.inference_mode():
            alone = median_ms(lambda: predictor.model.posterior(image, "real"), runs)  # noqa: B023
        first = first or decode
        megabytes = 4e-6 * sum(weight.numel() for weight in weights.values())
        print(f"{base_channels:13d} {megabytes:6.1f} {decode:7.1f} {decode / first:11.1f} {read:6.1f} {alone:5.1f}")


if __name__ == "__main__":
    main()
