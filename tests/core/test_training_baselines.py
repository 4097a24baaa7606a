"""What the rows of the paper's tables are made of: other starts, other annotations, the crossed baseline."""

from __future__ import annotations

import math

import pytest
import torch
from training_helpers import events, tiny_config

from lsps_core import checkpoint
from lsps_core.config.model import ModelConfig
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.data.augmentation.moves import rotate_pose
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.run import Run
from lsps_core.training.stages import crossing_nets
from lsps_core.training.stages.crossing_nets import CrossingDepthStage, CrossingPosteriorStage
from lsps_core.training.stages.depth_stage import DepthStage
from lsps_core.training.stages.posterior_stage import PosteriorStage
from lsps_core.training.trainer import Trainer

REAL_ONLY = ("labels=0.5", "annotations=real")
NO_TRANSFER = ("weights.feature_matching=0", "weights.posterior_translated=0")


def make_batch(synthetic_is_annotated: bool) -> TriBatch:
    """Synthetic poses are NaN where they must not be used."""
    generator = torch.Generator().manual_seed(1)

    def frames(known: bool) -> FrameBatch:
        image = torch.rand(2, 1, 128, 128, generator=generator) * 2 - 1
        pose = torch.randn(2, 21, 3, generator=generator) * 0.3
        center = torch.tensor([[0.0, 0.0, 5.0]] * 2)
        return FrameBatch(image, pose if known else torch.full_like(pose, torch.nan), center)

    synthetic, real, labelled = frames(synthetic_is_annotated), frames(False), frames(True)
    return TriBatch(synthetic, real, labelled, synthetic_is_annotated=synthetic_is_annotated)


def one_step(stage_class, batch: TriBatch, weights: LossWeights | None = None):
    """(names of the parameters that one step changed, terms)."""
    torch.manual_seed(0)
    model = TriDomainModel(ModelConfig(joint_count=21, base_channels=4))
    stage = stage_class(model, StageConfig(steps=1, batch_size=2), weights or LossWeights())
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    terms = stage.step(batch, torch.Generator().manual_seed(2))
    assert stage.guard.non_finite_step() is None
    return {name for name, parameter in model.named_parameters() if not torch.equal(before[name], parameter)}, terms


@pytest.mark.parametrize("stage_class", [DepthStage, PosteriorStage])
def test_with_real_annotations_only_no_synthetic_pose_is_used(stage_class):
    weights = LossWeights(posterior_translated=0.0)
    _, terms = one_step(stage_class, make_batch(synthetic_is_annotated=False), weights)
    assert any(name in terms for name in ("posterior/real", "mapping/real"))
    assert not {"posterior/synthetic", "mapping/synthetic", "posterior_translated/real"} & terms.keys()


def test_the_crossed_baseline_draws_codes_of_turned_annotated_poses():
    torch.manual_seed(0)
    model, labelled = TriDomainModel(ModelConfig(joint_count=21, base_channels=4)), make_batch(True).labelled
    with torch.no_grad():
        model.pose_vae.log_variance.weight.zero_()
        model.pose_vae.log_variance.bias.fill_(-40.0)  # the codes are the means
    codes = crossing_nets._turned_codes(model, labelled, 5, torch.Generator().manual_seed(2))
    angle = 2 * math.pi * torch.rand(2, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(codes, model.pose_vae.encode(rotate_pose(labelled.pose, angle)).mean)


def test_without_transfer_the_posterior_learns_from_annotated_images_alone():
    weights = LossWeights(feature_matching=0.0)
    changed, terms = one_step(PosteriorStage, make_batch(synthetic_is_annotated=False), weights)
    assert terms.keys() == {"posterior/real"}
    assert not any("own.synthetic" in name for name in changed)


def test_annotated_real_frames_have_a_weight_of_their_own_in_the_posterior_stage():
    weights = LossWeights(feature_matching=0.0, posterior_labelled=0.0)
    changed, terms = one_step(PosteriorStage, make_batch(synthetic_is_annotated=False), weights)
    assert terms.keys() == {"posterior/real"}
    assert not changed


@pytest.mark.parametrize(
    ("stage_class", "trained"),
    [
        (CrossingDepthStage, {"generator", "mapping", "discriminator"}),
        (CrossingPosteriorStage, {"discriminator"}),
    ],
)
def test_the_crossed_baseline_touches_no_synthetic_network_and_no_synthetic_frame(stage_class, trained):
    batch = make_batch(synthetic_is_annotated=False)
    batch.synthetic.image.fill_(torch.nan)
    changed, terms = one_step(stage_class, batch)
    assert {name.partition(".")[0] for name in changed} == trained
    assert not any("own.synthetic" in name for name in changed)
    assert all(term.isfinite() for term in terms.values())
    assert {"posterior/real", "posterior/drawn"} <= terms.keys()


@pytest.mark.parametrize("method", ["lsps", "crossing_nets"])
def test_a_run_on_real_annotations_alone_goes_through_all_stages(stores, tmp_path, method):
    config = tiny_config(stores, *REAL_ONLY, *NO_TRANSFER, f"method={method}")
    run = Run.create(tmp_path / "run", config)
    assert Trainer(run, config).train() == "finished"
    assert all(weight.isfinite().all() for weight in checkpoint.load(run.model_path).weights.values())


def test_a_run_starts_from_the_model_that_is_named(stores, tmp_path):
    first = tiny_config(stores)
    run = Run.create(tmp_path / "first", first)
    Trainer(run, first).train()
    second = tiny_config(
        stores, "pose.steps=0", "depth.steps=0", "rotation_degrees=5", f"initial_path={run.model_path}"
    )  # its poses are others: they must not move the sliders
    again = Run.create(tmp_path / "second", second)
    assert Trainer(again, second).train() == "finished"
    old, new = (checkpoint.load(path) for path in (run.model_path, again.model_path))
    changed = {name.partition(".")[0] for name in old.weights if not torch.equal(old.weights[name], new.weights[name])}
    assert changed == {"discriminator"}
    assert new.latent_mean == old.latent_mean
    assert new.latent_covariance == old.latent_covariance is not None
    assert torch.equal(new.prior_codes, old.prior_codes)
    assert new.training["config"]["initial_path"] == "model.safetensors"
    assert events(again.path)[-1]["step"] == second.posterior.steps


def test_m_and_g_alone_may_be_replaced_by_others_of_another_kind(stores, tmp_path):
    first = tiny_config(stores, "mapping=bones", "generator=plain", "depth.steps=0", "posterior.steps=0")
    path = Run.create(tmp_path / "first", first).model_path
    Trainer(Run(tmp_path / "first"), first).train()
    alone = ("mapping=surface", "generator=masked", "depth.pictures_alone=true", f"initial_path={path}")
    config = tiny_config(stores, *alone, "pose.steps=0", "posterior.steps=0")
    run = Run.create(tmp_path / "run", config)
    assert Trainer(run, config).train() == "finished"
    old, new = (checkpoint.load(path) for path in (path, run.model_path))
    assert (old.config.mapping, new.config.mapping) == ("bones", "surface")
    assert (old.config.generator, new.config.generator) == ("plain", "masked")
    others = ("mapping.", "generator.")
    kept = [name for name in old.weights if not name.startswith(others)]
    assert set(new.weights) - set(kept) == {name for name in new.weights if name.startswith(others)}
    assert all(torch.equal(old.weights[name], new.weights[name]) for name in kept)
    assert new.training["steps"] == {"pose": 0, "depth": config.depth.steps, "posterior": 0}
    with pytest.raises(ValueError, match="other networks"):
        Trainer(Run(tmp_path), config.with_settings(["depth.pictures_alone=false"]))


def test_p_gets_another_head_and_keeps_the_layers_before_it(stores, tmp_path):
    settings = ["posterior_kind=residual", "posterior_width=8", "posterior_head=linear"]
    first = tiny_config(stores, *settings, "pose.steps=1", "depth.steps=0")
    path = Run.create(tmp_path / "first", first).model_path
    Trainer(Run(tmp_path / "first"), first).train()
    dense = first.with_settings(["posterior_head=dense", "pose.steps=0", f"initial_path={path}"])
    run = Run.create(tmp_path / "dense", dense)
    trainer = Trainer(run, dense)
    started = trainer.model.state_dict()
    kept = [name for name, value in checkpoint.load(path).weights.items() if torch.equal(started[name], value)]
    assert {name.split(".")[1] for name in kept if name.startswith("residual_posterior.")} == {"stem", "blocks", "head"}
    assert "residual_posterior.head.3.weight" not in kept
    assert trainer.train() == "finished"
    assert checkpoint.load(run.model_path).config.posterior_head == "dense"
    with pytest.raises(ValueError, match="other networks"):  # it would stay at random
        Trainer(Run(tmp_path), dense.with_settings(["posterior.steps=0"]))


def test_a_p_on_the_trunk_has_no_head_to_compare(stores, tmp_path):
    first = tiny_config(stores, "posterior_kind=trunk", "posterior_head=linear", "posterior.steps=0", "depth.steps=0")
    run = Run.create(tmp_path / "first", first)
    Trainer(run, first).train()
    again = first.with_settings(["posterior_head=dense", "pose.steps=0", f"initial_path={run.model_path}"])
    assert Trainer(Run.create(tmp_path / "again", again), again).config.posterior_head == "dense"


def test_a_start_of_other_widths_is_refused(stores, tmp_path, untrained):
    path = tmp_path / "other.safetensors"
    checkpoint.save(untrained, path)
    config = tiny_config(stores, "base_channels=8", f"initial_path={path}")
    with pytest.raises(ValueError, match="other networks"):
        Trainer(Run(tmp_path), config)


@pytest.mark.parametrize(
    "settings", [["method=crossing_nets"], ["annotations=real"], ["method=crossing_nets", "labels=0.1"]]
)
def test_a_baseline_without_annotations_is_refused(stores, settings):
    with pytest.raises(ValueError, match=r"labels|real"):
        tiny_config(stores, *settings)
