"""The time that a run still takes, from the speed of its reports."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from lsps_core.config.training import STAGES, StageConfig, TrainConfig
from lsps_core.events import Stepped
from lsps_core.runs.speeds import frame_seconds
from lsps_core.training.run import Run
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


REAL_COSTS = {"pose": 0.00003, "depth": 0.02, "posterior": 0.02}
"""Seconds per frame of a machine where depth takes 667 times as long as pose, and the posterior as long as depth."""
REPORT_S = 2.0


def largest_jump(left: TimeLeft, settings: TrainConfig) -> float:
    """The largest factor between two estimates that follow each other in a simulated run, beyond the time between."""
    estimates: list[float] = []
    for stage in STAGES:
        steps, done = settings.stage(stage).steps, 0
        step_s = REAL_COSTS[stage] * settings.stage(stage).batch_size
        while done < steps:
            since = min(max(round(REPORT_S / step_s), 1), steps - done) if done else 1
            done += since
            left.report(stage, since, 1 / (step_s if since > 1 else 20 * step_s))  # the first step of a stage is slow
            estimates.append(left.seconds(stage, done))
    long = [(before, after) for before, after in pairwise(estimates) if after > 20 * REPORT_S]  # and not nan
    assert len(long) > 100
    return max(max(before / (after + REPORT_S), after / before) for before, after in long if not math.isnan(before))


def simulated_run() -> TrainConfig:
    stages = {
        name: StageConfig(steps=steps, batch_size=8) for name, steps in zip(STAGES, (80_000, 5000, 5000), strict=True)
    }
    return replace(TrainConfig(synthetic_path="s.h5", real_path="r.h5"), **stages)


def test_the_estimate_does_not_jump_where_a_stage_begins() -> None:
    settings = simulated_run()
    mismatch = 4.0  # of the posterior's real cost and the expected one; depth's is 2
    assert largest_jump(TimeLeft(settings), settings) <= mismatch**0.25 * 1.02
    assert largest_jump(TimeLeft(settings, REAL_COSTS), settings) <= 1.02


def write_run(path: Path, config: TrainConfig, per_stage: dict[str, float]) -> None:
    run = Run.create(path, config)
    for stage, frames_per_s in per_stage.items():
        for stage_step, rate in ((1, frames_per_s / 50), (10, frames_per_s), (20, frames_per_s), (30, frames_per_s)):
            run.record(
                Stepped(stage=stage, stage_step=stage_step, step=stage_step, terms={}, frames_per_s=rate, eta_s=1)
            )


def test_costs_come_from_the_newest_finished_run_alike(tmp_path: Path) -> None:
    ours, speeds = config(), {"pose": 1000.0, "depth": 10.0, "posterior": 20.0}
    assert frame_seconds(tmp_path / "new", ours) == {}
    write_run(tmp_path / "old", replace(ours, seed=3), speeds)
    write_run(tmp_path / "partial", ours, {"pose": 1.0, "depth": 1.0})
    write_run(tmp_path / "other", replace(ours, base_channels=8), dict.fromkeys(STAGES, 1.0))
    (tmp_path / "not a run").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "events.jsonl").write_text("{")
    (tmp_path / "damaged" / "config.json").write_text("{")
    found = frame_seconds(tmp_path / "new", ours)
    assert found == pytest.approx({stage: 1 / rate for stage, rate in speeds.items()})
    assert frame_seconds(tmp_path / "old", replace(ours, seed=3)) == {}  # it does not measure itself
