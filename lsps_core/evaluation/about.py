"""What the stored results of an evaluation are of: the model, the data, and how it was measured."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lsps_core.evaluation.digests import digest, model_digest
from lsps_core.typed_json import Count

if TYPE_CHECKING:  # the app reads results without waiting for torch
    from lsps_core.checkpoint import Checkpoint
    from lsps_core.data.protocol import Protocol
    from lsps_core.data.store import FrameStore

FORMAT_VERSION = 1
Part = Literal["poses", "routes"]
RESIDUAL = "residual_mm"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How each frame's pose is read. fit_steps: of a fit, None without one. turns: see `Predictor.posterior`."""

    fit_steps: int | None = None
    turns: int = 1

    @property
    def words(self) -> str:
        """For titles; empty where P reads each frame once."""
        if self.fit_steps is not None:
            return "fitted"
        return f"{self.turns} turns" if self.turns > 1 else ""


READ_ONCE = Reading()


@dataclass(frozen=True, kw_only=True)
class About:
    """The model and data of the results. `key` changes with everything that could change a number in them.

    model: file name; model_digest: of config and weights. data, data_path: its store; data_digest: of its frames' names
    and cubes; labels_digest: of the annotated joints, "" if there are none. joints: those scored. fit_steps, turns: of
    the `Reading` that made the codes and joints.
    """

    model: str
    model_digest: str
    data: str
    data_path: str
    frame_count: Count
    data_digest: str
    labels_digest: str
    domain: str
    is_simulated: bool
    protocol: str
    skeleton: str
    joints: tuple[str, ...]
    format_version: Count = FORMAT_VERSION
    fit_steps: Count | None = None
    turns: Count = 1

    @property
    def reading(self) -> Reading:
        return Reading(fit_steps=self.fit_steps, turns=self.turns)

    @property
    def key(self) -> str:
        """Equal for equal numbers; independent of the paths of model and data."""
        told = {name: value for name, value in asdict(self).items() if name not in ("model", "data", "data_path")}
        for name, value in asdict(READ_ONCE).items():  # keeps the keys of results from before there were other readings
            if told[name] == value:
                del told[name]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the arrays of results with a number or more for each frame."""
        return sum(self.parts.values(), ())

    @property
    def parts(self) -> dict[Part, tuple[str, ...]]:
        """The columns by the part of an evaluation that computes them, in its order: poses take a tenth of the time."""
        residual = () if self.fit_steps is None else (RESIDUAL,)
        return {"poses": ("pose_latent", "errors_mm", *residual), "routes": ("disagreement_mm", "latent_distance")}

    @property
    def file_name(self) -> str:
        return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', self.data)}-{self.key}.npz"


def describe(
    checkpoint: Checkpoint, model_path: Path, store: FrameStore, protocol: Protocol, reading: Reading = READ_ONCE
) -> About:
    """The `About` of a model on a store; reads the store's names and joints."""
    has_labels = store.skeleton is not None and store.skeleton.joints == checkpoint.skeleton.joints
    return About(
        model=model_path.name,
        model_digest=model_digest(checkpoint),
        data=store.path.stem,
        data_path=str(store.path.absolute()),
        frame_count=len(store),
        data_digest=digest("\0".join(store.names).encode(), store.center_mm.tobytes(), store.half_mm.tobytes()),
        labels_digest=digest(store.joints_mm.tobytes()) if has_labels and store.joints_mm is not None else "",
        domain=store.domain,
        is_simulated=store.is_simulated,
        protocol=protocol.name,
        skeleton=checkpoint.skeleton.name,
        joints=protocol.joints,
        **asdict(reading),
    )
