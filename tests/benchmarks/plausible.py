"""How many places of a model's latent are hands: draws of the prior, steps of walks, turned hands.

Run as `python tests/benchmarks/plausible.py [MODEL]`, for models of HAND21. A pose counts as one of a hand as in
`lsps_core.evaluation.plausibility`. The poses between which it walks are simulated ones that no training saw.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lsps_core.data.augment import augment_pose, rotate_pose, sample_augmentation
from lsps_core.data.crop import to_pose
from lsps_core.evaluation.plausibility import HandMeasure, require_hand21
from lsps_core.inference import Predictor, interpolate
from lsps_core.latent_paths import through_hands, turned
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.simulate import simulate

MODEL = Path(__file__).resolve().parents[2] / "resources/models/compact.safetensors"
SEED, DRAWS, WALKS, STEPS = 4321, 2000, 200, 21


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL, metavar="MODEL")
    parser.add_argument("--views", choices=["palm", "any"], default="palm", help="of the poses to walk between")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(arguments.model)
    require_hand21(predictor.skeleton)
    poses = simulated(SimulationSettings(views=arguments.views))
    measure = HandMeasure.of(poses)

    def show(what: str, found: Tensor) -> None:
        share = measure.is_plausible(predictor.decode_pose(found.flatten(0, -2))).double().mean()
        print(f"{what:44} {100 * share:5.1f} %")

    codes = predictor.encode_pose(poses)
    show("held-out poses through the VAE", codes)
    for prior in ("normal", predictor.prior):
        for temperature in (1.0, 0.5):
            drawn = predictor.sample_prior(DRAWS, SEED, temperature, prior)
            show(f"draws of the {prior} prior, temperature {temperature:g}", drawn)
    pairs = list(zip(codes[:WALKS], codes[WALKS : 2 * WALKS], strict=True))
    share = torch.linspace(0, 1, STEPS)
    mean, std = codes.mean(dim=0), codes.std(dim=0)
    ways = {
        "linear": [interpolate(start, end, STEPS) for start, end in pairs],
        "spherical": [mean + std * slerp((start - mean) / std, (end - mean) / std, share) for start, end in pairs],
        "through hands": [through_hands(predictor, start, end, share) for start, end in pairs],
    }
    for name, way in ways.items():
        show(f"steps of walks, {name}", torch.stack(way))
        show(f"middles of walks, {name}", torch.stack(way)[:, STEPS // 2])
    angle = torch.linspace(0, 2 * math.pi, 24)
    round_trip = torch.stack([turned(predictor, codes[:WALKS], a.expand(WALKS)) for a in angle])
    show("hands turned through 360 degrees", round_trip)
    before = predictor.decode_pose(codes[:WALKS])
    back = [rotate_pose(predictor.decode_pose(z), -a.expand(WALKS)) for z, a in zip(round_trip, angle, strict=True)]
    off_mm = (torch.stack(back) - before).norm(dim=3).mean() * predictor.checkpoint.half_mm
    print(f"their shape is off by {off_mm:.1f} mm a joint")


def simulated(settings: SimulationSettings) -> Tensor:
    """Poses [4000, 21, 3] of one person, turned and shifted as in training."""
    parts = list(simulate("synthetic", 4000, seed=SEED, settings=settings))
    joints, center, half = (
        torch.from_numpy(np.concatenate([getattr(part, name) for part in parts])) for name in FIELDS
    )
    generator = torch.Generator().manual_seed(SEED)
    return augment_pose(
        to_pose(joints, center, half), half, sample_augmentation(len(half), math.pi, 10.0, generator=generator)
    )


FIELDS = ("joints_mm", "center_mm", "half_mm")


def slerp(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """[Z], [Z], [N] -> [N, Z] on the arc around the origin, norms evenly."""
    norms = torch.lerp(start.norm(), end.norm(), share)[:, None]
    angle = (start @ end / start.norm() / end.norm()).clamp(-1, 1).acos()
    weights = torch.stack([torch.sin((1 - share) * angle), torch.sin(share * angle)], dim=1) / angle.sin()
    return norms * (weights @ torch.stack([start / start.norm(), end / end.norm()]))


if __name__ == "__main__":
    main()
