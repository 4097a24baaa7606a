"""A model's predictions and errors on a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import Tensor

from lsps_core.config.model import Domain
from lsps_core.data.crop import camera_center, normalise, to_joints_mm
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import metrics, protocols, report
from lsps_core.evaluation.alignment import aligned_errors_mm
from lsps_core.evaluation.metrics import ErrorTable, FloatArray, IntArray
from lsps_core.fitting import fit
from lsps_core.inference import Predictor
from lsps_core.skeleton import Skeleton

BATCH = 64


class PoseEstimator(Protocol):
    """What is evaluated: a `Predictor`, or another network that reads images."""

    @property
    def skeleton(self) -> Skeleton: ...

    def predict_pose(self, image: Tensor, domain: Domain, center: Tensor, /) -> Tensor:
        """image [B, 1, 128, 128] of `domain` -> pose [B, J, 3]."""


class PredictedBatch(NamedTuple):
    """The predictions for some frames: indices [n] in the store, joints_mm [n, J, 3], errors_mm [n, J].

    J are all joints of the skeleton; errors are NaN where a joint is not annotated.
    """

    indices: IntArray
    joints_mm: FloatArray
    errors_mm: FloatArray


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Errors of one model on one store. protocol: which joints were scored, of which skeleton.

    The N frames are those with an annotated joint of the protocol; only they are scored. predicted: all of them in one
    batch, every joint of the skeleton. table: the errors of the protocol's joints.
    """

    protocol: str
    domain: str
    simulated: bool
    predicted: PredictedBatch
    table: ErrorTable

    @property
    def frames(self) -> int:
        return len(self.table.errors_mm)

    @property
    def mean_error_mm(self) -> float:
        return round(metrics.mean_error_mm(self.table.errors_mm), 3)

    @property
    def within_40mm_percent(self) -> float:
        return round(metrics.within_percent(self.table.errors_mm), 2)

    @property
    def per_joint_mm(self) -> dict[str, float | None]:
        return report.per_joint(self.table)

    def to_json(self) -> dict[str, Any]:
        """The figures, without curves and single frames."""
        kind = {"protocol": self.protocol, "domain": self.domain, "simulated": self.simulated}
        return report.figures(self.table) | kind


def predict(
    predictor: PoseEstimator,
    store: FrameStore,
    indices: IntArray,
    domain: Domain | None = None,
    fit_steps: int | None = None,
    turns: int = 1,
) -> Iterator[tuple[IntArray, FloatArray]]:
    """G_y(P(x)) of the frames `indices`, batch by batch: (their indices [n], joints_mm float32 [n, J, 3]).

    domain: selects the first layers of P; the store's own by default. By a `Predictor` alone: fit_steps of a fit from
    each of these poses, no fit without them; turns, see `Predictor.posterior`.
    """
    read_as = domain or cast(Domain, store.domain)
    for start in range(0, len(indices), BATCH):
        part = indices[start : start + BATCH]
        center_mm, half_mm = torch.from_numpy(store.center_mm[part]), torch.from_numpy(store.half_mm[part])
        depth_mm = torch.from_numpy(store.depth_mm(part).astype(np.float32))
        image = normalise(depth_mm, center_mm, half_mm)
        place = camera_center(center_mm, half_mm)
        if fit_steps is None and turns == 1:
            pose = predictor.predict_pose(image, read_as, place)
        elif not isinstance(predictor, Predictor):
            raise TypeError(f"only a Predictor can be fitted or turned, not a {type(predictor).__name__}")
        elif fit_steps is None:
            pose = predictor.predict_pose(image, read_as, place, turns)
        else:
            pose = fit(predictor, image, center_mm, half_mm, domain=read_as, steps=fit_steps).pose
        yield part, to_joints_mm(pose.cpu(), center_mm, half_mm).numpy()


def evaluate(
    predictor: PoseEstimator,
    store: FrameStore,
    progress: Callable[[int, int], None] | None = None,
    *,
    protocol: str | None = None,
    domain: Domain | None = None,
    fit_steps: int | None = None,
    turns: int = 1,
    on_batch: Callable[[PredictedBatch], None] | None = None,
) -> Evaluation:
    """Score G_y(P(x)) on every annotated frame; ValueError if the skeletons differ or nothing is annotated.

    protocol: a name for `protocols.choose`; by default the one of the store's skeleton. domain: selects the first
    layers of P; the store's own by default, but if P was trained on synthetic frames alone, its real layers are
    untrained. fit_steps, turns: as of `predict`; a fitted pose is scored in place of P's. After every batch `on_batch`
    is called with its frames and `progress` with (frames done, frames in all); an exception from either ends the
    evaluation.
    """
    annotation = _annotation(store, predictor.skeleton)
    chosen = protocols.of_store(store, predictor.skeleton, protocol)
    scored = list(chosen.indices)
    annotated = np.flatnonzero(np.isfinite(annotation[:, scored].sum(axis=2)).any(axis=1))
    if len(annotated) == 0:
        raise ValueError(f"{store.path} has no annotated frame; evaluate on a store with joints")
    # filled in, not collected: small arrays between those of images would keep the memory of all images in pieces
    predicted = PredictedBatch(annotated, *_empty_like(annotation, len(annotated)))
    done = 0
    for indices, joints_mm in predict(predictor, store, annotated, domain, fit_steps, turns):
        batch = PredictedBatch(indices, joints_mm, metrics.joint_errors_mm(joints_mm, annotation[indices]))
        span = slice(done, done + len(indices))
        predicted.joints_mm[span], predicted.errors_mm[span] = batch.joints_mm, batch.errors_mm
        done = span.stop
        if on_batch is not None:
            on_batch(batch)
        if progress is not None:
            progress(done, len(annotated))
    names = [store.names[index] for index in annotated]
    table = ErrorTable(
        method="model",
        errors_mm=predicted.errors_mm[:, scored],
        joints=chosen.joints,
        frames=tuple(names),
        groups=tuple(chosen.group_of(name) for name in names),
        places=annotated,
        divisions={division: groups[annotated] for division, groups in store.groups.items()},
        aligned_mm=aligned_errors_mm(predicted.joints_mm[:, scored], annotation[annotated][:, scored], chosen.root),
    )
    return Evaluation(
        protocol=chosen.name,
        domain=domain or store.domain,
        simulated=store.is_simulated,
        predicted=predicted,
        table=table,
    )


def _empty_like(annotation: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Joints [count, J, 3] and errors [count, J]."""
    return np.empty((count, *annotation.shape[1:]), np.float32), np.empty((count, annotation.shape[1]), np.float32)


def _annotation(store: FrameStore, skeleton: Skeleton) -> FloatArray:
    """joints_mm [N, J, 3] of the store; ValueError if they are not the joints of `skeleton`."""
    if store.skeleton is None or store.joints_mm is None:
        raise ValueError(f"{store.path} is not annotated; evaluate on a store with joints")
    if store.skeleton.joints != skeleton.joints:
        raise ValueError(
            f"{store.path} has the {store.skeleton.joint_count} joints of {store.skeleton.name}, the model the "
            f"{skeleton.joint_count} of {skeleton.name}; evaluate on a store of the model's skeleton"
        )
    return store.joints_mm
