"""What lies between synthetic and real frames, for one model: python tests/benchmarks/domain_gap.py MODEL

True pairs, which a real camera never gives: the same simulated poses of the same hand, clean and through the camera,
then of other people. Each is read by P, and by way of renderings. Mean joint errors in mm, on simulated frames.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from lsps_core.config.model import Domain
from lsps_core.data.augmentation.moves import rotate, rotate_pose
from lsps_core.data.crop import normalise
from lsps_core.inference import Predictor
from lsps_core.simulator.hand import average_shape, sample_shapes
from lsps_core.simulator.poses import SENSOR_POSES, sample_poses
from lsps_core.simulator.scene import pose_scene
from lsps_core.simulator.shots import HALF_MM, take_frames

BATCH, PEOPLE, SEED = 64, 6, 1000
TURNS = 4


@torch.no_grad()
def frames(count: int, people: int, has_camera: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Images [N, 1, S, S], poses [N, J, 3] and cubes [N, 3] of sensor poses; people: 0 for the synthetic hand."""
    generator = torch.Generator().manual_seed(SEED)
    shapes = sample_shapes(people, generator) if people else average_shape()
    images, poses, centers = [], [], []
    for seed in range(count // BATCH):
        generator.manual_seed(SEED + 1 + seed)
        shape = shapes[torch.randint(len(shapes.palm_width), (BATCH,), generator=generator)]
        pose = sample_poses(SENSOR_POSES, shape, generator)
        scene = pose_scene(shape, pose)
        depth, center = take_frames(scene, generator if has_camera else None)
        images.append(normalise(depth, center, torch.full((BATCH,), HALF_MM)))
        poses.append((scene.joints_mm - center[:, None]) / HALF_MM)
        centers.append(center / HALF_MM)
    return torch.cat(images), torch.cat(poses), torch.cat(centers)


def through(predictor: Predictor, source: Domain, target: Domain, image: Tensor, center: Tensor) -> Tensor:
    """P's pose of the rendering in `target`."""
    return predictor.predict_pose(predictor.generate(predictor.encode(image, source), target), target, center)


def turned(predictor: Predictor, image: Tensor, center: Tensor) -> Tensor:
    """The mean of P's poses of both renderings of a real image, turned."""
    code = predictor.encode(image, "real")
    poses = []
    for place in range(TURNS):
        domain: Domain = "real" if place % 2 else "synthetic"
        angle = torch.full((len(image),), 2 * torch.pi * place / TURNS)
        at = rotate_pose(center[:, None], angle)[:, 0]
        pose = predictor.predict_pose(rotate(predictor.generate(code, domain), angle), domain, at)
        poses.append(rotate_pose(pose, -angle))
    return torch.stack(poses).mean(dim=0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Where a model's error on real frames comes from, on simulated pairs.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--frames", type=int, default=1024)
    arguments = parser.parse_args()
    predictor = Predictor.load(arguments.model, torch.device("cpu"))
    clean, sensed, people = (frames(arguments.frames, *kind) for kind in ((0, False), (0, True), (PEOPLE, True)))

    def read_as(domain: Domain) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda image, center: predictor.predict_pose(image, domain, center)

    readings = {
        "clean hand, read as synthetic": (clean, read_as("synthetic")),
        "clean hand, its translation to real": (clean, partial(through, predictor, "synthetic", "real")),
        "the same hand through the camera": (sensed, read_as("real")),
        "other people through the camera": (people, read_as("real")),
        "the same, its real rendering": (people, partial(through, predictor, "real", "real")),
        "the same, its synthetic rendering": (people, partial(through, predictor, "real", "synthetic")),
        "the same, mean over both, turned": (people, partial(turned, predictor)),
    }
    for name, ((images, poses, centers), read) in readings.items():
        batches = zip(images.split(BATCH), centers.split(BATCH), strict=True)
        found = torch.cat([read(*batch).cpu() for batch in batches])
        print(f"{name:36} {(found - poses).norm(dim=-1).mean() * HALF_MM:6.2f} mm")


if __name__ == "__main__":
    main()
