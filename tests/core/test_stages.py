"""Gradients only where they belong; weights applied once."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest
import torch

from lsps_core.config.model import ModelConfig
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.data.augmentation.moves import rotate, rotate_pose
from lsps_core.data.look_at import look_at
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.stages import residual_stage as residual
from lsps_core.training.stages.decoder_stage import DecoderStage
from lsps_core.training.stages.depth_stage import DepthStage
from lsps_core.training.stages.picture_stage import PictureStage
from lsps_core.training.stages.posterior_stage import PosteriorStage
from lsps_core.training.stages.residual_stage import ResidualPosteriorStage
from lsps_core.training.stages.stage import PoseStage
from lsps_core.training.stages.teacher import Teacher, TurningTeacher

NOTHING = LossWeights(**dict.fromkeys(vars(LossWeights()), 0.0))


def make_batch(labelled: bool = False) -> TriBatch:
    generator = torch.Generator().manual_seed(1)

    def frames() -> FrameBatch:
        image = torch.rand(2, 1, 128, 128, generator=generator) * 2 - 1
        return FrameBatch(
            image, torch.randn(2, 21, 3, generator=generator) * 0.3, torch.tensor([[0.3, -0.2, 5.0], [-0.6, 0.1, 4.0]])
        )

    return TriBatch(frames(), frames(), frames() if labelled else None)


def make_model(mapping: str = "latent", **config) -> TriDomainModel:
    """A model whose domains have come apart, as they do in training: they start alike, where eq. 9 is 0."""
    torch.manual_seed(0)
    model = TriDomainModel(ModelConfig(joint_count=21, base_channels=4, mapping=mapping, bones=HAND21.bones, **config))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return model


def run(stage_class, weights: LossWeights | None = None, labelled: bool = False, **config):
    """(model, names of the parameters that one step changed, its terms)."""
    model = make_model(**config)
    stage = stage_class(model, StageConfig(steps=1, batch_size=2), weights or LossWeights())
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    terms = stage.step(make_batch(labelled), torch.Generator().manual_seed(2))
    changed = {name for name, parameter in model.named_parameters() if not torch.equal(before[name], parameter)}
    return model, changed, terms


def networks(names) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    ("stage_class", "trained"),
    [
        (PoseStage, {"pose_vae"}),
        (DecoderStage, {"pose_vae"}),
        (DepthStage, {"encoder", "generator", "mapping", "discriminator"}),
        (PictureStage, {"mapping", "generator"}),
        (PosteriorStage, {"discriminator"}),
    ],
)
@pytest.mark.parametrize(
    ("labelled", "mapping", "generator"),
    [(False, "latent", "masked"), (True, "latent", "plain"), (True, "capsules", "masked"), (True, "surface", "masked")],
)
def test_a_stage_trains_its_own_networks_only(stage_class, trained, labelled, mapping, generator):
    if stage_class is PictureStage:
        generator = "masked"
    model, changed, terms = run(stage_class, labelled=labelled, mapping=mapping, generator=generator)
    assert networks(changed) == trained
    assert all(term.isfinite() and not term.requires_grad for term in terms.values())
    assert networks(name for name, parameter in model.named_parameters() if parameter.requires_grad) == trained
    assert networks(name for name, parameter in model.named_parameters() if parameter.grad is not None) == trained


def test_the_posterior_stage_leaves_the_score_head_alone():
    _, changed, _ = run(PosteriorStage)
    assert not any(name.startswith("discriminator.score_head") for name in changed)
    assert any(name.startswith("discriminator.own.real") for name in changed)


def test_the_depth_stage_trains_the_posterior_head_with_the_discriminators():
    _, changed, _ = run(DepthStage)
    assert "discriminator.posterior_head.weight" in changed


def test_labels_add_the_terms_of_real_frames_and_nothing_else():
    for stage_class, added in (
        (DepthStage, {"mapping/real", "mapping_reconstruction/real", "mapping_adversarial/real"}),
        (PosteriorStage, {"posterior/real"}),
        (PoseStage, set()),
    ):
        without, with_labels = (set(run(stage_class, labelled=labelled)[2]) for labelled in (False, True))
        assert with_labels - without == added
        assert without <= with_labels


def test_extra_frames_reach_the_picture_of_the_mapping_and_the_posterior_only():
    """The terms that extra frames must not touch are the same to the bit, those that they feed are not."""
    generator = torch.Generator().manual_seed(7)
    image = torch.rand(3, 1, 128, 128, generator=generator) * 2 - 1
    extra = FrameBatch(image, torch.randn(3, 21, 3, generator=generator) * 0.3, torch.tensor([[0.0, 0.0, 5.0]] * 3))
    terms = []
    for batch in (make_batch(), make_batch()._replace(extra=extra)):
        stage = DepthStage(make_model(), StageConfig(steps=1, batch_size=2), LossWeights(posterior=0.0))
        pictures = stage.draw(batch, torch.Generator().manual_seed(2))
        terms.append(stage.judge(batch, pictures))
        assert len(pictures.mapped["synthetic"].judged) == 2
    changed = {name for name in terms[0] if not torch.allclose(terms[0][name], terms[1][name], rtol=1e-2)}
    assert "posterior/synthetic" in changed
    assert not any(name.startswith(("feature_matching", "discriminator/real")) for name in changed)


def test_the_real_picture_of_a_synthetic_pose_is_held_to_the_translation_of_its_image():
    weights = LossWeights(**(vars(NOTHING) | {"mapping_translated": 1.0}))
    _, changed, terms = run(DepthStage, weights)
    assert networks(changed) == {"mapping", "generator"}
    assert not any("own.synthetic" in name for name in changed)
    assert "mapping_translated/real" in terms
    assert "mapping_translated/real" not in run(DepthStage)[2]


def test_pictures_alone_learn_from_annotated_frames_of_both_domains():
    synthetic = {"mapping/synthetic", "mapping_reconstruction/synthetic", "reconstruction/synthetic"}
    assert set(run(PictureStage, generator="masked")[2]) == synthetic
    _, changed, terms = run(PictureStage, labelled=True, generator="masked")
    assert networks(changed) == {"mapping", "generator"}
    assert set(terms) - synthetic == {"mapping_reconstruction/real", "reconstruction/real", "translation/synthetic"}
    assert any("own.real" in name for name in changed)


def test_the_decoder_alone_learns_from_nearest_codes_and_from_draws():
    _, changed, terms = run(DecoderStage, labelled=True)
    assert changed
    assert all(name.startswith("pose_vae.decoder.") for name in changed)
    assert 0 < terms["pose_nearest"] < terms["pose_reconstruction"]
    assert terms["pose_held"] == 0  # at the first step


def test_a_resumed_decoder_is_held_to_what_it_was_at_first():
    model = make_model()
    config = StageConfig(steps=9, batch_size=2, learning_rate=1e-2)
    stage = DecoderStage(model, config, LossWeights())
    for _ in range(3):
        stage.step(make_batch(), torch.Generator().manual_seed(2))
    resumed = DecoderStage(copy.deepcopy(model), config, LossWeights())
    resumed.load_tensors(stage.tensors())
    terms = [each.step(make_batch(), torch.Generator().manual_seed(3)) for each in (stage, resumed)]
    assert 0 < terms[0]["pose_held"] == terms[1]["pose_held"]


CONSISTENT = LossWeights(**(vars(NOTHING) | {"posterior_consistency": 1.0}))


def test_consistency_teaches_what_reads_real_images_and_nothing_else():
    _, changed, terms = run(PosteriorStage, CONSISTENT)  # of one step, a third is none
    assert networks(changed) == {"discriminator"}
    assert not any("own.synthetic" in name or "score_head" in name for name in changed)
    assert any("own.real" in name for name in changed)
    assert "posterior_consistency/real" in terms
    assert "posterior_consistency/real" not in run(PosteriorStage)[2]


def make_teacher(model, first_step: int = 0) -> Teacher:
    teacher = Teacher(model, first_step)
    teacher.follow()
    return teacher


def test_the_teacher_says_the_code_of_the_mean_pose_of_turned_renderings():
    model, image = make_model(), make_batch().real.image
    start = 2 * math.pi * torch.rand(2, generator=torch.Generator().manual_seed(2))
    poses = []
    with torch.no_grad():
        code = model.encoder(image, "real")
        for place, domain in enumerate(("real", "real", "synthetic", "synthetic")):
            angle = start + place * math.pi / 2
            cos, sin, zero = angle.cos(), angle.sin(), torch.zeros(2)
            matrix = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, zero + 1], dim=1).view(2, 3, 3)
            picture = rotate(model.generator(code, domain), angle)
            found = model.discriminator.posterior(model.discriminator.features(picture, domain))
            poses.append(model.pose_vae.decode(found) @ matrix)  # turned back
        expected = model.pose_vae.encode(torch.stack(poses).mean(dim=0)).mean
    told = make_teacher(model)(image, torch.Generator().manual_seed(2))
    torch.testing.assert_close(told, expected)


def test_the_teacher_lags_behind_what_it_follows():
    model = make_model()
    teacher = make_teacher(model)
    before = model.discriminator.posterior_head.weight.detach().clone()
    with torch.no_grad():
        model.discriminator.posterior_head.weight.add_(1.0)
    teacher.follow()
    moved = teacher.tensors()["teacher/module.posterior_head.weight"] - before
    torch.testing.assert_close(moved, torch.full_like(moved, 0.005))


def test_consistency_waits_for_a_third_of_the_stage_and_resumes_there():
    model = make_model()
    stage = PosteriorStage(model, StageConfig(steps=6, batch_size=2), CONSISTENT)
    terms = [stage.step(make_batch(), torch.Generator().manual_seed(2)) for _ in range(2)]
    assert not any("posterior_consistency/real" in step for step in terms)
    resumed_model = make_model()
    resumed_model.load_state_dict(model.state_dict())
    resumed = PosteriorStage(resumed_model, StageConfig(steps=6, batch_size=2), CONSISTENT)
    resumed.load_tensors({name: tensor.clone() for name, tensor in stage.tensors().items()})
    for _ in range(2):
        one, other = (each.step(make_batch(), torch.Generator().manual_seed(3)) for each in (stage, resumed))
        assert one["posterior_consistency/real"] == other["posterior_consistency/real"]
    for name, tensor in stage.tensors().items():
        assert torch.equal(tensor, resumed.tensors()[name]), name


def test_consistency_can_be_asked_for_on_resume():
    model, config = make_model(), StageConfig(steps=3, batch_size=2)
    without = PosteriorStage(model, config, LossWeights(**(vars(NOTHING) | {"posterior": 1.0})))
    without.step(make_batch(), torch.Generator().manual_seed(2))
    stage = PosteriorStage(model, config, CONSISTENT)
    stage.load_tensors(without.tensors())
    terms = [stage.step(make_batch(), torch.Generator().manual_seed(2)) for _ in range(2)]
    assert ["posterior_consistency/real" in step for step in terms] == [False, True]


def test_all_annotated_synthetic_images_are_translated():
    model, batch = make_model(), make_batch()
    batch = batch._replace(extra=make_batch(labelled=True).labelled)
    weights = LossWeights(**(vars(NOTHING) | {"posterior_translated": 1.0, "feature_matching": 1.0}))
    stage = PosteriorStage(model, StageConfig(steps=1, batch_size=2), weights)
    counts = {}
    with torch.no_grad():
        for key, pictures in stage.render(batch, batch.annotated(), torch.Generator().manual_seed(2)).items():
            counts[key] = len(pictures)
    assert counts == {
        ("real", "real"): 2,
        ("synthetic", "real"): 4,
        ("real", "synthetic"): 2,
        ("synthetic", "synthetic"): 2,
    }


def test_the_pose_of_an_unlabelled_real_frame_is_never_used():
    """NaN poses of the real batch leave every term finite."""
    model = make_model()
    batch = make_batch()
    hidden = TriBatch(batch.synthetic, batch.real._replace(pose=torch.full((2, 21, 3), torch.nan)), None)
    weights = LossWeights(posterior_translated=1.0, posterior_consistency=1.0)
    for stage_class in (PoseStage, DepthStage, PosteriorStage):
        stage = stage_class(model, StageConfig(steps=1, batch_size=2), weights)
        terms = stage.step(hidden, torch.Generator().manual_seed(2))
        assert all(term.isfinite() for term in terms.values())


@pytest.mark.parametrize(
    ("key", "trained"),
    [
        ("reconstruction", {"encoder", "generator"}),
        ("depth_kl", {"encoder", "generator"}),  # the generator by the code of its translation
        ("mapping", {"encoder", "mapping"}),
        ("mapping_reconstruction", {"generator", "mapping"}),
        ("posterior", {"discriminator"}),
        ("adversarial", {"encoder", "generator", "mapping", "discriminator"}),
        ("feature_matching_depth", {"discriminator"}),
    ],
)
def test_a_term_of_the_depth_stage_reaches_the_networks_of_its_equation(key, trained):
    weights = LossWeights(**(vars(NOTHING) | {key: 1.0}))
    _, changed, _ = run(DepthStage, weights)
    assert networks(changed) == trained


def test_a_weight_scales_its_gradient_once():
    def gradient(weight: float) -> torch.Tensor:
        model = make_model()
        weights = LossWeights(**(vars(NOTHING) | {"posterior": weight}))
        stage = PosteriorStage(model, StageConfig(steps=1, batch_size=2), weights)
        stage.step(make_batch(), torch.Generator().manual_seed(2))
        return model.discriminator.posterior_head.weight.grad

    torch.testing.assert_close(gradient(6.0), 2 * gradient(3.0))


def test_a_step_is_a_function_of_batch_and_generator():
    first, second = (run(DepthStage)[0].state_dict() for _ in range(2))
    for name, weight in first.items():
        assert torch.equal(weight, second[name])


RESIDUAL = {"posterior_kind": "residual", "posterior_width": 8}


HEADS = pytest.mark.parametrize("head", ["linear", "dense"])


def residual_stage(
    weights: LossWeights, steps: int = 3, head: str = "linear", **settings
) -> tuple[TriDomainModel, ResidualPosteriorStage]:
    model = make_model(**RESIDUAL, posterior_head=head)
    return model, ResidualPosteriorStage(model, StageConfig(steps=steps, batch_size=2, **settings), weights)


def noise() -> torch.Generator:
    return torch.Generator().manual_seed(2)


@HEADS
def test_a_residual_posterior_is_trained_alone_on_every_kind_of_labelled_image(head):
    weights = replace(NOTHING, posterior=1.0, posterior_labelled=1.0, posterior_translated=1.0, posterior_joints=1.0)
    model, stage = residual_stage(weights, head=head)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    terms = stage.step(make_batch(labelled=True), noise())
    kinds = ["posterior/synthetic", "posterior/real", "posterior_translated/real"]
    compared = ["posterior_joints", "posterior_direct"] if head == "dense" else ["posterior_joints"]
    joints = [f"{name}/{kind}" for name in compared for kind in ("synthetic", "real", "translated")]
    assert set(terms) == {*kinds, *joints}
    changed = {name for name, parameter in model.named_parameters() if not torch.equal(before[name], parameter)}
    assert networks(changed) == {"residual_posterior"}


@HEADS
def test_joints_of_a_residual_posterior_are_compared_through_the_decoder(head):
    model, stage = residual_stage(replace(NOTHING, posterior_joints=1.0), head=head)
    batch = make_batch()
    with torch.no_grad():
        view, rotation = look_at(batch.synthetic.image, batch.synthetic.center)
        model.train()  # normalised by the batch, as in a step
        decoded = model.pose_vae.decode(model.posterior(view, "synthetic")) @ rotation.mT
        poses = {"posterior_joints/synthetic": decoded}
        if head == "dense":
            poses["posterior_direct/synthetic"] = model.residual_posterior(view) @ rotation.mT
    terms = stage.step(batch, noise())
    for name, found in poses.items():
        expected = (found - batch.synthetic.pose).square().sum(dim=2).sqrt().mean()
        torch.testing.assert_close(terms[name], expected)


@pytest.mark.parametrize("change", ["degrade", "occlude"])
def test_only_what_the_posterior_reads_is_changed(monkeypatch, change):
    shown = []
    monkeypatch.setattr(residual, change, lambda image, _generator: shown.append(image) or image)
    weights = replace(NOTHING, posterior=1.0, posterior_translated=1.0, posterior_consistency=1.0)
    for is_on in (False, True):
        _, stage = residual_stage(weights, steps=1, **{change: is_on})
        stage.step(make_batch(), noise())
    assert [len(images) for images in shown] == [6]  # synthetic, translated and unlabelled ones, once


@HEADS
def test_a_residual_posterior_learns_from_its_teacher_where_that_is_sure(head):
    weights = replace(NOTHING, posterior_consistency=1.0)
    _, stage = residual_stage(weights, steps=1, head=head)
    terms = stage.step(make_batch(), noise())
    assert terms["posterior_consistency/real"] >= 0


def test_a_turning_teacher_says_the_mean_pose_and_how_sure_it_is():
    model = make_model(**RESIDUAL)
    teacher = TurningTeacher(model, 0)
    teacher.follow()
    image = make_batch().real.image
    pose, sure = teacher(image, noise())
    assert pose.shape == (2, 21, 3)
    start = 2 * math.pi * torch.rand(2, generator=noise())
    poses = []
    with torch.no_grad():
        for place in range(3):
            angle = start + place * 2 * math.pi / 3
            found = model.pose_vae.decode(teacher.network(rotate(image, angle)))
            poses.append(rotate_pose(found, -angle))
    mean = torch.stack(poses).mean(dim=0)
    torch.testing.assert_close(pose, mean)
    spread = (torch.stack(poses) - mean).norm(dim=3).mean(dim=(0, 2))
    torch.testing.assert_close(sure, (1 - spread / 0.16).clamp(min=0))


def test_a_turning_teacher_does_not_depend_on_running_statistics():
    """Averages of them do not fit the average of weights."""
    model = make_model(**RESIDUAL)
    teacher, image = TurningTeacher(model, 0), make_batch().real.image
    pose, _ = teacher(image, noise())
    for name, buffer in teacher.network.named_buffers():
        if name.endswith("running_mean"):
            buffer.fill_(100.0)
    torch.testing.assert_close(teacher(image, noise())[0], pose)


def test_the_depth_stage_leaves_a_residual_posterior_as_it_is():
    model = make_model(**RESIDUAL)
    before = {name: value.clone() for name, value in model.residual_posterior.state_dict().items()}
    terms = DepthStage(model, StageConfig(steps=1, batch_size=2), LossWeights()).step(make_batch(), noise())
    assert "posterior/synthetic" not in terms
    after = model.residual_posterior.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not hasattr(model.discriminator, "posterior_head")
