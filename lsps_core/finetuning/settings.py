"""What a fine-tuning is asked for, and the runs that it is made of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.training import StageConfig, TrainConfig
from lsps_core.config.weights import LossWeights
from lsps_core.errors import LspsError
from lsps_core.evaluation.digests import digest
from lsps_core.files import read_json, replacing
from lsps_core.simulator.recipes import StoreRecipe
from lsps_core.simulator.settings import SimulationSettings

IntArray = npt.NDArray[np.int64]

DEFAULT_STEPS, DEFAULT_FOLDS, DEFAULT_SIMULATED = 300, 4, 2_000
WHOLE = "all"
"""The run that learns from every label; the others are `fold1`, `fold2` and so on."""
_BATCH = 32
FRAMES_A_STEP = 2 * _BATCH
"""Of the simulated ones, and as many of the store that holds the labels."""
_LEARNING_RATE = 2e-3
_CLEAN = SimulationSettings(views="any")
_FILMED = SimulationSettings(views="any", things=0.33, camera="sr300,kinect,tof", crop="found")


@dataclass(frozen=True, kw_only=True)
class FinetuneSettings:
    """The user's options.

    model_path: the model to start from, which stays as it is. labels_path: a store with a few annotated real frames.
    frames_path: a store whose frames are fitted without their annotations; the good fits count as annotated.
    steps: of each run. folds: parts of the labels for the cross-validation. simulated: frames of each simulated store.
    """

    model_path: Path
    labels_path: Path
    out: Path
    frames_path: Path | None = None
    steps: int = DEFAULT_STEPS
    folds: int = DEFAULT_FOLDS
    simulated: int = DEFAULT_SIMULATED
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for key, least in (("steps", 1), ("folds", 2), ("simulated", 100)):
            if getattr(self, key) < least:
                raise ValueError(f"--{key} must be {least} or more, not {getattr(self, key)}")

    @property
    def model_out(self) -> Path:
        """The new model."""
        return self.out / "model.safetensors"

    def data_path(self, name: str) -> Path:
        return self.out / "data" / f"{name}.h5"

    def run_path(self, name: str) -> Path:
        return self.out / "runs" / name

    def recipes(self) -> tuple[StoreRecipe, ...]:
        """The simulated stores: frames that the model keeps learning from, and others that show what it forgot."""
        clean = StoreRecipe(
            role="synthetic",
            file="synthetic.h5",
            domain="synthetic",
            frames=self.simulated,
            subjects=1,
            seed=31,
            settings=_CLEAN,
        )
        filmed = replace(clean, role="real", file="sensor.h5", domain="sensor", subjects=16, seed=32, settings=_FILMED)
        return clean, filmed, replace(filmed, role="test", file="test.h5", subjects=8, seed=1031)

    def config(self, model: Checkpoint, name: str) -> TrainConfig:
        """Of one run: a short posterior stage of the model's P on the simulated frames and `data_path`(name)."""
        networks = model.config
        is_residual = networks.posterior_kind == "residual"
        weights = LossWeights.of("compact")
        if not is_residual:
            weights = replace(weights, posterior=10.0, posterior_labelled=40.0, posterior_joints=0.0)
        return TrainConfig(
            synthetic_path=str(self.data_path("synthetic").resolve()),
            real_path=str(self.data_path(name).resolve()),
            initial_path=str(self.model_path.resolve()),
            base_channels=networks.base_channels,
            pose_hidden=networks.pose_hidden,
            pose_decoder=networks.pose_decoder,
            generator=networks.generator,
            mapping=networks.mapping,
            posterior_kind=networks.posterior_kind,
            posterior_width=networks.posterior_width,
            posterior_head=networks.posterior_head,
            preset="compact",
            labels=1.0,
            seed=self.seed,
            device=self.device,
            channels_last=True,
            zoom_percent=8.0,
            checkpoint_minutes=1.0,
            pose=StageConfig(steps=0, batch_size=1),
            depth=StageConfig(steps=0, batch_size=1),
            posterior=StageConfig(
                steps=self.steps,
                batch_size=1,
                extra_annotated=_BATCH - 1,
                learning_rate=_LEARNING_RATE,
                final_learning_rate=0.05,
                degrade=is_residual,
                occlude=is_residual,
            ),
            weights=weights,
        )

    def claim(self, path: Path) -> None:
        """Write these settings to `path`; ValueError if it has others, or is of another model or other labels."""
        files = {"model": self.model_path, "labels": self.labels_path}
        wanted = self.to_json() | {f"{name}_digest": digest(file.read_bytes()) for name, file in files.items()}
        if not path.exists():
            if self.model_out.exists():
                what = f"{self.model_out} was not made by a fine-tuning, and is not replaced"
                raise LspsError(what, "choose another {out}")
            with replacing(path) as temporary:
                temporary.write_text(json.dumps(wanted, indent=2) + "\n")
            return
        found = read_json(path)
        if found != wanted:
            what = f"{path} is of a fine-tuning with other settings, labels or model"
            raise LspsError(what, "choose another {out}")

    def to_json(self) -> dict[str, Any]:
        """All but the device, which may change when it is resumed."""
        values = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
        return {key: value for key, value in values.items() if key not in ("out", "device")}


def folds_of(labelled: IntArray, folds: int) -> dict[str, IntArray]:
    """The labels held out by each run, by name; the last run holds out none.

    The parts are neighbours in the store: frames that follow each other look alike, and would flatter the others.
    A single label cannot be held out.
    """
    parts = np.array_split(labelled, min(folds, len(labelled))) if len(labelled) > 1 else []
    held_out = {f"fold{number}": part for number, part in enumerate(parts, start=1)}
    return held_out | {WHOLE: np.zeros(0, np.int64)}
