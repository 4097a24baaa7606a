"""How long a run will take."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lsps_core.config.training import STAGES, TrainConfig

_COST = {"pose": 0.003, "depth": 1.0, "posterior": 0.25}
"""Rough time per frame of each stage relative to the depth stage, where no earlier run has measured it."""
_NEWEST = 0.25
"""Weight of the newest report. A stage that costs r times what was expected changes the estimate by r ** 0.25 at its
first report, and by 0.9 of the whole after eight."""


class TimeLeft:
    """Estimates it from the speed of the reports: their geometric mean, in which older ones fade.

    The first step of a stage takes many times as long as the others, so until the second report of a stage the speed of
    the stage before counts. costs: of a frame of each stage, of which only the ratios matter; see `frame_seconds`.
    """

    def __init__(self, config: TrainConfig, costs: Mapping[str, float] | None = None) -> None:
        self._config = config
        self._costs = costs or _COST
        self._seconds = math.nan
        """for a frame, in units of its stage's cost"""

    def report(self, stage: str, steps: int, steps_per_s: float) -> None:
        """steps: since the last report."""
        if steps > 1:
            newest = 1 / (steps_per_s * self._config.stage(stage).batch_size * self._costs[stage])
            is_first = math.isnan(self._seconds)
            self._seconds = newest if is_first else self._seconds ** (1 - _NEWEST) * newest**_NEWEST

    def seconds(self, stage: str, stage_step: int) -> float:
        """Until the end of the last stage, after these steps of a stage; NaN until the speed is known."""
        frames = 0.0
        for name in STAGES[STAGES.index(stage) :]:
            settings = self._config.stage(name)
            steps = settings.steps - (stage_step if name == stage else 0)
            frames += steps * settings.batch_size * self._costs[name]
        return frames * self._seconds
