"""Which runs make up Table 1, the left half of Figure 5 and an ablation: a run's settings, and its rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from lsps_core.config.model import Domain
from lsps_core.config.presets import PAPER_NETWORKS, PRESETS
from lsps_core.config.training import STAGES, TrainConfig
from lsps_core.config.weights import Preset
from lsps_core.experiments.recipes import FIGURE5_CURVES, FIGURE5_UNLABELLED, FITS, RECIPES, ROWS, TABLES, Bounds, Fits

Experiment = Literal["table1", "ablation", "figure5"]
EXPERIMENTS: tuple[Experiment, ...] = get_args(Experiment)
Scale = Literal["tiny", "small", "full"]
SCALES: tuple[Scale, ...] = get_args(Scale)
SHARES = (0.001, 0.01, 0.05, 0.1, 0.25, 1.0)
"""Of the real annotations, in figure 5."""
_SMALLER = 10
"""Divides the preset's steps for `small`; `tiny` only checks that everything runs."""
_TINY = [
    *("base_channels=4", "pose.steps=10", "pose.batch_size=16"),
    *("depth.steps=1", "depth.batch_size=2", "depth.extra_annotated=2"),
    *("posterior.steps=4", "posterior.batch_size=4", "posterior.extra_annotated=4"),
]
_PLANNED_KEYS = {
    "synthetic_path": "--synthetic",
    "real_path": "--real",
    "preset": "--preset",
    "seed": "--seeds",
    "labels": "--shares",
    "device": "--device",
    "method": "",
    "annotations": "",
    "initial_path": "",
}
"""Settings fixed by the rows or by other options, with the option."""


@dataclass(frozen=True, kw_only=True)
class ExperimentSettings:
    """The user's options. `settings` are KEY=VALUE as in `lsps train --set`, for every run.

    rows: these alone; empty for all. ValueError if seeds or shares are missing, repeated or out of range, or rows are
    not of the experiment.
    """

    experiment: Experiment
    synthetic_path: Path
    real_path: Path
    test_path: Path
    out: Path
    preset: Preset = "compact"
    scale: Scale = "full"
    seeds: tuple[int, ...] = (1, 2, 3)
    shares: tuple[float, ...] = SHARES
    rows: tuple[str, ...] = ()
    device: str = "auto"
    settings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.seeds or min(self.seeds) < 0 or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"--seeds must be different integers, 0 or more, as in 1,2,3; not {self.seeds}")
        if not self.shares or not all(0 < share <= 1 for share in self.shares):
            raise ValueError(f"--shares must be above 0 and at most 1, as in 0.01,0.1,1; not {self.shares}")
        if len(set(self.shares)) < len(self.shares):
            raise ValueError(f"--shares names a share twice: {self.shares}")
        known = ROWS[self.experiment]
        if unknown := [row for row in self.rows if row not in known]:
            raise ValueError(f"--rows {','.join(unknown)}: those of {self.experiment} are {', '.join(known)}")

    def run_path(self, name: str) -> Path:
        return self.out / "runs" / name

    def base_config(self) -> TrainConfig:
        """The settings shared by all rows: the preset with the paper's networks, scaled, with the user's settings."""
        for setting in self.settings:
            key = setting.partition("=")[0]
            if key in _PLANNED_KEYS:
                remedy = f"use {_PLANNED_KEYS[key]}" if _PLANNED_KEYS[key] else "leave it out"
                raise ValueError(f"--set {setting}: the experiment sets {key} itself; {remedy}")
        config = TrainConfig(
            synthetic_path=str(self.synthetic_path.resolve()),
            real_path=str(self.real_path.resolve()),
            device=self.device,
            **PRESETS[self.preset],
        )
        networks = PAPER_NETWORKS if self.preset == "compact" else ()
        return config.with_settings([*networks, *_scaling(config, self.scale), *self.settings])


@dataclass(frozen=True)
class PlannedRun:
    """name: of its directory. parent: the run whose model it starts from, None for a random start.

    domain: selects the first layers of P for the test frames. is_regressor: a plain regressor in place of the model.
    fits: how the parent's model makes the store of its real frames first; None where it exists.
    """

    name: str
    config: TrainConfig
    parent: PlannedRun | None = None
    domain: Domain = "real"
    is_regressor: bool = False
    fits: Fits | None = None

    def budget(self) -> dict[str, str]:
        """`steps × frames per domain (+ extra annotated)` of each stage: the parent's, then its own."""
        configs = [run.config for run in (self.parent, self) if run is not None]
        lengths = {stage: [_length(config, stage) for config in configs] for stage in STAGES}
        return {stage: ", then ".join(filter(None, of_stage)) or "0" for stage, of_stage in lengths.items()}


@dataclass(frozen=True)
class Row:
    """A line of the table, or a point of a curve: the same settings under several seeds. key: which row or curve.

    labels: the share of the real annotations that it uses; fits use none.
    """

    key: str
    labels: float
    runs: dict[int, PlannedRun]

    @property
    def label(self) -> str:
        return RECIPES[self.key].label

    @property
    def bounds(self) -> Bounds | None:
        """Of the gap that it closes; None for a row that closes none."""
        return RECIPES[self.key].bounds


@dataclass(frozen=True)
class Plan:
    """rows in the order of the table; `runs` in the order of training, each after its parent.

    is_table: rows between synthetic-only and real labels; else they are points of curves over shares.
    """

    experiment: Experiment
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]

    @property
    def is_table(self) -> bool:
        return self.experiment in TABLES

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        """One seed after the other, so that a complete table exists early."""
        runs: dict[str, PlannedRun] = {}
        for seed in self.seeds:
            for row in self.rows:
                run = row.runs[seed]
                for needed in (run.parent, run):
                    if needed is not None:
                        runs[needed.name] = needed
        return tuple(runs.values())


def make_plan(settings: ExperimentSettings) -> Plan:
    """All runs of an experiment; ValueError for an impossible setting."""
    base = settings.base_config()
    if settings.experiment in TABLES:
        is_papers = not (base.weights.posterior_translated or base.weights.posterior_consistency)  # as in the paper
        points = [(key, 0.0) for key in TABLES[settings.experiment] if not (is_papers and key.startswith("lsps_"))]
    else:
        points = [(key, 0.0) for key in FIGURE5_UNLABELLED]
        points += [(key, share) for share in sorted(settings.shares) for key in FIGURE5_CURVES]
    rows = []
    for key, share in points:
        if not settings.rows or key in settings.rows:
            runs = {seed: _planned_run(settings, replace(base, seed=seed), key, share) for seed in settings.seeds}
            first = next(iter(runs.values()))
            rows.append(Row(key, 0.0 if first.fits else first.config.labels, runs))
    return Plan(settings.experiment, settings.seeds, tuple(rows))


def _planned_run(settings: ExperimentSettings, base: TrainConfig, key: str, share: float) -> PlannedRun:
    recipe = RECIPES[key]
    parent = None
    changes = [f"labels={share}", f"posterior.steps={round(recipe.longer * base.posterior.steps)}", *recipe.settings]
    if recipe.parent:
        parent = _planned_run(settings, base, recipe.parent, 0.0)  # one a seed: labels come in with the posterior stage
        model_path = settings.run_path(parent.name).resolve() / "model.safetensors"
        changes += ["pose.steps=0", "depth.steps=0", f"initial_path={model_path}"]
    if "annotations=real" in recipe.settings:
        changes += _annotated_frames_as_in(base)
    if recipe.is_halved:
        changes += _half_the_frames(base)
    name = f"{key}-labels{share:g}-seed{base.seed}" if share else f"{key}-seed{base.seed}"
    fits = None
    if parent is not None and recipe.is_fitted:
        fits = FITS[settings.scale]
        changes.append(f"real_path={settings.out.resolve() / 'fits' / name}.h5")
    return PlannedRun(name, base.with_settings(changes), parent, recipe.domain, recipe.is_regressor, fits)


def _length(config: TrainConfig, name: str) -> str:
    """Of a stage; empty if it is left out."""
    stage = config.stage(name)
    extra = f" (+{stage.extra_annotated})" if stage.extra_annotated and name != "pose" else ""
    return f"{stage.steps} × {stage.batch_size}{extra}" if stage.steps else ""


def _half_the_frames(base: TrainConfig) -> list[str]:
    """Of the posterior stage: a run that reads as many of each domain then reads as many in all as the others."""
    both = base.posterior.batch_size, base.posterior.extra_annotated
    size = max(1, both[0] // 2)
    return [f"posterior.batch_size={size}", f"posterior.extra_annotated={max(0, sum(both) // 2 - size)}"]


def _annotated_frames_as_in(base: TrainConfig) -> list[str]:
    """Extra annotated frames are synthetic: rows without them use as many more real ones a step instead."""
    settings = []
    for name in ("depth", "posterior"):
        stage = base.stage(name)
        settings += [f"{name}.batch_size={stage.batch_size + stage.extra_annotated}", f"{name}.extra_annotated=0"]
    return settings


def _scaling(config: TrainConfig, scale: Scale) -> list[str]:
    if scale == "small":
        return [f"{name}.steps={math.ceil(config.stage(name).steps / _SMALLER)}" for name in STAGES]
    return _TINY if scale == "tiny" else []
