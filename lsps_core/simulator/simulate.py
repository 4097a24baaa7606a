"""Labelled depth frames of simulated hands: a clean *synthetic* domain, and a *sensor* domain instead of a real one.

The two differ as synthetic and real data do: one person's hand and forearm against several people's, another
distribution of poses, a clean image against a depth camera's, an exact crop against one that is off by millimetres.
What is in front of the camera is drawn in `scene`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lsps_core.simulator.hand import HandShape, average_shape, sample_shapes
from lsps_core.simulator.render import cut_to_cube, pixel_points, render
from lsps_core.simulator.scene import Scene, draw_scene
from lsps_core.simulator.sensor import sense
from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.surface import SphereMesh

FRAME_SIZE = 128
HALF_MM = 125.0
_CENTER_STD_MM = 4.0
"""Of the sensor domain's crop centre around the hand's visible middle, along each axis."""
_COARSE_SIZE = 64  # finds the middle of a surface to a millimetre or two at a quarter of the cost
_DOMAINS = ("synthetic", "sensor")


@dataclass(frozen=True, kw_only=True)
class SimulatedBatch:
    """B frames, on the CPU.

    depth_mm: uint16 [B, 128, 128], 0 = no reading or nothing inside the cube. joints_mm: float32 [B, 21, 3] in
    HAND21's order, camera frame, exact. center_mm: float32 [B, 3]. half_mm: float32 [B].

    The groups that a frame belongs to, int64 [B]: subject, the person's number; view, thing and hand, an index into
    SEEN_SIDES, THINGS and HANDS of `settings`.
    """

    depth_mm: npt.NDArray[np.uint16]
    joints_mm: npt.NDArray[np.float32]
    center_mm: npt.NDArray[np.float32]
    half_mm: npt.NDArray[np.float32]
    subject: npt.NDArray[np.int64]
    view: npt.NDArray[np.int64]
    thing: npt.NDArray[np.int64]
    hand: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.depth_mm)


def simulate(
    domain: Literal["synthetic", "sensor"],
    frame_count: int,
    *,
    subjects: int = 8,
    seed: int = 0,
    device: str | torch.device = "cpu",
    batch_size: int = 64,
    settings: SimulationSettings = PALM,
) -> Iterator[SimulatedBatch]:
    """`frame_count` frames in batches; batch k is a function of the seed and k, the last one is cut to length.

    `subjects` people, a function of the seed, alternate at random in the sensor domain; the synthetic domain always
    shows the average hand and its forearm. CPU and GPU draw from different random streams. Raises ValueError at the
    call, not at the first batch.
    """
    if domain not in _DOMAINS:
        raise ValueError(f"unknown domain {domain!r}: choose one of {', '.join(_DOMAINS)}")
    for name, value in (("frame_count", frame_count), ("subjects", subjects), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is {value}: it must be at least 1")
    if seed < 0:
        raise ValueError(f"seed is {seed}: it must not be negative")
    return _batches(settings, domain == "sensor", frame_count, subjects, seed, torch.device(device), batch_size)


def _batches(
    settings: SimulationSettings,
    is_sensor: bool,
    frame_count: int,
    subjects: int,
    seed: int,
    device: torch.device,
    batch_size: int,
) -> Iterator[SimulatedBatch]:
    people = (
        sample_shapes(subjects, _generator((seed, is_sensor, 0), device)) if is_sensor else average_shape(device=device)
    )
    for index, start in enumerate(range(0, frame_count, batch_size)):
        generator = _generator((seed, is_sensor, 1 + index), device)
        with torch.no_grad():
            batch = _simulate_batch(settings, is_sensor, people, batch_size, generator)
        yield _first(batch, frame_count - start)


def _simulate_batch(
    settings: SimulationSettings, is_sensor: bool, people: HandShape, count: int, generator: torch.Generator
) -> SimulatedBatch:
    subject = torch.randint(len(people.palm_width), (count,), generator=generator, device=generator.device)
    scene = draw_scene(settings, is_sensor, people, subject, generator)
    depth, center = take_frames(scene, generator if is_sensor else None)
    half = torch.full((count,), HALF_MM)
    return SimulatedBatch(
        depth_mm=depth.cpu().numpy().astype(np.uint16),
        joints_mm=scene.joints_mm.cpu().numpy(),
        center_mm=center.cpu().numpy(),
        half_mm=half.numpy(),
        subject=subject.cpu().numpy(),
        view=scene.view.cpu().numpy(),
        thing=scene.thing.cpu().numpy(),
        hand=scene.hand_side.cpu().numpy(),
    )


def take_frames(scene: Scene, camera: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Depth [B, 128, 128] in whole mm and center_mm [B, 3] of B scenes in cubes of HALF_MM.

    camera: draws a depth camera's noise and an inexact crop; None for a clean image and an exact one.
    """
    half = torch.full((len(scene),), HALF_MM, device=scene.joints_mm.device)
    center = _visible_center_mm(scene.hand, scene.joints_mm.mean(dim=1), half)
    if camera is not None:
        center = center + _CENTER_STD_MM * torch.randn(center.shape, generator=camera, device=center.device)
    depth = scene.render(center, half, size=FRAME_SIZE)
    if camera is not None:
        depth = _sense_mirrored(depth, center, half, scene.is_left, camera)
    return cut_to_cube(depth, center, half).round_(), center


def _sense_mirrored(
    clean_mm: Tensor, center_mm: Tensor, half_mm: Tensor, is_left: Tensor, camera: torch.Generator
) -> Tensor:
    """`sense`, with the frames of left hands mirrored for it: the projector's shadow falls on their other side."""
    flip = is_left[:, None, None]
    seen = sense(torch.where(flip, clean_mm.flip(2), clean_mm), center_mm, half_mm, camera)
    return torch.where(flip, seen.flip(2), seen)


def _visible_center_mm(hand: SphereMesh, guess_mm: Tensor, half_mm: Tensor) -> Tensor:
    """hand of B without forearm, guess_mm [B, 3] near its middle, half_mm [B] -> mean of its visible points [B, 3]."""
    depth = render(hand, guess_mm, half_mm, size=_COARSE_SIZE)
    is_hit = depth.isfinite()
    points = pixel_points(depth.where(is_hit, 0), guess_mm, half_mm)
    return points.sum(dim=(1, 2)) / is_hit.sum(dim=(1, 2)).clamp(min=1)[:, None]


def _generator(key: tuple[int, ...], device: torch.device) -> torch.Generator:
    """Independent streams for every key, so that frames of different domains or seeds are independent."""
    state = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])
    generator = torch.Generator(device=device)
    generator.manual_seed(state >> 1)  # torch needs a signed 64-bit integer
    return generator


def _first(batch: SimulatedBatch, count: int) -> SimulatedBatch:
    values: dict[str, Any] = {name: value[:count] for name, value in vars(batch).items()}
    return SimulatedBatch(**values)
