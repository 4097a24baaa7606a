"""The loss of CONTRIBUTING.md: its function, its weight and its term, put where the page says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import pytest
import torch
from contributing_page import code
from test_stages import make_batch, make_model
from torch import Tensor

from lsps_core import losses
from lsps_core.config import weights as weights_module
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.training.stages import stage as stages


def worst_joint() -> Callable[[Tensor, Tensor], Tensor]:
    names = dict(vars(losses))
    exec(code("lsps_core/losses.py"), names)
    return names["worst_joint"]


@pytest.fixture
def weights_class() -> type[LossWeights]:
    names = dict(vars(weights_module))
    exec("class Contributed(LossWeights):\n" + code("lsps_core/config/weights.py, in LossWeights"), names)
    return dataclass(frozen=True, kw_only=True)(names["Contributed"])


@pytest.fixture
def stage_class(monkeypatch) -> type[stages.Stage]:
    monkeypatch.setattr(losses, "worst_joint", worst_joint(), raising=False)
    source = inspect.getsource(stages)
    anchor = '            "pose_kl": losses'
    assert source.count(anchor) == 1
    module = ModuleType("stages_with_the_loss")
    term = code("lsps_core/training/stages/stage.py, in the terms of PoseStage")
    exec(compile(source.replace(anchor, term + anchor), "stage.py", "exec"), vars(module))
    return module.PoseStage


def step(stage_class, weights):
    model = make_model()
    stage = stage_class(model, StageConfig(steps=1, batch_size=2), weights)
    terms = stage.step(make_batch(), torch.Generator().manual_seed(2))
    return terms, torch.cat([parameter.flatten() for parameter in model.pose_vae.parameters()])


def test_the_loss_of_the_page_is_the_worst_distance():
    pose, target = torch.zeros(2, 3, 3), torch.zeros(2, 3, 3)
    pose[0, 1, 2], pose[1, 0] = 3.0, torch.tensor([0.0, 0.6, 0.8])
    assert worst_joint()(pose, target).item() == pytest.approx(2.0, abs=1e-5)


def test_it_is_a_term_with_a_weight(stage_class, weights_class):
    assert weights_class.of("paper").pose_worst_joint == 0
    assert weights_class.of("compact").pose_worst_joint == 10
    assert weights_class.of("compact").pose_kl == LossWeights.of("compact").pose_kl
    _, plain = step(stages.PoseStage, LossWeights())
    terms, unweighted = step(stage_class, weights_class())
    assert terms["pose_worst_joint"] > 0
    assert torch.equal(plain, unweighted)
    _, weighted = step(stage_class, weights_class(pose_worst_joint=10.0))
    assert not torch.equal(plain, weighted)
