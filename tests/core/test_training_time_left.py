"""The time that a run still takes, from the speed of its reports."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lsps_core.config import StageConfig, TrainConfig
from lsps_core.training.time_left import TimeLeft


def config() -> TrainConfig:
    stage = StageConfig(steps=100, batch_size=10)
    return replace(TrainConfig(synthetic_path="s.h5", real_path="r.h5"), pose=stage, depth=stage, posterior=stage)


def test_nothing_is_known_before_the_second_report():
    left = TimeLeft(config())
    left.report("pose", 1, 0.1)
    assert math.isnan(left.seconds("pose", 1))


def test_the_speed_of_a_stage_counts_for_what_is_left_of_it():
    left = TimeLeft(config())
    left.report("posterior", 20, 4.0)
    assert left.seconds("posterior", 60) == pytest.approx(40 / 4)


def test_the_first_step_of_a_stage_does_not_change_the_estimate():
    left = TimeLeft(config())
    left.report("depth", 50, 5.0)
    at_the_end = left.seconds("depth", 100)
    left.report("posterior", 1, 0.01)  # its first step: kernels are chosen, memory is allocated
    after = left.seconds("posterior", 1)
    assert after == pytest.approx(at_the_end * 99 / 100)
