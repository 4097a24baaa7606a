"""Checks the files of a training run before it starts. Imports torch and HDF5: for threads only."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from explorer_app.error_words import line_of
from explorer_app.model.wording import grouped
from explorer_app.train.model.train_form import TrainForm
from lsps_core import checkpoint
from lsps_core.config.training import TrainConfig
from lsps_core.data.store import FrameStore
from lsps_core.device import resolve_device
from lsps_core.errors import field_of
from lsps_core.files import expanded, kind_of
from lsps_core.skeleton import Skeleton
from lsps_core.training.changes import apply_changes, check_resumable
from lsps_core.training.data import open_stores
from lsps_core.training.run import Run, RunError
from lsps_core.training.start import check_start

_Found = TypeVar("_Found")
_CHANGEABLE = {"synthetic_path", "real_path", "labels", "precision", "seed", "preset"}
"""Fields besides those of the stages that a change of a resumed run is shown beside."""


@dataclass(frozen=True)
class StoreFacts:
    frames: int
    annotated: int
    domain: str
    skeleton: Skeleton | None
    is_simulated: bool

    @property
    def line(self) -> str:
        share = "all annotated" if self.annotated == self.frames else f"{self.annotated / self.frames:.0%} annotated"
        parts = [f"{grouped(self.frames)} frames", share if self.annotated else "not annotated"]
        parts += [self.skeleton.name] if self.skeleton is not None else []
        return ", ".join([*parts, *(["simulated"] if self.is_simulated else [])])


@dataclass(frozen=True)
class TrainCheck:
    """Problems and notes, by field. base: config of the run to resume."""

    problems: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    base: TrainConfig | None = None

    @property
    def is_sound(self) -> bool:
        return not self.problems


def check(form: TrainForm) -> TrainCheck:
    """All checks that need no training."""
    problems: dict[str, str] = {}
    facts: dict[str, str] = {}
    base = None
    if form.run_path.strip():
        base = _check_run(form, problems, facts)
    config, wrong = form.config(base)
    problems |= wrong
    _try(problems, "device", lambda: resolve_device(form.device))
    stores: dict[str, StoreFacts] = {}
    for key in ("synthetic_path", "real_path"):
        if getattr(form, key).strip():
            found = _try(problems, key, partial(store_facts, Path(getattr(config, key))))
            if found is not None:
                stores[key] = found
    facts |= {key: store.line for key, store in stores.items()}
    if len(stores) == 2:
        _check_together(config, stores, problems)
    if form.start == "model" and form.initial_path.strip() and "initial_path" not in problems:
        _check_initial(config, stores.get("synthetic_path"), problems, facts)
    if base is not None and not problems:
        _check_changes(Run(Path(form.run_path.strip())), base, config, problems)
    return TrainCheck(problems, facts, base)


def prepare(form: TrainForm) -> Path:
    """Create the run's folder with its config, or apply the changes to the one to resume; ValueError if that fails."""
    path = expanded(form.run_path).absolute()
    if not form.is_resumed:
        config, problems = form.config()
        if problems:
            raise ValueError(next(iter(problems.values())))
        with open_stores(config):
            pass
        return Run.create(path, config).path
    run = Run(path)
    before = run.config()
    config, problems = form.config(before)
    if problems:
        raise ValueError(next(iter(problems.values())))
    with run.locked():
        apply_changes(run, before, config)
        if run.config() != config:  # only the device differs
            run.write_config(config)
    return path


def run_config(path: Path) -> TrainConfig:
    """The config of a run to resume; RunError if there is none, or it is finished."""
    run = Run(path)
    config = run.config()
    if run.model_path.exists():
        raise RunError(f"{path.name} is finished; start a new run from its model")
    return config


def store_facts(path: Path) -> StoreFacts:
    """The content of a store; ValueError if it cannot be read."""
    try:
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size)
    except OSError:
        stamp = (0, 0)
    return _store_facts(path, stamp)


@lru_cache(maxsize=32)
def _store_facts(path: Path, _stamp: tuple[int, int]) -> StoreFacts:
    with FrameStore(path) as store:
        joints = store.joints_mm
        annotated = 0 if joints is None else int(np.isfinite(joints).all(axis=(1, 2)).sum())
        return StoreFacts(len(store), annotated, store.domain, store.skeleton, store.is_simulated)


def _try(problems: dict[str, str], key: str, do: Callable[[], _Found]) -> _Found | None:
    try:
        return do()
    except (ValueError, OSError) as error:
        problems.setdefault(key, line_of(error))
        return None


def _check_run(form: TrainForm, problems: dict[str, str], facts: dict[str, str]) -> TrainConfig | None:
    path = expanded(form.run_path).absolute()
    if form.is_resumed:
        config = _try(problems, "run_path", lambda: run_config(path))
        checkpoints = Run(path).checkpoints()
        facts["run_path"] = (
            f"resumes from step {grouped(int(checkpoints[-1].stem))}" if checkpoints else "not started yet"
        )
        return config
    _try(problems, "run_path", lambda: Run.check_is_free(path))
    parent = next(folder for folder in (path, *path.parents) if kind_of(folder))
    if "run_path" not in problems and not os.access(parent, os.W_OK):
        problems["run_path"] = f"{parent} cannot be written; choose another folder"
    return None


def _check_together(config: TrainConfig, stores: dict[str, StoreFacts], problems: dict[str, str]) -> None:
    try:
        with open_stores(config):
            pass
    except ValueError as error:
        problems.setdefault(field_of(error, "synthetic_path"), line_of(error))
        return
    synthetic, real = stores["synthetic_path"], stores["real_path"]
    if config.labels > 0 and not real.annotated:
        problems["labels"] = "the real store is not annotated, so there are no labels to use; set 0 %"
    if max(real.annotated or synthetic.frames, 0) < 10:
        key = "real_path" if real.annotated else "synthetic_path"
        problems[key] = "at least 10 annotated frames are needed, because some are held out for validation"


def _check_initial(
    config: TrainConfig, synthetic: StoreFacts | None, problems: dict[str, str], facts: dict[str, str]
) -> None:
    try:
        model = checkpoint.load(Path(config.initial_path))
        facts["initial_path"] = f"{model.skeleton.name}, base {model.config.base_channels} channels"
        if synthetic is not None and synthetic.skeleton is not None:
            check_start(model, config, synthetic.skeleton)
    except (ValueError, OSError) as error:
        problems["initial_path"] = line_of(error)


def _check_changes(run: Run, before: TrainConfig, after: TrainConfig, problems: dict[str, str]) -> None:
    try:
        check_resumable(run, before, after)
    except ValueError as error:
        key = field_of(error, "run_path")
        is_shown = key in _CHANGEABLE or key.endswith((".steps", ".batch_size"))
        problems[key if is_shown else "run_path"] = line_of(error)
