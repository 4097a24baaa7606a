"""Events of a run as curves, and a file of events that is followed while others write it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from explorer_app.train.model.run_curves import (
    POINTS,
    Curves,
    RunHistory,
    parse_baselines,
    shown_range,
    smoothed,
)
from lsps_core.events import parse


def started(step: int = 0) -> dict[str, Any]:
    return {"kind": "started", "time": 1.0 + step, "step": step, "total_steps": 100, "device": "cpu", "parameters": 9}


def stepped(step: int, value: float | None, stage: str = "pose") -> dict[str, Any]:
    counts = {"stage_step": step, "step": step, "frames_per_s": 10.0, "eta_s": 100.0 - step}
    return {"kind": "step", "time": 2.0 + step, "stage": stage, "terms": {"kl": value}, **counts}


def validated(step: int, error_mm: float, stage: str = "posterior") -> dict[str, Any]:
    event = {"kind": "validation", "time": 3.0, "stage": stage, "step": step, "mean_error_mm": error_mm}
    return event | {"best_error_mm": error_mm, "domain": "real"}


def curves_of(*events: dict[str, Any]) -> Curves:
    history = RunHistory()
    history.take(event for event in map(parse, map(json.dumps, events)) if event is not None)
    return history.curves()


def test_terms_validations_and_progress_become_series():
    saved = {"kind": "checkpoint", "time": 5.0, "stage": "pose", "step": 8, "path": "00000008.safetensors"}
    curves = curves_of(started(), stepped(4, 0.5), stepped(8, None), validated(8, 30.0), validated(9, 20.0), saved)
    assert curves.terms["pose"]["kl"].steps.tolist() == [4, 8]
    assert np.isnan(curves.terms["pose"]["kl"].values[1])
    assert (curves.step, curves.total_steps, curves.eta_s, curves.stage) == (8, 100, 92.0, "pose")
    assert curves.best_mm == (20.0, 9)
    assert curves.checkpoint == "00000008.safetensors"


def test_a_run_that_goes_on_takes_back_what_was_told_of_later_steps():
    ended = {"kind": "end", "time": 9.0, "step": 8, "reason": "failed", "message": "kl is nan"}
    assert curves_of(started(), stepped(8, 1.0), ended).end_error.what == "kl is nan"
    curves = curves_of(started(), stepped(4, 0.5), stepped(8, 1.0), ended, started(4), stepped(6, 0.25))
    assert curves.terms["pose"]["kl"].steps.tolist() == [4, 6]
    assert (curves.end_reason, curves.step) == ("", 6)


def test_what_is_told_again_of_a_step_replaces_what_was_told():
    curves = curves_of(started(), validated(8, 30.0), started(8), validated(8, 25.0))
    assert curves.validation["P"].values.tolist() == [25.0]


def test_events_that_are_not_understood_are_passed_over():
    curves = curves_of({"kind": "later"}, {"kind": "step", "time": 1.0}, {"kind": "note", "time": 2.0, "message": "hm"})
    assert curves.notes == ("hm",)


def test_long_series_are_averaged_down():
    curves = curves_of(started(), *(stepped(step, float(step % 2)) for step in range(5 * POINTS)))
    series = curves.terms["pose"]["kl"]
    assert len(series.steps) <= POINTS
    assert series.steps[-1] == 5 * POINTS - 1
    assert np.all((series.values > 0.3) & (series.values < 0.7))


def test_smoothing_keeps_means_and_gaps():
    values = np.array([0.0, 2.0, np.nan, 0.0, 2.0])
    assert np.array_equal(smoothed(values, 1), values, equal_nan=True)
    whole = smoothed(values, 20)
    assert np.allclose(whole[[0, 1, 3, 4]], 1.0)
    assert np.isnan(whole[2])


def test_the_range_leaves_outliers_out_if_wanted():
    values = np.append(np.linspace(1, 2, 1000), 1e6)
    assert shown_range([values], clip=True, log=False)[1] < 3
    assert shown_range([values], clip=False, log=False)[1] > 1e6
    low, high = shown_range([np.array([0.0, 0.1, 10.0])], clip=False, log=True)
    assert -1.2 < low < -1
    assert 1 < high < 1.2
    assert shown_range([np.array([np.nan])], clip=True, log=False) is None


def test_baselines_are_names_and_millimetres():
    assert parse_baselines("DeepPrior++ 12.3, Pose-REN 11.8mm,") == [("DeepPrior++", 12.3), ("Pose-REN", 11.8)]
    for text in ("DeepPrior++", "X -3"):
        with pytest.raises(ValueError, match="baseline"):
            parse_baselines(text)
