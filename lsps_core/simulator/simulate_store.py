"""Simulated frames as a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch

from lsps_core.camera import SIMULATED
from lsps_core.data.store import FrameWriter
from lsps_core.simulator.parallel import SPAN, simulate_in_processes
from lsps_core.simulator.settings import HANDS, PALM, SEEN_BY, SEEN_SIDES, THINGS, SimulationSettings
from lsps_core.simulator.simulate import SimulatedBatch, simulate
from lsps_core.skeleton import HAND21


def simulate_store(
    path: Path,
    domain: Literal["synthetic", "sensor"],
    frame_count: int,
    *,
    subjects: int = 8,
    seed: int = 0,
    settings: SimulationSettings = PALM,
    device: str | torch.device = "cpu",
    provenance: dict[str, Any],
    overwrite: bool = False,
    jobs: int = 1,
    on_progress: Callable[[int], None],
) -> int:
    """Render `frame_count` frames into a new store, whole or not at all; returns how many. See `simulate`.

    provenance: attributes of the store's origin, besides seed, domain and settings. jobs: processes on the CPU, which
    make the same frames. on_progress: frames so far.
    """
    if jobs > 1 and torch.device(device).type == "cpu" and frame_count > SPAN:
        batches = simulate_in_processes(domain, frame_count, subjects=subjects, seed=seed, settings=settings, jobs=jobs)
    else:
        batches = simulate(domain, frame_count, subjects=subjects, seed=seed, device=device, settings=settings)
    writer = FrameWriter(
        path,
        domain="synthetic" if domain == "synthetic" else "real",
        camera=SIMULATED,
        skeleton=HAND21,
        is_simulated=True,
        provenance=provenance | {"seed": seed, "domain": domain} | settings.to_json(),
        overwrite=overwrite,
    )
    done = 0
    with writer:
        for batch in batches:
            writer.append(
                depth_mm=batch.depth_mm,
                center_mm=batch.center_mm,
                half_mm=batch.half_mm,
                joints_mm=batch.joints_mm,
                names=[f"subject{subject}/{done + place:06d}" for place, subject in enumerate(batch.subject)],
            )
            if settings != PALM:  # other stores keep the bits that they had before there were groups
                for division, names in groups_of(batch).items():
                    writer.groups.setdefault(division, []).extend(names)
            done += len(batch)
            on_progress(done)
    return done


def groups_of(batch: SimulatedBatch) -> dict[str, list[str]]:
    """The group of each frame of a batch: by view, thing, hand, camera and person."""
    numbered = {
        "view": (SEEN_SIDES, batch.view),
        "thing": (THINGS, batch.thing),
        "hand": (HANDS, batch.hand),
        "camera": (SEEN_BY, batch.camera),
    }
    groups = {division: [names[index] for index in indices] for division, (names, indices) in numbered.items()}
    return groups | {"person": [f"subject{subject}" for subject in batch.subject]}
