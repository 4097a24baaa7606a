"""The data of the benchmarks SimHand and SimHand 2."""

from __future__ import annotations

from dataclasses import replace

from lsps_core.simulator.recipes import StoreRecipe
from lsps_core.simulator.settings import SimulationSettings

_TINY_FRAMES = 48
"""Of each store at the scale `tiny`, which only checks that everything runs."""


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
