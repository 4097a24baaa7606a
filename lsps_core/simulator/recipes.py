"""Stores that can be simulated again, bit by bit on a CPU."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import torch

from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError
from lsps_core.simulator.parallel import usual_jobs
from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.simulate_store import simulate_store


@dataclass(frozen=True, kw_only=True)
class StoreRecipe:
    """Arguments of `lsps simulate`. role: what the store is for, where others need to know."""

    role: str
    file: str
    domain: Literal["synthetic", "sensor"]
    frames: int
    subjects: int
    seed: int
    settings: SimulationSettings = PALM

    @property
    def command(self) -> str:
        """The equivalent command."""
        options = f"--domain {self.domain} --frames {self.frames} --subjects {self.subjects} --seed {self.seed}"
        settings = "".join(f" --{name} {value}" for name, value in self.settings.to_json().items())
        return f"lsps simulate {shlex.quote(self.file)} {options}{settings}"


def make_stores(
    folder: Path,
    recipes: Sequence[StoreRecipe],
    *,
    device: str | torch.device,
    on_progress: Callable[[StoreRecipe, int], None],
) -> dict[str, Path]:
    """The stores in `folder` by role; existing ones are not simulated again.

    on_progress: the store and how many of its frames are done. ValueError if an existing store is a different one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    for store in recipes:
        path = paths[store.role] = folder / store.file
        if path.exists():
            _check(path, store)
            continue
        simulate_store(
            path,
            store.domain,
            store.frames,
            subjects=store.subjects,
            seed=store.seed,
            settings=store.settings,
            jobs=usual_jobs(store.settings),
            device=device,
            provenance={"command": store.command},
            on_progress=partial(on_progress, store),
        )
    return paths


def _check(path: Path, wanted: StoreRecipe) -> None:
    with FrameStore(path) as store:
        command = store.provenance.get("command")
    if command != wanted.command:
        raise LspsError(f"{path} is another store (created by `{command}`)", "delete it, or choose another {out}")
