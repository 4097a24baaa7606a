"""A model's errors on a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
import torch

from lsps_core.config import Domain
from lsps_core.data.crop import normalise, to_joints_mm
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import metrics
from lsps_core.inference import Predictor

BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Figures of one model on one store. protocol: which joints were scored, of which skeleton.

    frames counts the annotated ones, which are all that is scored.
    """

    mean_error_mm: float
    within_40mm_percent: float
    per_joint_mm: dict[str, float]
    frames: int
    protocol: str
    domain: str
    simulated: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(predictor: Predictor, store: FrameStore, progress: Callable[[int, int], None] | None = None) -> Evaluation:
    """Score G_y(P(x)) on every annotated frame; ValueError where the skeletons differ or nothing is annotated.

    progress is told (frames done, frames in all).
    """
    skeleton = predictor.checkpoint.skeleton
    if store.skeleton is None or store.joints_mm is None:
        raise ValueError(f"{store.path} is not annotated; evaluate on a store with joints")
    if store.skeleton.joints != skeleton.joints:
        raise ValueError(
            f"{store.path} has the {store.skeleton.joint_count} joints of {store.skeleton.name}, the model the "
            f"{skeleton.joint_count} of {skeleton.name}; evaluate on a store of the model's skeleton"
        )
    annotated = np.flatnonzero(np.isfinite(store.joints_mm[..., 0]).any(axis=1))
    if len(annotated) == 0:
        raise ValueError(f"{store.path} has no annotated frame; evaluate on a store with joints")
    predicted = []
    for start in range(0, len(annotated), BATCH):
        part = annotated[start : start + BATCH]
        center_mm, half_mm = torch.from_numpy(store.center_mm[part]), torch.from_numpy(store.half_mm[part])
        depth_mm = torch.from_numpy(store.depth_mm(part).astype(np.float32))
        pose = predictor.predict_pose(normalise(depth_mm, center_mm, half_mm), cast(Domain, store.domain))
        predicted.append(to_joints_mm(pose.cpu(), center_mm, half_mm).numpy())
        if progress is not None:
            progress(start + len(part), len(annotated))
    errors_mm = metrics.joint_errors_mm(np.concatenate(predicted), store.joints_mm[annotated])
    means = np.round(metrics.per_joint_mm(errors_mm), 3).tolist()
    return Evaluation(
        mean_error_mm=round(metrics.mean_error_mm(errors_mm), 3),
        within_40mm_percent=round(metrics.within_percent(errors_mm, 40.0), 2),
        per_joint_mm=dict(zip(skeleton.joints, means, strict=True)),
        frames=len(annotated),
        protocol=f"all {skeleton.joint_count} joints of {skeleton.name}",
        domain=store.domain,
        simulated=store.is_simulated,
    )
