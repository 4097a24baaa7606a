"""How many places of a model's latent are hands: draws of the prior, steps of walks, turned hands.

Run as `python tests/benchmarks/plausible.py [MODEL]`, for models of HAND21. A pose counts as one of a hand as in
`lsps_core.evaluation.plausibility`. The poses between which it walks are simulated ones that no training saw.

`--reader OTHER` checks the pictures by what is not the model's own: the P of a model that was trained apart reads some
of them, and those count of which it reads the pose within 15 mm, the mean over the joints. The same share of rendered
pictures is the most that can be expected.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lsps_core.config.model import DOMAINS, Domain
from lsps_core.data.augmentation.moves import augment_pose, rotate_pose, sample_augmentation
from lsps_core.data.crop import camera_center, normalise, to_pose
from lsps_core.evaluation.plausibility import HandMeasure, require_hand21
from lsps_core.inference import Predictor, interpolate
from lsps_core.latent_paths import through_hands, turned
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.simulate import simulate

MODEL = Path(__file__).resolve().parents[2] / "resources/models/compact.safetensors"
SEED, DRAWS, WALKS, STEPS = 4321, 2000, 200, 21
READ, READ_AT_ONCE, WITHIN_MM = 400, 50, 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL, metavar="MODEL")
    parser.add_argument("--views", choices=["palm", "any"], default="palm", help="of the poses to walk between")
    parser.add_argument("--reader", type=Path, metavar="OTHER", help="a model whose P reads the pictures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(arguments.model)
    require_hand21(predictor.skeleton)
    settings = SimulationSettings(views=arguments.views)
    poses = simulated(settings)
    reader = None if arguments.reader is None else Reader(Predictor.load(arguments.reader), predictor)
    show = Table(predictor, HandMeasure.of(poses), reader).show
    if reader is not None:
        print(f"{'':44} {'hands':>7}", *(f"{f'read, {domain}':>15}" for domain in DOMAINS))
        print(f"{'rendered pictures':44} {'':7} {'':15} {100 * reader.rendered_share(settings):13.1f} %", flush=True)
    measure_latent(predictor, poses, show)


def measure_latent(predictor: Predictor, poses: Tensor, show: Callable[[str, Tensor], None]) -> None:
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


@dataclass(frozen=True)
class Reader:
    """The P of another model, which reads the pictures of `drawing`."""

    predictor: Predictor
    drawing: Predictor

    def __post_init__(self) -> None:
        require_hand21(self.predictor.skeleton)

    def share(self, codes: Tensor, domain: Domain) -> float:
        """codes [N, 20] -> the share of READ of their pictures whose pose is read within WITHIN_MM."""
        codes = codes[torch.linspace(0, len(codes) - 1, min(len(codes), READ)).long()]
        near = []
        for some in torch.split(codes, READ_AT_ONCE):
            read = self.predictor.predict_pose(self.drawing.generate(self.drawing.map(some), domain), domain)
            near.append(self._is_near(read, self.drawing.decode_pose(some)))
        return float(torch.cat(near).double().mean())

    def rendered_share(self, settings: SimulationSettings) -> float:
        """The same for rendered synthetic pictures of simulated poses."""
        near = []
        for part in simulate("synthetic", READ, seed=SEED, settings=settings):
            joints, center, half = (torch.from_numpy(getattr(part, name)) for name in FIELDS)
            image = normalise(torch.from_numpy(part.depth_mm.astype(np.float32)), center, half)
            read = self.predictor.predict_pose(image, "synthetic", camera_center(center, half))
            near.append(self._is_near(read, to_pose(joints, center, half)))
        return float(torch.cat(near).double().mean())

    def _is_near(self, read: Tensor, poses: Tensor) -> Tensor:
        """[N, J, 3] twice -> bool [N]"""
        return (read - poses).norm(dim=2).mean(dim=1) * self.drawing.checkpoint.half_mm <= WITHIN_MM


@dataclass(frozen=True)
class Table:
    predictor: Predictor
    measure: HandMeasure
    reader: Reader | None

    def show(self, what: str, codes: Tensor) -> None:
        """Print a row of codes [..., 20]."""
        codes = codes.flatten(0, -2)
        share = self.measure.is_plausible(self.predictor.decode_pose(codes)).double().mean()
        read = [] if self.reader is None else [self.reader.share(codes, domain) for domain in DOMAINS]
        print(f"{what:44} {100 * share:5.1f} %", *(f"{100 * each:13.1f} %" for each in read), flush=True)


FIELDS = ("joints_mm", "center_mm", "half_mm")


def slerp(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """[Z], [Z], [N] -> [N, Z] on the arc around the origin, norms evenly."""
    norms = torch.lerp(start.norm(), end.norm(), share)[:, None]
    angle = (start @ end / start.norm() / end.norm()).clamp(-1, 1).acos()
    weights = torch.stack([torch.sin((1 - share) * angle), torch.sin(share * angle)], dim=1) / angle.sin()
    return norms * (weights @ torch.stack([start / start.norm(), end / end.norm()]))


if __name__ == "__main__":
    main()
