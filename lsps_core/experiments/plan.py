"""Which runs make up Table 1, the left half of Figure 5 and an ablation: a run's settings, and its rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from lsps_core.config import STAGES, Domain, LossWeights, Preset, TrainConfig
from lsps_core.presets import ON_TRUNK, PRESETS

Experiment = Literal["table1", "ablation", "figure5"]
EXPERIMENTS: tuple[Experiment, ...] = get_args(Experiment)
Scale = Literal["tiny", "small", "full"]
SCALES: tuple[Scale, ...] = get_args(Scale)
SHARES = (0.001, 0.01, 0.05, 0.1, 0.25, 1.0)
"""Of the real annotations, in figure 5."""
_SMALLER = 10
"""Divides the preset's steps for `small`; `tiny` only checks that everything runs."""
_TINY = [
    *("base_channels=4", "pose.steps=40", "pose.batch_size=16"),
    *("depth.steps=3", "depth.batch_size=2", "depth.extra_annotated=2"),
    *("posterior.steps=6", "posterior.batch_size=4", "posterior.extra_annotated=4"),
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


class Fits(NamedTuple):
    """How real frames get the labels that a model fits to them; see `lsps_core.fitting.fit_store`."""

    frames: int
    accept_mm: float
    steps: int


class Bounds(NamedTuple):
    """Rows without and with real labels; of each the better one bounds the gap that others close."""

    synthetic: tuple[str, ...]
    real: tuple[str, ...]


class _Recipe(NamedTuple):
    """A row's changes to the shared settings. parent: the row from whose model its posterior stage starts.

    domain: selects the first layers of P for the test frames: without real frames those for real ones are untrained.
    is_regressor: a plain regressor in place of the model. is_fitted: its real labels are fits of its parent's.
    bounds: of the gap that it closes; None for a bound.
    """

    label: str
    settings: tuple[str, ...] = ()
    parent: str = ""
    domain: Domain = "real"
    is_regressor: bool = False
    is_fitted: bool = False
    bounds: Bounds | None = None


_MATCHING = f"weights.feature_matching={LossWeights.feature_matching}"
_UNMATCHED = "weights.feature_matching=0"
_UNTRANSLATED = "weights.posterior_translated=0"
_INCONSISTENT = "weights.posterior_consistency=0"
_PLAINLY_LABELLED = f"weights.posterior_labelled={LossWeights.posterior_labelled}"
_FROM_DISCRIMINATOR = "posterior_start=discriminator"
_PAPER_TERMS = (_MATCHING, _UNTRANSLATED, _INCONSISTENT, _PLAINLY_LABELLED, _FROM_DISCRIMINATOR)
_NO_BRIDGE = (_UNMATCHED, _UNTRANSLATED, _INCONSISTENT, _PLAINLY_LABELLED)
"""No term transfers P from synthetic to real images: it learns from annotated images alone."""
_AUGMENTED = ("depth.steps=0", "posterior.degrade=true", "zoom_percent=8")
_REGRESSOR = ("pose.steps=0", *_AUGMENTED)
_RESIDUAL = (
    *_NO_BRIDGE,
    *_AUGMENTED,
    *("posterior_kind=residual", "weights.posterior=1", "weights.posterior_labelled=1", "weights.posterior_joints=100"),
)
_FULL_FITS = Fits(frames=6_000, accept_mm=1.7, steps=10)
_FITS = {"full": _FULL_FITS, "small": _FULL_FITS._replace(frames=600), "tiny": Fits(frames=12, accept_mm=1e6, steps=1)}
"""By scale; 6 000 are a quarter of an hour of one core."""
BOUNDS = Bounds(("synthetic_only", "synthetic_only_pretrained"), ("real", "real_pretrained"))
"""Rows with P from a random start and from the pre-trained model."""
_PLAIN_BOUNDS = Bounds(("regressor_synthetic",), ("regressor_real", "residual_real"))
"""What a user would do instead, and the better way to use real labels."""
_PRETRAINED = "pretrained"
_RECIPES = {
    _PRETRAINED: _Recipe("the pre-trained model of *", ("posterior.steps=0", *_NO_BRIDGE)),
    "synthetic_only": _Recipe("Synthetic-only", ("depth.steps=0", *_NO_BRIDGE), domain="synthetic"),
    "synthetic_only_pretrained": _Recipe(
        "Synthetic-only*", (*_NO_BRIDGE, _FROM_DISCRIMINATOR), _PRETRAINED, domain="synthetic"
    ),
    "lsps": _Recipe("LSPS*", (), _PRETRAINED, bounds=BOUNDS),
    "lsps_paper_terms": _Recipe("LSPS*, the paper's posterior stage", _PAPER_TERMS, _PRETRAINED, bounds=BOUNDS),
    "lsps_matching_consistent": _Recipe(
        "LSPS*, the paper's terms and consistency", (_MATCHING, _UNTRANSLATED), _PRETRAINED, bounds=BOUNDS
    ),
    "lsps_matching_translated": _Recipe(
        "LSPS*, the paper's terms and translations", (_MATCHING, _INCONSISTENT), _PRETRAINED, bounds=BOUNDS
    ),
    "lsps_translated": _Recipe("LSPS*, translations alone", (_UNMATCHED, _INCONSISTENT), _PRETRAINED, bounds=BOUNDS),
    "lsps_from_discriminator": _Recipe(
        "LSPS*, P from the discriminators", (_FROM_DISCRIMINATOR,), _PRETRAINED, bounds=BOUNDS
    ),
    "real": _Recipe("Real labels", ("depth.steps=0", "annotations=real", "labels=1", *_NO_BRIDGE)),
    "real_pretrained": _Recipe(
        "Real labels*", ("annotations=real", "labels=1", *_NO_BRIDGE, _FROM_DISCRIMINATOR), _PRETRAINED
    ),
    "regressor_synthetic": _Recipe("Plain regressor, synthetic + augmentation", _REGRESSOR, is_regressor=True),
    "regressor_real": _Recipe(
        "Plain regressor, real labels", ("annotations=real", "labels=1", *_REGRESSOR), is_regressor=True
    ),
    "residual_synthetic": _Recipe("P of its own, synthetic + augmentation", _RESIDUAL),
    "residual_fitted": _Recipe(
        "LSPS, P of its own, and fits of unlabelled real frames",
        (*_RESIDUAL, "labels=1"),
        "residual_synthetic",
        is_fitted=True,
        bounds=_PLAIN_BOUNDS,
    ),
    "residual_real": _Recipe("P of its own, synthetic + augmentation and real labels", (*_RESIDUAL, "labels=1")),
    "supervised": _Recipe("Supervised", ("depth.steps=0", "annotations=real", *_NO_BRIDGE)),
    "crossing_nets": _Recipe("CrossingNets-style", ("method=crossing_nets", "annotations=real", *_NO_BRIDGE)),
}
TABLE1_ROWS = (
    *BOUNDS.synthetic,
    "lsps",
    "lsps_paper_terms",
    *BOUNDS.real,
    "regressor_synthetic",
    "residual_synthetic",
    "residual_fitted",
    "regressor_real",
    "residual_real",
)
ABLATION_ROWS = (
    *BOUNDS.synthetic,
    "lsps_paper_terms",
    "lsps_matching_translated",
    "lsps_matching_consistent",
    "lsps_translated",
    "lsps_from_discriminator",
    "lsps",
    *BOUNDS.real,
)
_TABLES: dict[str, tuple[str, ...]] = {"table1": TABLE1_ROWS, "ablation": ABLATION_ROWS}
FIGURE5_CURVES = ("lsps", "supervised", "crossing_nets")


@dataclass(frozen=True, kw_only=True)
class ExperimentSettings:
    """The user's options. `settings` are KEY=VALUE as in `lsps train --set`, for every run.

    ValueError if seeds or shares are missing, repeated or out of range.
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
    device: str = "auto"
    settings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.seeds or min(self.seeds) < 0 or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"--seeds must be different integers, 0 or more, as in 1,2,3; not {self.seeds}")
        if not self.shares or not all(0 < share <= 1 for share in self.shares):
            raise ValueError(f"--shares must be above 0 and at most 1, as in 0.01,0.1,1; not {self.shares}")
        if len(set(self.shares)) < len(self.shares):
            raise ValueError(f"--shares names a share twice: {self.shares}")

    def run_path(self, name: str) -> Path:
        return self.out / "runs" / name

    def base_config(self) -> TrainConfig:
        """The settings shared by all rows: the preset with the paper's P, scaled, with the user's settings."""
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
        on_trunk = ON_TRUNK if self.preset == "compact" else ()
        return config.with_settings([*on_trunk, *_scaling(config, self.scale), *self.settings])


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
        """`steps × frames per domain (+ extra annotated)` of each stage, including the parent's."""
        budgets = {}
        for stage in STAGES:
            lengths = [run.config.stage(stage) for run in (self.parent, self) if run is not None]
            length = next((length for length in lengths if length.steps), None)
            extra = f" (+{length.extra_annotated})" if length and stage != "pose" and length.extra_annotated else ""
            budgets[stage] = f"{length.steps} × {length.batch_size}{extra}" if length else "0"
        return budgets


@dataclass(frozen=True)
class Row:
    """A line of the table, or a point of a curve: the same settings under several seeds. key: which row or curve."""

    key: str
    labels: float
    runs: dict[int, PlannedRun]

    @property
    def label(self) -> str:
        return _RECIPES[self.key].label

    @property
    def bounds(self) -> Bounds | None:
        """Of the gap that it closes; None for a row that closes none."""
        return _RECIPES[self.key].bounds


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
        return self.experiment in _TABLES

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
    if settings.experiment in _TABLES:
        is_papers = not (base.weights.posterior_translated or base.weights.posterior_consistency)  # as in the paper
        keys = _TABLES[settings.experiment]
        points = [(key, 0.0) for key in keys if not (is_papers and key.startswith("lsps_"))]
    else:
        points = [("lsps", 0.0), *((key, share) for share in sorted(settings.shares) for key in FIGURE5_CURVES)]
    rows = []
    for key, share in points:
        runs = {seed: _planned_run(settings, replace(base, seed=seed), key, share) for seed in settings.seeds}
        rows.append(Row(key, next(iter(runs.values())).config.labels, runs))
    return Plan(settings.experiment, settings.seeds, tuple(rows))


def _planned_run(settings: ExperimentSettings, base: TrainConfig, key: str, share: float) -> PlannedRun:
    recipe = _RECIPES[key]
    parent = None
    changes = [f"labels={share}", *recipe.settings]
    if recipe.parent:
        parent = _planned_run(settings, base, recipe.parent, 0.0)  # one a seed: labels come in with the posterior stage
        model_path = settings.run_path(parent.name).resolve() / "model.safetensors"
        changes += ["pose.steps=0", "depth.steps=0", f"initial_path={model_path}"]
    if "annotations=real" in recipe.settings:
        changes += _annotated_frames_as_in(base)
    name = f"{key}-labels{share:g}-seed{base.seed}" if share else f"{key}-seed{base.seed}"
    fits = None
    if parent is not None and recipe.is_fitted:
        fits = _FITS[settings.scale]
        changes.append(f"real_path={settings.out.resolve() / 'fits' / name}.h5")
    return PlannedRun(name, base.with_settings(changes), parent, recipe.domain, recipe.is_regressor, fits)


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
