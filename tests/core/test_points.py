"""What the crop's camera adds to an image: points for P, and the view that M draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lsps_core.camera import Camera
from lsps_core.config import ModelConfig
from lsps_core.data.augmentation.moves import augment, augment_pose, rotate_pose, sample_augmentation
from lsps_core.data.crop import FAR_FACE, camera_center, crop_pixels, normalise, to_joints_mm, to_pose
from lsps_core.networks.capsules import seen_from
from lsps_core.networks.points import points, usual_center
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.simulator.simulate import simulate
from lsps_core.skeleton import HAND21

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
    """[B, 400, 3]: of each image some of the points, as a pose has them."""
    found = points(image, center)[:, [1, 2, 0]].flatten(2).mT
    hands = [each[each[:, 2] < FAR_FACE] for each in found]
    return torch.stack([hand[torch.linspace(0, len(hand) - 1, 400).long()] for hand in hands])


def test_the_points_of_a_moved_frame_are_its_points_moved(frames):
    image, pose, center, half = frames
    moves = sample_augmentation(16, 3.14, 8.0, 0.08, generator=torch.Generator().manual_seed(1))
    expected = augment_pose(measured(image, camera_center(center, half)), half, moves)
    image, _, center = augment(image, pose, center, half, moves)
    is_kept = expected.abs().amax(dim=2) < 0.9  # in the new cube
    for where, is_near in ((camera_center(center, half / moves.zoom), True), (usual_center(image), False)):
        found = points(image, where)[:, [1, 2, 0]].flatten(2).mT
        nearest = torch.cdist(expected, found).amin(dim=2)[is_kept]
        assert (nearest.quantile(0.9) < 0.02) == is_near  # a pixel is 0.016


def test_background_is_nowhere_beside_the_axis():
    image = torch.ones(1, 1, 8, 8)
    found = points(image, torch.tensor([[1.0, 1.0, 5.0]]))
    assert found.shape == (1, 3, 8, 8)
    assert torch.equal(found[:, :1], image)
    assert not found[:, 1:].any()


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


@pytest.mark.parametrize("kind", ["residual", "points"])
def test_only_a_p_of_points_depends_on_where_the_cube_is(kind):
    torch.manual_seed(0)
    config = ModelConfig(joint_count=21, base_channels=4, posterior_kind=kind, posterior_width=16)
    model = TriDomainModel(config).eval()
    image = torch.rand(2, 1, 128, 128) * 2 - 1
    usual, beside = model.posterior(image, "real"), model.posterior(image, "real", camera_center(CENTER, HALF))
    assert torch.equal(usual, model.posterior(image, "real", usual_center(image)))
    assert torch.equal(usual, beside) == (kind == "residual")


def test_capsules_seen_from_beside_the_axis_turn_with_the_frame():
    """Rotated about the optical axis, a frame's centre and pose are drawn as the rotated picture."""
    torch.manual_seed(0)
    config = ModelConfig(joint_count=21, base_channels=4, mapping="capsules", bones=HAND21.bones)
    pose, center = torch.randn(2, 21, 3) * 0.3, camera_center(CENTER, HALF)
    quarter = torch.full((2,), torch.pi / 2)
    turned = seen_from(rotate_pose(pose, quarter), rotate_pose(center[:, None], quarter)[:, 0])
    seen = seen_from(pose, center)
    torch.testing.assert_close(turned[..., 0], -seen[..., 1], atol=1e-5, rtol=0)
    torch.testing.assert_close(turned[..., 1], seen[..., 0], atol=1e-5, rtol=0)
    mapping = TriDomainModel(config).mapping
    assert not torch.equal(mapping(pose, center), mapping(pose))
