"""The pose decoder that draws hands only, alone and in a model file and a run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from training_helpers import tiny_config

from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint, CheckpointError
from lsps_core.config.model import ModelConfig
from lsps_core.config.training import TrainConfig
from lsps_core.data.augmentation.moves import rotate_pose
from lsps_core.errors import LspsError
from lsps_core.fitting.hand import UNKNOWNS, HandModel
from lsps_core.inference import Predictor
from lsps_core.networks.kinematic import KinematicDecoder
from lsps_core.networks.numpy_decoder import numpy_pose_decoder
from lsps_core.networks.pose_vae import PoseVae
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.simulator.hand import forward_kinematics, sample_shapes
from lsps_core.simulator.poses import SENSOR_POSES, sample_poses
from lsps_core.skeleton import HAND21, SKELETONS, Skeleton, bone_levels
from lsps_core.training.run import Run
from lsps_core.training.trainer import Trainer

CHAIN = Skeleton(name="chain", joints=("c", "a", "b"), parents=(2, -1, 1), fingers=("palm",) * 3)
"""A root with one bone, and parents after their children."""
ANY = [*SKELETONS.values(), CHAIN]


def model_config(skeleton: Skeleton = HAND21) -> ModelConfig:
    count = skeleton.joint_count
    return ModelConfig(joint_count=count, base_channels=4, pose_decoder="kinematic", bones=skeleton.bones)


def hands(count: int = 300) -> Tensor:
    """Poses [N, 21, 3] of several people."""
    generator = torch.Generator().manual_seed(0)
    shape = sample_shapes(count, generator)
    joints = forward_kinematics(shape, sample_poses(SENSOR_POSES, shape, generator)) / 125
    return joints - joints.mean(dim=1, keepdim=True)


def latents(count: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(count, 20, generator=torch.Generator().manual_seed(1))


def pose_vae(skeleton: Skeleton, poses: Tensor | None = None) -> PoseVae:
    torch.manual_seed(0)
    vae = PoseVae(model_config(skeleton)).requires_grad_(False)
    if poses is not None:
        vae.decoder.fit(poses)
    return vae


def some_poses(skeleton: Skeleton, count: int = 300) -> Tensor:
    """Poses of any skeleton: draws of a decoder whose bones have lengths from 0.5 to 1.5 and rest at any angle."""
    vae, generator = pose_vae(skeleton), torch.Generator().manual_seed(2)
    bones = len(skeleton.bones)
    vae.decoder.lengths.copy_(0.5 + torch.rand(bones, generator=generator))
    vae.decoder.frames.copy_(torch.linalg.qr(torch.randn(bones, 3, 3, generator=generator))[0])
    return vae.decode(latents(count, 2.0))


def bone_lengths(poses: Tensor, skeleton: Skeleton) -> Tensor:
    parents, children = zip(*skeleton.bones, strict=True)
    return (poses[:, list(children)] - poses[:, list(parents)]).norm(dim=2)


@pytest.fixture
def kinematic() -> Checkpoint:
    """A tiny model with random weights, whose decoder knows the simulator's hands."""
    torch.manual_seed(0)
    model = TriDomainModel(model_config())
    model.pose_vae.decoder.fit(hands())
    ranges = {"latent_mean": (0.0,) * 20, "latent_std": (1.0,) * 20}
    return Checkpoint(config=model.config, skeleton=HAND21, half_mm=125.0, weights=model.state_dict(), **ranges)


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_whatever_the_latent_proportions_and_size_are_those_of_training_hands(scale):
    poses = hands()
    decoded = pose_vae(HAND21, poses).decode(latents(500, scale))
    for measure in (lambda lengths: lengths / lengths.mean(dim=1, keepdim=True), lambda lengths: lengths.mean(dim=1)):
        seen, found = (measure(bone_lengths(each, HAND21)) for each in (poses, decoded))
        assert (found >= 0.9 * seen.amin(dim=0)).all()
        assert (found <= 1.1 * seen.amax(dim=0)).all()


def test_a_decoder_learns_the_poses_of_training():
    poses = hands()
    vae = pose_vae(HAND21, poses).requires_grad_(True)
    codes = latents(len(poses)).requires_grad_()
    optimizer = torch.optim.Adam([*vae.decoder.parameters(), codes], lr=0.03)
    for _ in range(150):
        optimizer.zero_grad()
        loss = (vae.decode(codes) - poses).norm(dim=2).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() * 125 < 10  # they are 47 mm from their mean


def test_reduced_precision_of_the_image_networks_leaves_poses_exact():
    vae, latent = pose_vae(HAND21, hands()), latents(5)
    with torch.autocast("cpu", torch.bfloat16):
        decoded = vae.decode(latent)
    assert torch.equal(decoded, vae.decode(latent))


def test_a_turn_of_360_degrees_is_a_circle():
    vae = pose_vae(HAND21, hands())
    for parameter in vae.decoder.parameters():
        parameter.zero_()
    columns = vae.decoder.direct.weight[-6:]  # the hand's x axis is (z0, z1, 0), its y axis (-z1, z0, 0)
    columns[[0, 1, 3, 4], [0, 1, 1, 0]] = torch.tensor([1.0, 1.0, -1.0, 1.0])
    angle = torch.linspace(0, 2 * math.pi, 73)
    latent = torch.zeros(len(angle), 20)
    latent[:, 0], latent[:, 1] = angle.cos(), angle.sin()
    poses = vae.decode(latent)
    middle = poses[:1].mean(dim=1, keepdim=True)
    torch.testing.assert_close(poses - middle, rotate_pose(poses[:1].expand_as(poses) - middle, angle))
    torch.testing.assert_close(vae.decode(3 * latent), poses)


@pytest.mark.parametrize("skeleton", ANY, ids=lambda skeleton: skeleton.name)
def test_any_tree_of_bones_is_a_hand(skeleton):
    poses = some_poses(skeleton)
    before = bone_lengths(poses, skeleton)
    decoded = bone_lengths(pose_vae(skeleton, poses).decode(latents(100)), skeleton)
    torch.testing.assert_close(
        decoded / decoded.mean(dim=1, keepdim=True),
        (before / before.mean(dim=1, keepdim=True)).mean(dim=0).expand_as(decoded),
        atol=0.01,
        rtol=0.02,
    )


@pytest.mark.parametrize("skeleton", ANY, ids=lambda skeleton: skeleton.name)
def test_without_torch_it_gives_the_same_poses_and_derivatives(skeleton):
    vae = pose_vae(skeleton, some_poses(skeleton))
    decoder, latent = numpy_pose_decoder(vae), latents(4)
    plain = torch.autograd.functional.jacobian(lambda z: vae.decode(z).sum(dim=0), latent).permute(2, 0, 1, 3)
    torch.testing.assert_close(vae.decoder.with_jacobian(latent)[0], vae.decoder(latent))
    torch.testing.assert_close(vae.decoder.with_jacobian(latent)[1], plain.flatten(1, 2), atol=1e-5, rtol=1e-4)
    for row, pose, moves in zip(latent, vae.decode(latent), plain, strict=True):
        np.testing.assert_allclose(decoder(row.numpy()), pose, atol=1e-5)
        np.testing.assert_allclose(decoder.jacobian(row.numpy()), moves, atol=1e-5, rtol=1e-4)


def test_the_papers_decoder_has_exact_derivatives_as_well():
    torch.manual_seed(0)
    vae, latent = PoseVae(ModelConfig(joint_count=16)).requires_grad_(False), latents(3)
    plain = torch.autograd.functional.jacobian(lambda z: vae.decode(z).sum(dim=0), latent).permute(2, 0, 1, 3)
    torch.testing.assert_close(vae.decoder.with_jacobian(latent)[1], plain.flatten(1, 2))
    for row, moves in zip(latent, plain, strict=True):
        np.testing.assert_allclose(numpy_pose_decoder(vae).jacobian(row.numpy()), moves, atol=1e-6)


def test_a_fit_moves_the_hand_by_its_derivatives(kinematic):
    hand, half = HandModel.of(Predictor(kinematic)), torch.tensor([125.0, 100.0])
    unknowns = 0.5 * torch.randn(2, UNKNOWNS, generator=torch.Generator().manual_seed(0))
    plain = torch.autograd.functional.jacobian(lambda u: hand.spheres(u, half).sum(dim=0), unknowns)
    torch.testing.assert_close(hand.with_jacobian(unknowns, half)[1], plain.permute(2, 0, 1, 3), atol=1e-3, rtol=1e-3)


def test_false_annotations_do_not_widen_the_range():
    poses, vae = some_poses(HAND21, 5000), pose_vae(HAND21)
    vae.decoder.fit(poses)
    reach = vae.decoder.reach.clone()
    wrong = torch.cat([poses, torch.randn(3, 21, 3, generator=torch.Generator().manual_seed(0))])
    vae.decoder.fit(wrong)
    assert (vae.decoder.reach < 2 * reach + 0.05).all()


def test_a_model_file_keeps_the_range_of_hands(kinematic, tmp_path):
    path, latent = tmp_path / "model.safetensors", latents(5)
    checkpoint.save(kinematic, path)
    loaded = Predictor.load(path)
    assert loaded.model.config.pose_decoder == "kinematic"
    expected = kinematic.build().pose_vae.decode(latent)
    torch.testing.assert_close(loaded.decode_pose(latent), expected, check_stride=False)
    torch.testing.assert_close(loaded.model.pose_vae.decoder.lengths, kinematic.weights["pose_vae.decoder.lengths"])


def test_a_model_file_of_before_has_the_papers_decoder(untrained, tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint.save(untrained, path)
    header, weights = checkpoint.read_tensors(path)
    header["config"] = header["config"].replace('"pose_decoder": "linear", ', "")
    assert "pose_decoder" not in header["config"]
    checkpoint.write_tensors(path, weights, header)
    assert not isinstance(Predictor.load(path).model.pose_vae.decoder, KinematicDecoder)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("frames", None, "do not fit"),
        ("lengths", lambda values: values[1:], "do not fit"),
        ("reach", lambda values: values * torch.nan, "not finite"),
        ("lengths", lambda values: -values, "below 0"),
        ("frames", lambda values: 2 * values, "skewed"),
    ],
)
def test_a_damaged_range_of_hands_is_one_clear_line(kinematic, tmp_path, name, damage, message):
    path, key = tmp_path / "model.safetensors", f"pose_vae.decoder.{name}"
    weights = dict(kinematic.weights)
    values = weights.pop(key)
    checkpoint.save(replace(kinematic, weights=weights if damage is None else weights | {key: damage(values)}), path)
    with pytest.raises(CheckpointError, match=message) as caught:
        Predictor.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "parents", [(-1, -1, 0), (-1, 2, 1), (1, 0, 0)], ids=["two roots", "a circle beside", "no root"]
)
def test_bones_that_are_not_one_tree_are_an_error_of_the_setting(parents):
    skeleton = Skeleton(name="odd", joints=("a", "b", "c"), parents=parents, fingers=("palm",) * 3)
    config = TrainConfig(synthetic_path="s.h5", real_path="r.h5")
    assert config.model_config(skeleton).pose_decoder == "linear"
    with pytest.raises(LspsError, match=r"one tree.*; set pose_decoder=linear") as caught:
        config.with_settings(["pose_decoder=kinematic"]).model_config(skeleton)
    assert caught.value.field == "pose_decoder"


def test_levels_of_bones_start_at_the_root():
    assert bone_levels(CHAIN.bones, 3) == [[1], [0]]
    assert [len(level) for level in bone_levels(HAND21.bones, 21)] == [5, 5, 5, 5]


def test_a_stopped_run_ends_as_if_never_stopped_and_another_starts_from_its_model(stores, tmp_path):
    config = tiny_config(stores, "pose_decoder=kinematic", "zoom_percent=8", "pose.steps=6", "labels=1")
    whole, parts = Run.create(tmp_path / "whole", config), Run.create(tmp_path / "parts", config)
    assert Trainer(whole, config).train() == "finished"
    trainer = Trainer(parts, config, should_stop=lambda: True)
    assert trainer.train() == "stopped"
    assert trainer.stage_name == "pose"
    assert Trainer(Run(parts.path), config).train() == "finished"
    first, second = (checkpoint.load(run.model_path).weights for run in (whole, parts))
    assert all(torch.equal(weight, second[name]) for name, weight in first.items())
    later = tiny_config(
        stores, "pose_decoder=kinematic", "pose.steps=0", "depth.steps=1", f"initial_path={whole.model_path}"
    )
    started = Trainer(Run.create(tmp_path / "later", later), later).model.state_dict()
    assert all(torch.equal(weight, started[name]) for name, weight in first.items())


def test_the_range_of_hands_includes_the_sizes_of_augmentation(stores, tmp_path):
    reaches = []
    for zoom in (0, 20):
        config = tiny_config(stores, "pose_decoder=kinematic", f"zoom_percent={zoom}")
        trainer = Trainer(Run.create(tmp_path / str(zoom), config), config)
        reaches.append(float(trainer.model.pose_vae.decoder.reach[3]))
    assert reaches[0] < 0.05
    assert reaches[1] > 0.2
