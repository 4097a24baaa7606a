"""Frames annotated by a fit, as a store: what a model teaches itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from lsps_core.config.fits import FIT_ACCEPT_MM, FIT_STEPS
from lsps_core.config.model import Domain
from lsps_core.data.crop import normalise, to_joints_mm
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.fitting.fit import fit
from lsps_core.inference import Predictor
from lsps_core.stopwatch import Stopwatch

_BATCH = 64


def fit_store(
    predictor: Predictor,
    store: FrameStore,
    path: Path,
    *,
    frames: int | None = None,
    steps: int = FIT_STEPS,
    accept_mm: float = FIT_ACCEPT_MM,
    provenance: dict[str, Any],
    overwrite: bool = False,
    on_progress: Callable[[int], None],
) -> int:
    """Write frames of `store` to `path`, with fitted joints where the residual is at most accept_mm; returns the number
    of these.

    The store's own joints are left out. The new store has `fit_residual_mm` of every frame and says in its provenance
    that its joints were fitted, and how long that took. frames: this many, spread evenly over the store, or all.
    on_progress: frames done. ValueError for an accept_mm or frames that are not positive.
    """
    if not 0 < accept_mm < float("inf"):
        raise ValueError(f"accept_mm is {accept_mm:g}: it must be a positive number of mm")
    if frames is not None and frames < 1:
        raise ValueError(f"frames is {frames}: it must be 1 or more")
    chosen = np.arange(len(store))
    if frames is not None and frames < len(store):
        chosen = np.linspace(0, len(store) - 1, frames).round().astype(np.int64)
    writer = FrameWriter(
        path,
        domain=store.domain,
        camera=store.camera,
        skeleton=predictor.checkpoint.skeleton,
        is_simulated=store.is_simulated,
        is_mirrored=store.is_mirrored,
        image_size=store.image_size,
        provenance={"origin": "fitted", **provenance, "steps": steps, "accept_mm": accept_mm},
        overwrite=overwrite,
    )
    accepted = 0
    writer.cameras = store.cameras[chosen]
    writer.groups = {division: groups[chosen].tolist() for division, groups in store.groups.items()}
    if store.times_s is not None:
        writer.times_s = store.times_s[chosen].tolist()
    stopwatch = Stopwatch()
    with writer:
        for start in range(0, len(chosen), _BATCH):
            part = chosen[start : start + _BATCH]
            depth_mm = store.depth_mm(part)
            center_mm, half_mm = torch.from_numpy(store.center_mm[part]), torch.from_numpy(store.half_mm[part])
            image = normalise(torch.from_numpy(depth_mm.astype(np.float32)), center_mm, half_mm)
            domain = cast(Domain, store.domain)
            found = fit(predictor, image, center_mm, half_mm, domain=domain, steps=steps)
            is_accepted = (found.is_fitted & (found.residual_mm <= accept_mm)).cpu()
            joints_mm = to_joints_mm(found.pose.cpu(), center_mm, half_mm)
            writer.append(
                depth_mm=depth_mm,
                center_mm=store.center_mm[part],
                half_mm=store.half_mm[part],
                joints_mm=torch.where(is_accepted[:, None, None], joints_mm, torch.nan).numpy(),
                names=[store.names[index] for index in part],
            )
            writer.fit_residual_mm += found.residual_mm.tolist()
            accepted += int(is_accepted.sum())
            stopwatch.lap()
            writer.provenance |= {"accepted": accepted} | stopwatch.to_json()
            on_progress(start + len(part))
    return accepted
