"""Labelled depth frames of simulated hands: a clean *synthetic* domain, and a *sensor* domain instead of a real one.

The two differ as synthetic and real data do: one person's hand and forearm against several people's, another
distribution of poses, a clean image against a depth camera's, an exact crop against one that is off by millimetres.
What is in front of the camera is drawn in `scene`, its pictures are taken in `shots`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from lsps_core.simulator.people import draw_people
from lsps_core.simulator.scene import Scene, draw_scene
from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.shots import HALF_MM, take_frames
from lsps_core.simulator.things.pool import HeldThings, draw_held_things

BATCH_SIZE = 64
_POOL, BATCHES_A_POOL = 128, 16
"""Held things, and for how many batches of frames they are: solving one takes as long as rendering a frame or two."""
_DOMAINS = ("synthetic", "sensor")


@dataclass(frozen=True, kw_only=True)
class SimulatedBatch:
    """B frames, on the CPU.

    depth_mm: uint16 [B, 128, 128], 0 = no reading or nothing inside the cube. joints_mm: float32 [B, 21, 3] in
    HAND21's order, camera frame, exact. center_mm: float32 [B, 3]. half_mm: float32 [B].

    The groups that a frame belongs to, int64 [B]: subject, the person's number; view, thing, hand and camera, an
    index into SEEN_SIDES, THINGS, HANDS and SEEN_BY of `settings`.
    """

    depth_mm: npt.NDArray[np.uint16]
    joints_mm: npt.NDArray[np.float32]
    center_mm: npt.NDArray[np.float32]
    half_mm: npt.NDArray[np.float32]
    subject: npt.NDArray[np.int64]
    view: npt.NDArray[np.int64]
    thing: npt.NDArray[np.int64]
    hand: npt.NDArray[np.int64]
    camera: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.depth_mm)


def simulate(
    domain: Literal["synthetic", "sensor"],
    frame_count: int,
    *,
    subjects: int = 8,
    seed: int = 0,
    device: str | torch.device = "cpu",
    batch_size: int = BATCH_SIZE,
    settings: SimulationSettings = PALM,
    first_batch: int = 0,
) -> Iterator[SimulatedBatch]:
    """`frame_count` frames in batches; batch k is a function of the seed and k, the last one is cut to length.

    first_batch: the first k, so that several processes may share a simulation. `subjects` people, a function of the
    seed, alternate at random in the sensor domain; the synthetic domain always shows the average hand and its forearm.
    CPU and GPU draw from different random streams. Raises ValueError at the call, not at the first batch.
    """
    if domain not in _DOMAINS:
        raise ValueError(f"unknown domain {domain!r}: choose one of {', '.join(_DOMAINS)}")
    for name, value in (("frame_count", frame_count), ("subjects", subjects), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is {value}: it must be at least 1")
    if settings.camera is not None and domain == "synthetic":
        raise ValueError(f"camera {settings.camera}: synthetic frames are clean; leave it out, or choose domain sensor")
    if seed < 0:
        raise ValueError(f"seed is {seed}: it must not be negative")
    starts = range(0, frame_count, batch_size)
    numbered = ((first_batch + place, frame_count - start) for place, start in enumerate(starts))
    return _batches(settings, domain == "sensor", numbered, subjects, seed, torch.device(device), batch_size)


def _batches(
    settings: SimulationSettings,
    is_sensor: bool,
    numbered: Iterable[tuple[int, int]],
    subjects: int,
    seed: int,
    device: torch.device,
    batch_size: int,
) -> Iterator[SimulatedBatch]:
    """numbered: each batch's number, and how many frames are left."""
    people = draw_people(settings, is_sensor, subjects, _generator((seed, is_sensor, 0), device))
    held: HeldThings | None = None
    for index, left in numbered:
        with torch.no_grad():
            if settings.things > 0 and (held is None or index % BATCHES_A_POOL == 0):
                pool = _generator((seed, is_sensor, index // BATCHES_A_POOL, 1), device)
                held = draw_held_things(people, _POOL, pool)
            generator = _generator((seed, is_sensor, 1 + index), device)
            scene = draw_scene(settings, is_sensor, people, batch_size, generator, held)
            batch = _photographed(scene, generator if is_sensor else None, settings)
        yield _first(batch, left)


def _photographed(scene: Scene, camera: torch.Generator | None, settings: SimulationSettings) -> SimulatedBatch:
    shots = take_frames(scene, camera, settings)
    return SimulatedBatch(
        depth_mm=shots.depth_mm.cpu().numpy().astype(np.uint16),
        joints_mm=scene.joints_mm.cpu().numpy(),
        center_mm=shots.center_mm.cpu().numpy(),
        half_mm=np.full(len(scene), HALF_MM, np.float32),
        subject=scene.person.cpu().numpy(),
        view=scene.view.cpu().numpy(),
        thing=scene.thing.cpu().numpy(),
        hand=scene.hand_side.cpu().numpy(),
        camera=shots.camera.cpu().numpy(),
    )


def _generator(key: tuple[int, ...], device: torch.device) -> torch.Generator:
    """Independent streams for every key, so that frames of different domains or seeds are independent."""
    state = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])
    generator = torch.Generator(device=device)
    generator.manual_seed(state >> 1)  # torch needs a signed 64-bit integer
    return generator


def _first(batch: SimulatedBatch, count: int) -> SimulatedBatch:
    values: dict[str, Any] = {name: value[:count] for name, value in vars(batch).items()}
    return SimulatedBatch(**values)
