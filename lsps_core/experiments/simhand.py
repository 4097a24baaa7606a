"""The SimHand benchmark's data: three stores that can be simulated again, bit by bit on a CPU."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch

from lsps_core.data.store import FrameStore
from lsps_core.simulator.simulate_store import simulate_store

_TINY_FRAMES = 96
"""Of each store at the scale `tiny`, which only checks that everything runs."""


@dataclass(frozen=True, kw_only=True)
class StoreRecipe:
    """Arguments of `lsps simulate`. role: of the store in an experiment."""

    role: Literal["synthetic", "real", "test"]
    file: str
    domain: Literal["synthetic", "sensor"]
    frames: int
    subjects: int
    seed: int

    @property
    def command(self) -> str:
        """The equivalent command."""
        options = f"--domain {self.domain} --frames {self.frames} --subjects {self.subjects} --seed {self.seed}"
        return f"lsps simulate {shlex.quote(self.file)} {options}"


RECIPE = (
    StoreRecipe(role="synthetic", file="synthetic.h5", domain="synthetic", frames=40_000, subjects=1, seed=1),
    StoreRecipe(role="real", file="sensor.h5", domain="sensor", frames=40_000, subjects=8, seed=2),
    StoreRecipe(role="test", file="test.h5", domain="sensor", frames=4_000, subjects=6, seed=1000),
)
"""One clean hand; eight people before a depth camera, in place of real frames; six others to test on."""


def recipe(is_tiny: bool) -> tuple[StoreRecipe, ...]:
    return tuple(replace(store, frames=_TINY_FRAMES) for store in RECIPE) if is_tiny else RECIPE


def make_stores(
    folder: Path,
    *,
    is_tiny: bool,
    device: str | torch.device,
    on_progress: Callable[[StoreRecipe, int], None],
) -> dict[str, Path]:
    """The benchmark's stores in `folder` by role; existing ones are not simulated again.

    on_progress: the store and how many of its frames are done. ValueError if an existing store is a different one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    for store in recipe(is_tiny):
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
            device=device,
            provenance={"command": store.command},
            on_progress=partial(on_progress, store),
        )
    return paths


def _check(path: Path, wanted: StoreRecipe) -> None:
    with FrameStore(path) as store:
        command = store.provenance.get("command")
    if command != wanted.command:
        raise ValueError(f"{path} is not this benchmark's (created by `{command}`): delete it, or choose another --out")
