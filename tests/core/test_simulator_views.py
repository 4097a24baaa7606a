"""From which sides hands are seen."""

import torch

from lsps_core.simulator.hand import HandPose, average_shape, forearm_direction, forward_kinematics
from lsps_core.simulator.poses import SYNTHETIC_POSES, sample_poses
from lsps_core.simulator.views import egocentric, straight_wrist_angles

COUNT = 4000


def drawn(views: str, wrist: str = "free") -> HandPose:
    return sample_poses(SYNTHETIC_POSES, average_shape(COUNT), torch.Generator().manual_seed(4), views, wrist)


def cells(directions: torch.Tensor) -> torch.Tensor:
    """[B, 3] unit vectors -> [B] the one of 96 cells of equal area that they are in: 8 heights by 12 longitudes."""
    height = ((directions[:, 2] + 1) * 4).long().clamp(max=7)
    longitude = ((torch.atan2(directions[:, 1], directions[:, 0]) / torch.pi + 1) * 6).long().clamp(max=11)
    return height * 12 + longitude


def test_any_shows_the_hand_from_all_sides_alike_and_at_all_turns():
    pose = drawn("any")
    counts = cells(pose.rotation[:, 2]).bincount(minlength=96)  # the optical axis in the palm frame
    assert counts.min() > 0.4 * COUNT / 96
    assert counts.max() < 1.8 * COUNT / 96
    turned = cells(pose.rotation[..., 2]).bincount(minlength=96)  # the palm's normal in the camera frame
    assert turned.min() > 0.4 * COUNT / 96
    assert (torch.linalg.det(pose.rotation) - 1).abs().max() < 1e-4


def test_egocentric_hands_reach_away_from_the_eyes():
    pose = drawn("egocentric")
    forearm = forearm_direction(pose)
    assert (forearm[:, 2] < -0.25).all()
    assert (forearm[:, 1] < 0).all()
    joints = forward_kinematics(average_shape(COUNT), pose)
    assert ((joints[:, 9] - joints[:, 0])[:, 2] > 0).float().mean() > 0.8  # the wrist bends at times
    assert (torch.linalg.det(pose.rotation) - 1).abs().max() < 1e-4


def test_egocentric_hands_mostly_have_their_back_or_thumb_up():
    rotation, _ = egocentric(COUNT, torch.Generator().manual_seed(1))
    back_up, thumb_up = rotation[:, 1, 2], rotation[:, 1, 0]
    assert (torch.maximum(back_up, thumb_up) > 0).float().mean() > 0.85
    assert (thumb_up > 0).float().mean() > 0.6
    assert (back_up < -0.2).any()  # but palms are seen, too


def test_a_straight_wrist_bends_only_where_the_forearm_would_point_to_the_camera():
    pose = drawn("any", "straight")
    straight = -pose.rotation[:, 2, 1]  # its depth without a bend
    depth = forearm_direction(pose)[:, 2]
    is_away = straight >= 0
    assert (pose.wrist_angles_rad[is_away] == 0).all()
    assert (depth >= straight - 1e-5).all()
    assert depth.min() > -0.51  # 60 degrees of flexion take an arm that points straight at the camera this far
    assert torch.allclose(pose.wrist_angles_rad, straight_wrist_angles(pose.rotation))


def test_a_wrist_changes_nothing_but_the_forearm():
    free, straight = drawn("any"), drawn("any", "straight")
    assert torch.equal(free.finger_angles_rad, straight.finger_angles_rad)
    assert torch.equal(free.wrist_mm, straight.wrist_mm)
