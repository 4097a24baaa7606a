from __future__ import annotations

import pytest

from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig


def config(**changes) -> TrainConfig:
    return TrainConfig(synthetic_path="s.h5", real_path="r.h5", **changes)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_config_survives_json(preset):
    whole = config(**PRESETS[preset], seed=3)
    assert TrainConfig.from_json(whole.to_json()) == whole


def test_the_paper_preset_is_the_paper():
    paper = config(**PRESETS["paper"])
    assert (paper.base_channels, paper.pose_hidden) == (64, 30)
    assert [(s.steps, s.batch_size, s.learning_rate) for s in (paper.pose, paper.depth, paper.posterior)] == [
        (200_000, 128, 1e-4),
        (500_000, 1, 1e-4),
        (50_000, 32, 1e-4),
    ]
    weights = paper.weights
    assert weights.pose_kl == weights.depth_kl == 0.1
    assert weights.pose_reconstruction == weights.reconstruction == weights.mapping == 100
    assert weights.adversarial == weights.posterior == 10
    assert (weights.mapping_reconstruction, weights.feature_matching) == (10_000, 1)
    assert (weights.feature_matching_depth, weights.posterior_translated) == (0.0001, 0)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_name_of_the_preset_matches_the_values(preset):
    assert config(**PRESETS[preset]).preset == preset
    assert (config(**PRESETS[preset]) == config()) == (preset == "paper")


def test_settings_reach_their_place_with_their_type():
    changed = config().with_settings(["depth.steps=7", "weights.mapping=0.5", "seed=4", "precision=bfloat16"])
    assert (changed.depth.steps, changed.weights.mapping, changed.seed) == (7, 0.5, 4)
    assert changed.precision == "bfloat16"
    assert changed.pose == config().pose


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("depth.stepz=1", "no such setting"),
        ("depth=1", "no such setting"),
        ("depth.steps", "no such setting"),
        ("depth.steps=many", "not a whole number"),
        ("depth.batch_size=0", "batch_size must be positive"),
        ("depth.steps=-1", "steps must be 0"),
        ("weights.mapping=-1", "weights.mapping must be 0 or more"),
        ("labels=2", "share of the real frames"),
        ("precision=float16", "precision must be one of"),
        ("base_channels=6", "multiple of 4"),
        ("posterior.pictures_alone=true", "only the depth stage trains M and G; set depth.pictures_alone"),
        ("depth.pictures_alone=true", "needs generator=masked; set generator=masked"),
        ("depth.decoder_alone=true", "only the pose stage trains G_y; set pose.decoder_alone"),
        ("pose.decoder_alone=true", "needs a trained model; set initial_path to the model"),
    ],
)
def test_a_wrong_setting_is_named(setting, message):
    with pytest.raises(ValueError, match=message):
        config().with_settings([setting])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "unknown setting colour"),
        ({"seed": "three"}, "seed must be a int"),
        ({"depth": 5}, "must be an object"),
        ({"depth": {"steps": 1}}, "missing setting depth.batch_size"),
    ],
)
def test_a_wrong_file_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.from_json(config().to_json() | change)
