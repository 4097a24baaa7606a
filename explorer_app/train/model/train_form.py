"""The state of the Train dialog as a `TrainConfig`, with problems by field."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from explorer_app.error_words import line_of
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import PRECISIONS, STAGES, TrainConfig
from lsps_core.config.weights import Preset
from lsps_core.files import expanded, kind_of, parse_json

STARTS = {"scratch": "from scratch", "model": "from a model", "resume": "resume a run"}
AUGMENTATIONS = ("degrade", "occlude")
"""Of images, by their settings in `StageConfig`."""
REQUIRED = {
    "synthetic_path": "choose a store of synthetic frames; Train ▸ Simulate data makes one",
    "real_path": "choose a store of real or sensor frames; Train ▸ Simulate data makes one",
    "initial_path": "choose the model to start from",
    "run_path": "choose a folder",
}


@dataclass(frozen=True, kw_only=True)
class TrainForm:
    """The values of the fields. start: one of STARTS. steps, batch_sizes: by stage. advanced: `KEY=VALUE` lines.

    degrade, occlude: of the posterior stage.
    """

    start: str = "scratch"
    run_path: str = ""
    synthetic_path: str = ""
    real_path: str = ""
    initial_path: str = ""
    preset: Preset = "compact"
    labels: float = 0.0
    precision: str = "float32"
    device: str = "auto"
    seed: int = 0
    steps: tuple[int, ...] = ()
    batch_sizes: tuple[int, ...] = ()
    degrade: bool = True
    occlude: bool = False
    advanced: str = ""

    def __post_init__(self) -> None:
        if not (len(self.steps) == len(self.batch_sizes) == len(STAGES)):
            values = preset_values(self.preset)
            for key in ("steps", "batch_sizes"):
                object.__setattr__(self, key, values[key])

    @property
    def is_resumed(self) -> bool:
        return self.start == "resume"

    @property
    def missing(self) -> dict[str, str]:
        """Missing choices, by field."""
        unused = {"initial_path"} if self.start != "model" else set()
        return {key: line for key, line in REQUIRED.items() if key not in unused and not getattr(self, key).strip()}

    def settings(self) -> dict[str, str]:
        """`KEY=VALUE` for every field except preset, device and the advanced ones, by field."""
        found = {key: f"{key}={_absolute(getattr(self, key))}" for key in ("synthetic_path", "real_path")}
        found["initial_path"] = f"initial_path={_absolute(self.initial_path) if self.start == 'model' else ''}"
        for key in ("labels", "precision", "seed"):
            found[key] = f"{key}={getattr(self, key)}"
        for key in AUGMENTATIONS if reads_augmented(self.preset) else ():
            found[f"posterior.{key}"] = f"posterior.{key}={str(getattr(self, key)).lower()}"
        for stage, steps, batch_size in zip(STAGES, self.steps, self.batch_sizes, strict=True):
            found[f"{stage}.steps"] = f"{stage}.steps={steps}"
            found[f"{stage}.batch_size"] = f"{stage}.batch_size={batch_size}"
        if self.is_resumed:  # the initial model does not change
            del found["initial_path"]
        return found

    @property
    def advanced_settings(self) -> list[str]:
        lines = (line.strip().removeprefix("--set ").strip() for line in self.advanced.splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    def config(self, base: TrainConfig | None = None) -> tuple[TrainConfig, dict[str, str]]:
        """The config as far as it is valid, and problems by field. base: of a run that is resumed."""
        config = base or TrainConfig(synthetic_path="", real_path="", **PRESETS[self.preset])
        config = replace(config, device=self.device)
        problems: dict[str, str] = {}
        advanced = [("advanced", setting) for setting in self.advanced_settings]
        for field, setting in [*self.settings().items(), *advanced]:
            try:
                config = config.with_settings([setting])
            except ValueError as error:
                problems.setdefault(field, line_of(error))
        return config, problems

    def estimate_arguments(self) -> list[str]:
        """Arguments of `lsps` for an estimate."""
        asked = [*self.settings().values(), *self.advanced_settings]
        settings = [part for setting in asked for part in ("--set", setting)]
        start = ["--resume"] if self.is_resumed else ["--preset", self.preset]
        if not self.is_resumed:
            start += ["--synthetic", _absolute(self.synthetic_path), "--real", _absolute(self.real_path)]
        return ["train", _absolute(self.run_path), *start, "--device", self.device, *settings, "--estimate"]

    def with_config(self, config: TrainConfig) -> TrainForm:
        """The fields for a run's config."""
        return replace(
            self,
            **{key: getattr(config, key) for key in ("synthetic_path", "real_path", "initial_path", "preset")},
            **{key: getattr(config, key) for key in ("labels", "precision", "device", "seed")},
            **_stage_fields(config),
            advanced="",
        )

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> TrainForm:
        """The inverse of `to_text`; the defaults for an empty text."""
        try:
            return cls.checked(text)
        except ValueError:
            return cls()

    @classmethod
    def checked(cls, text: str) -> TrainForm:
        """The inverse of `to_text`, also of other versions; ValueError if a field cannot show a value."""
        value = parse_json(text)
        if not isinstance(value, dict):
            raise ValueError("it is not a form")
        usual = asdict(cls())
        found = {key: _like(usual[key], value[key]) for key in usual if key in value}
        choices: dict[str, Collection[str]] = {"start": STARTS, "preset": PRESETS, "precision": PRECISIONS}
        if any(key in found and found[key] not in choice for key, choice in choices.items()):
            raise ValueError("there is no such choice")
        form = cls(**found)
        form.config()
        return form


def _like(usual: Any, value: Any) -> Any:
    """A value of the same type that a field can show; ValueError otherwise."""
    if isinstance(usual, tuple) and isinstance(value, list) and len(value) == len(usual):
        return tuple(_like(0, number) for number in value)
    if isinstance(usual, bool) and isinstance(value, bool):
        return value
    if isinstance(usual, str) and isinstance(value, str) and "\0" not in value:
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**31
    if is_number and isinstance(usual, int | float) and (isinstance(usual, float) or isinstance(value, int)):
        return type(usual)(value)
    raise ValueError(f"{str(value)[:40]!r} is not like {usual!r}")


def preset_values(preset: Preset) -> dict[str, Any]:
    """The fields that a preset sets."""
    return _stage_fields(TrainConfig(synthetic_path="", real_path="", **PRESETS[preset]))


def _stage_fields(config: TrainConfig) -> dict[str, Any]:
    stages = [config.stage(name) for name in STAGES]
    lengths = {"steps": tuple(s.steps for s in stages), "batch_sizes": tuple(s.batch_size for s in stages)}
    return lengths | {key: getattr(config.posterior, key) for key in AUGMENTATIONS}


def reads_augmented(preset: Preset) -> bool:
    """Whether the P of a preset learns from augmented images."""
    return PRESETS[preset].get("posterior_kind") == "residual"


def free_run_path(folder: Path) -> Path:
    """The next free run path in a folder. Call it in a thread: its disk may block."""
    number = 1
    while kind_of(folder / f"run-{number}"):
        number += 1
    return folder / f"run-{number}"


def _absolute(text: str) -> str:
    return str(expanded(text).absolute()) if text.strip() else ""
