"""How long a run will take."""

from __future__ import annotations

import math

from lsps_core.config import STAGES, TrainConfig

_COST = {"pose": 0.003, "depth": 1.0, "posterior": 0.25}
"""Rough time per frame of each stage relative to the depth stage, to estimate stages that have not started."""


class TimeLeft:
    """Estimates it from the speed of the newest report.

    The first step of a stage takes many times as long as the others, so until the second report of a stage the speed of
    the stage before counts.
    """

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self._seconds = math.nan
        """for a frame of the depth stage"""

    def report(self, stage: str, steps: int, steps_per_s: float) -> None:
        """steps: since the last report."""
        if steps > 1:
            self._seconds = 1 / (steps_per_s * self._config.stage(stage).batch_size * _COST[stage])

    def seconds(self, stage: str, stage_step: int) -> float:
        """Until the end of the last stage, after these steps of a stage; NaN until the speed is known."""
        frames = 0.0
        for name in STAGES[STAGES.index(stage) :]:
            settings = self._config.stage(name)
            steps = settings.steps - (stage_step if name == stage else 0)
            frames += steps * settings.batch_size * _COST[name]
        return frames * self._seconds
