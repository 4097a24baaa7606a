"""Simulated frames as a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch

from lsps_core.camera import SIMULATED
from lsps_core.data.store import FrameWriter
from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.simulate import simulate
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
    on_progress: Callable[[int], None],
) -> int:
    """Render `frame_count` frames into a new store, whole or not at all; returns how many. See `simulate`.

    provenance: attributes of the store's origin, besides seed, domain and settings. on_progress: frames so far.
    """
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
            done += len(batch)
            on_progress(done)
    return done
