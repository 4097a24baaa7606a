"""The plain regressor that the tables compare the model with."""

from __future__ import annotations

import pytest
import torch
from training_helpers import tiny_config

from lsps_core.data.store import FrameStore
from lsps_core.evaluation.evaluate import evaluate
from lsps_core.experiments.regressor import RegressorTraining

TINY = ("posterior.steps=6", "posterior.batch_size=1", "posterior.extra_annotated=7", "posterior.degrade=true")


def test_a_stopped_training_ends_as_if_never_stopped(stores, tmp_path):
    config = tiny_config(stores, *TINY)
    whole = RegressorTraining(tmp_path / "whole", config)
    assert whole.train()
    asked: list[bool] = []
    stopped = RegressorTraining(tmp_path / "stopped", config, lambda: asked.append(True) or len(asked) == 3)
    assert not stopped.train()
    assert not stopped.model_path.exists()
    events = []
    resumed = RegressorTraining(tmp_path / "stopped", config, on_event=events.append)
    assert resumed.train()
    assert [(event.kind, event.step) for event in events] == [("started", 3), ("step", 6)]
    assert [path.name for path in (tmp_path / "stopped").iterdir()] == ["regressor.safetensors"]
    expected, found = whole.load().network.state_dict(), resumed.load().network.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize(("head", "steps"), [("linear", 60), ("dense", 120)])
def test_it_learns_and_is_scored_like_a_model(stores, tmp_path, head, steps):
    events = []
    fixed = ("rotation_degrees=0", "translation_mm=0", "posterior.batch_size=16", "posterior.extra_annotated=0")
    config = tiny_config(stores, f"posterior_head={head}", f"posterior.steps={steps}", *fixed)
    training = RegressorTraining(tmp_path, config, on_event=events.append)
    assert training.train()
    assert events[-1].terms["joints"] < 0.16  # 20 mm; the hands are 36 mm from their mean
    with FrameStore(stores["real"]) as store:
        evaluation = evaluate(training.load(), store)
    assert evaluation.frames == 96
    assert evaluation.mean_error_mm < 100


def test_it_learns_from_real_labels_alone(stores, tmp_path):
    synthetic = RegressorTraining(tmp_path / "synthetic", tiny_config(stores, *TINY))
    real = RegressorTraining(tmp_path / "real", tiny_config(stores, *TINY, "annotations=real", "labels=1"))
    for training in (synthetic, real):
        assert training.train()
    weights = [training.load().network.state_dict() for training in (synthetic, real)]
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
