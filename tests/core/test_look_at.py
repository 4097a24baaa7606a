"""What is known of a frame beside its image: where its cube is from the camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from lsps_core.camera import Camera
from lsps_core.config.model import ModelConfig
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.data.augmentation.moves import rotate_pose
from lsps_core.data.crop import FAR_FACE, camera_center, crop_pixels, normalise, to_joints_mm, to_pose
from lsps_core.data.look_at import look_at, rotation_to, usual_center
from lsps_core.fitting.observation import crop_points
from lsps_core.inference import Predictor
from lsps_core.networks.capsules import seen_from
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.simulator.simulate import simulate
from lsps_core.skeleton import HAND21
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.stages.residual_stage import ResidualPosteriorStage

ROOT = Path(__file__).resolve().parents[2]
CENTER = torch.tensor([[120.0, -60.0, 500.0], [-80.0, 150.0, 700.0]])
HALF = torch.tensor([125.0, 110.0])


@pytest.fixture(scope="module")
def frames():
    """(image, pose, center_mm, half_mm) of 16 clean hands."""
    part = next(iter(simulate("synthetic", 16, seed=3)))
    center, half = torch.from_numpy(part.center_mm), torch.from_numpy(part.half_mm)
    image = normalise(torch.from_numpy(part.depth_mm.astype(np.float32)), center, half)
    return image, to_pose(torch.from_numpy(part.joints_mm), center, half), center, half


def measured(image, center):
    """[B, S², 3]: the points of images, in half cubes, and where there are some."""
    return crop_points(image[:, 0], center, torch.ones(len(image))).flatten(1, 2), (image < FAR_FACE).flatten(1)


def test_the_turned_camera_measures_the_same_points(frames):
    image, _, center_mm, half = frames
    center = camera_center(center_mm, half)
    view, rotation = look_at(image, center)
    before, was_measured = measured(image, center)
    ahead = functional.pad(center.norm(dim=1, keepdim=True), (2, 0))
    found, is_measured = measured(view, ahead)
    assert 0.9 < is_measured.sum() / was_measured.sum() < 1.1
    for index, turn in enumerate(rotation):
        old, new = before[index][was_measured[index]], found[index][is_measured[index]][::7]
        inner = new[new.abs().amax(dim=1) < 0.8]  # at the edges of the crop some are lost
        assert torch.cdist(inner @ turn.mT, old).amin(dim=1).quantile(0.9) < 0.02  # a pixel is 0.016
        assert torch.cdist(inner, old).amin(dim=1).quantile(0.9) > 0.03


def test_before_the_camera_nothing_is_turned(frames):
    image, *_ = frames
    view, rotation = look_at(image, usual_center(image))
    torch.testing.assert_close(view, torch.where(image >= FAR_FACE, 1.0, image), atol=1e-5, rtol=0)
    assert torch.equal(rotation, torch.eye(3).expand(16, 3, 3))


def test_a_generators_background_is_not_turned(frames):
    """It is nearly as far as the far face: as a plane it would lean into the hand."""
    image, _, center_mm, half = frames
    center = camera_center(center_mm, half)
    drawn = torch.where(image >= FAR_FACE, 0.97, image)
    assert torch.equal(look_at(drawn, center)[0], look_at(image, center)[0])


def test_the_rotation_takes_the_optical_axis_to_the_centre():
    center = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) + torch.tensor([0.0, 0.0, 4.0])
    rotation = rotation_to(center)
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5, rtol=0)
    assert (torch.linalg.det(rotation) > 0).all()
    torch.testing.assert_close(rotation[:, :, 2], functional.normalize(center, dim=1), atol=1e-5, rtol=0)
    across = torch.linalg.cross(torch.tensor([0.0, 0.0, 1.0]).expand(50, 3), center, dim=1)  # the axis stays
    torch.testing.assert_close((rotation @ across[..., None])[..., 0], across, atol=1e-5, rtol=0)


def test_p_reads_the_view_and_its_code_is_of_the_frames_axes(frames):
    predictor = Predictor.load(ROOT / "resources/models/compact.safetensors")
    image, pose, center_mm, half = frames
    center = camera_center(center_mm, half)
    view, rotation = look_at(image, center)
    turned = predictor.predict_pose(view, "synthetic") @ rotation.mT
    read = predictor.predict_pose(image, "synthetic", center)
    off = (read - turned).norm(dim=2)  # a search for the nearest hand may end at another one in other axes
    assert off.mean() < 0.01
    assert off.max() < 0.1
    as_it_is = predictor.predict_pose(image, "synthetic")
    ahead = predictor.predict_pose(image, "synthetic", usual_center(image))
    torch.testing.assert_close(ahead, as_it_is, atol=0.02, rtol=0)
    assert (read - pose).norm(dim=2).mean() < (as_it_is - pose).norm(dim=2).mean()


def test_a_search_that_finds_no_nearer_code_keeps_the_one_that_was_read(untrained):
    vae = untrained.build().pose_vae
    start = torch.randn(4, 20, generator=torch.Generator().manual_seed(0))
    assert torch.equal(vae.nearest(torch.full((4, 21, 3), torch.nan), start), start)
    assert torch.equal(vae.nearest(vae.decode(start), start), start)


def test_a_stage_learns_from_the_view(frames):
    """A frame beside the axis gives the terms that its view gives, before the camera."""
    image, pose, center_mm, half = (value[:2] for value in frames)
    center = camera_center(center_mm, half)
    view, rotation = look_at(image, center)
    ahead = functional.pad(center.norm(dim=1, keepdim=True), (2, 0))
    terms = []
    for some in (FrameBatch(image, pose, center), FrameBatch(view, pose @ rotation, ahead)):
        torch.manual_seed(0)
        model = TriDomainModel(ModelConfig(joint_count=21, base_channels=4, posterior_kind="residual"))
        stage = ResidualPosteriorStage(model, StageConfig(steps=1, batch_size=2), LossWeights.of("compact"))
        terms.append(stage.step(TriBatch(some, some), torch.Generator().manual_seed(1)))
    for name, term in terms[0].items():
        torch.testing.assert_close(term, terms[1][name])


def test_a_pose_is_seen_where_its_camera_projects_it():
    pose = torch.rand(2, 21, 3, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8
    seen = seen_from(pose, camera_center(CENTER, HALF))
    joints_mm = to_joints_mm(pose, CENTER, HALF)
    camera = Camera(fx=475.0, fy=475.0, cx=315.0, cy=245.0)
    for index in range(2):
        pixel = crop_pixels(joints_mm[index].numpy(), camera, CENTER[index].numpy(), float(HALF[index]), 128)
        expected = (torch.from_numpy(pixel).float() + 0.5) / 64 - 1
        torch.testing.assert_close(seen[index, :, 0], expected[:, 0], atol=1e-4, rtol=0)
        torch.testing.assert_close(seen[index, :, 1], -expected[:, 1], atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[..., 2], pose[..., 2])
    torch.testing.assert_close(seen[..., 3], CENTER[:, None, 2] / joints_mm[..., 2])


@pytest.mark.parametrize("kind", ["capsules", "surface"])
def test_drawings_seen_from_beside_the_axis_turn_with_the_frame(kind):
    """Rotated about the optical axis, a frame's centre and pose are drawn as the rotated picture."""
    torch.manual_seed(0)
    config = ModelConfig(joint_count=21, base_channels=4, mapping=kind, bones=HAND21.bones)
    pose, center = torch.randn(2, 21, 3) * 0.3, camera_center(CENTER, HALF)
    quarter = torch.full((2,), torch.pi / 2)
    turned = seen_from(rotate_pose(pose, quarter), rotate_pose(center[:, None], quarter)[:, 0])
    seen = seen_from(pose, center)
    torch.testing.assert_close(turned[..., 0], -seen[..., 1], atol=1e-5, rtol=0)
    torch.testing.assert_close(turned[..., 1], seen[..., 0], atol=1e-5, rtol=0)
    mapping = TriDomainModel(config).mapping
    assert not torch.equal(mapping(pose, center), mapping(pose))
