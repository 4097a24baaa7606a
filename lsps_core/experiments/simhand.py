"""The data of the benchmarks SimHand and SimHand 2: stores that can be simulated again, bit by bit on a CPU."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch

from lsps_core.data.store import FrameStore
from lsps_core.simulator.parallel import usual_jobs
from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.simulate_store import simulate_store

_TINY_FRAMES = 48
"""Of each store at the scale `tiny`, which only checks that everything runs."""


@dataclass(frozen=True, kw_only=True)
class StoreRecipe:
    """Arguments of `lsps simulate`. role: of the store in an experiment, which leaves `left_out` alone."""

    role: Literal["synthetic", "real", "test", "left_out"]
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


_SIMHAND = (
    StoreRecipe(role="synthetic", file="synthetic.h5", domain="synthetic", frames=40_000, subjects=1, seed=1),
    StoreRecipe(role="real", file="sensor.h5", domain="sensor", frames=40_000, subjects=8, seed=2),
    StoreRecipe(role="test", file="test.h5", domain="sensor", frames=4_000, subjects=6, seed=1000),
)
"""One clean hand; eight people before a depth camera, in place of real frames; six others to test on."""

_CLEAN = SimulationSettings(views="any")
_FILMED = SimulationSettings(views="any", things=0.33, camera="sr300,kinect,tof", crop="found")
_LEFT_OUT = replace(_FILMED, camera="d415")
_SIMHAND2 = (
    StoreRecipe(
        role="synthetic", file="synthetic.h5", domain="synthetic", frames=60_000, subjects=1, seed=21, settings=_CLEAN
    ),
    StoreRecipe(role="real", file="sensor.h5", domain="sensor", frames=60_000, subjects=16, seed=22, settings=_FILMED),
    StoreRecipe(role="test", file="test.h5", domain="sensor", frames=6_000, subjects=8, seed=1021, settings=_FILMED),
    StoreRecipe(
        role="left_out",
        file="test_left_out.h5",
        domain="sensor",
        frames=2_000,
        subjects=8,
        seed=1022,
        settings=_LEFT_OUT,
    ),
)
"""One clean empty hand from all sides; sixteen people before three cameras, a third of the frames with things, crops as
the search finds them; eight others with other things before the same cameras to test on, and before a camera that no
training frame is of, which is a test apart."""

RECIPES = {"simhand": _SIMHAND, "simhand2": _SIMHAND2}
"""By the name of the experiment."""


def recipe(name: str, is_tiny: bool) -> tuple[StoreRecipe, ...]:
    stores = RECIPES[name]
    return tuple(replace(store, frames=_TINY_FRAMES) for store in stores) if is_tiny else stores


def make_stores(
    folder: Path,
    name: str,
    *,
    is_tiny: bool,
    device: str | torch.device,
    on_progress: Callable[[StoreRecipe, int], None],
) -> dict[str, Path]:
    """The stores of one of RECIPES in `folder` by role; existing ones are not simulated again.

    on_progress: the store and how many of its frames are done. ValueError if an existing store is a different one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    for store in recipe(name, is_tiny):
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
        raise ValueError(f"{path} is not this benchmark's (created by `{command}`): delete it, or choose another --out")
