"""Resume a run with changed settings: what differs, and what cannot change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsps_core.config.training import STAGES, TrainConfig
from lsps_core.events import Noted
from lsps_core.training.data import open_stores
from lsps_core.training.run import Run, RunError

_FIXED = ("preset", "base_channels", "pose_hidden", "pose_decoder", "mapping", "method", "initial_path")
"""Architecture and initial weights of the networks; a preset's settings are changed one by one."""


@dataclass(frozen=True)
class Change:
    """One setting, `key` as `lsps train --set` takes it, and its values in the run and requested."""

    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.key}: {self.before} in the run, {self.after} requested"


def changes(before: TrainConfig, after: TrainConfig) -> list[Change]:
    """Every setting that differs, except the device: a run may be resumed on any device."""
    old, new = (dict(_flat(config.to_json())) for config in (before, after))
    return [Change(key, old[key], new[key]) for key in old if key != "device" and old[key] != new[key]]


def apply_changes(run: Run, before: TrainConfig, after: TrainConfig) -> None:
    """Change the config of a run that the caller has locked, and record it in its events.

    RunError or ValueError if that is not possible; then nothing is changed.
    """
    check_resumable(run, before, after)
    found = changes(before, after)
    if found:
        run.write_config(after)
        run.record(Noted(message="changed: " + ", ".join(f"{c.key} from {c.before} to {c.after}" for c in found)))


def check_resumable(run: Run, before: TrainConfig, after: TrainConfig) -> None:
    """RunError if the run's newest checkpoint cannot be resumed with `after`, LspsError if the stores do not fit."""
    for field in ("synthetic_path", "real_path"):
        store = getattr(after, field)
        if not Path(store).exists():
            remedy = f"if it was moved, give its new path with {{{field}}}{{change}}"
            raise RunError(f"{store} does not exist", remedy, field=field)
    latest = run.latest()
    with open_stores(after) as stores:
        skeleton = stores["synthetic"].skeleton
        assert skeleton is not None
    if latest is None:
        return
    model, _, state = latest
    for change in changes(before, after):
        if change.key in _FIXED:
            raise RunError(str(change), "this cannot be changed on resume: start a new run", field=change.key)
        _check_steps(change, state["stage"], int(state["stage_step"]))
    if skeleton != model.skeleton:
        what = f"{after.synthetic_path} has the skeleton {skeleton.name}, the run's model {model.skeleton.name}"
        raise RunError(what, "this cannot be changed on resume: start a new run", field="synthetic_path")


def _check_steps(change: Change, stage: str, stage_step: int) -> None:
    """Finished steps cannot change: the numbers of later steps depend on them."""
    owner, _, key = change.key.partition(".")
    if key != "steps" or STAGES.index(owner) > STAGES.index(stage):
        return
    if owner != stage:
        raise RunError(str(change), "that stage is finished, its length cannot be changed on resume", field=change.key)
    if change.after < stage_step:
        settings = {change.key: str(stage_step)}
        remedy = f"{stage_step} are already done: set {stage_step} or more"
        raise RunError(str(change), remedy, field=change.key, settings=settings)


def _flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
