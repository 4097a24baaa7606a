"""Ways between poses and between their codes that lead through hands."""

from __future__ import annotations

import math

import pytest
import torch

from lsps_core.evaluation.plausibility import HandMeasure
from lsps_core.pose_paths import between, rotation_angles, rotations
from lsps_core.simulator.hand import HandPose, average_shape, forward_kinematics
from lsps_core.simulator.poses import WIDE_SENSOR_POSES, sample_poses
from lsps_core.skeleton import HAND21, NYU36, Skeleton


def hands(count: int, seed: int = 0) -> torch.Tensor:
    """[count, 21, 3] of one person from all sides, in units of 125 mm."""
    shape = average_shape(count)
    pose = sample_poses(WIDE_SENSOR_POSES, shape, torch.Generator().manual_seed(seed), "any")
    return (forward_kinematics(shape, pose) - torch.tensor([0.0, 0.0, 600.0])).double() / 125


def lengths(poses: torch.Tensor) -> torch.Tensor:
    starts, ends = zip(*HAND21.bones, strict=True)
    return (poses[..., list(ends), :] - poses[..., list(starts), :]).norm(dim=-1)


SHARES = torch.linspace(0, 1, 11, dtype=torch.float64)


def test_a_way_begins_and_ends_at_its_poses_and_keeps_the_bones():
    for start, end in zip(hands(20), hands(20, seed=1), strict=True):
        way = between(start, end, SHARES, HAND21)
        torch.testing.assert_close(way[0], start)
        torch.testing.assert_close(way[-1], end)
        torch.testing.assert_close(lengths(way), lengths(start).expand(11, -1), rtol=1e-5, atol=0)
        assert (way.diff(dim=0).norm(dim=2) < 1.2).all()  # no jump: a hand is 1.5 long


def test_what_lies_between_hands_is_a_hand_unlike_on_a_straight_line():
    measure = HandMeasure.of(hands(200))
    ways = [between(*pair, SHARES, HAND21) for pair in zip(hands(60), hands(60, seed=1), strict=True)]
    lines = [
        torch.lerp(*(pose.expand(11, -1, -1) for pose in pair), SHARES[:, None, None])
        for pair in zip(hands(60), hands(60, seed=1), strict=True)
    ]
    assert measure.is_plausible(torch.cat(ways)).double().mean() > 0.97
    assert measure.is_plausible(torch.cat(lines)).double().mean() < 0.7


def test_a_fist_opens_joint_by_joint_and_never_backwards():
    shape, angles = average_shape(3), torch.zeros(3, 5, 4)
    angles[:, 1:] = torch.deg2rad(torch.tensor([80.0, 0.0, 100.0, 70.0])) * torch.tensor([0.0, 0.5, 1.0])[:, None, None]
    pose = HandPose(
        finger_angles_rad=angles,
        wrist_angles_rad=torch.zeros(3, 2),
        rotation=torch.eye(3).expand(3, 3, 3),
        wrist_mm=torch.zeros(3, 3),
    )
    straight, half, fist = forward_kinematics(shape, pose).double()
    found = between(straight, fist, SHARES[5:6], HAND21)[0]
    torch.testing.assert_close(found, half, atol=6.0, rtol=0)  # mm, of 190: the first joints also spread


def test_a_hand_turned_by_half_goes_round_an_axis():
    start = hands(1)[0]
    turn = rotations(torch.tensor([0.0, 0.0, math.pi], dtype=torch.float64))
    way = between(start, start @ turn.T, SHARES, HAND21)
    angles = rotation_angles(start, way, HAND21)
    torch.testing.assert_close(angles, math.pi * SHARES, atol=1e-5, rtol=0)


def test_other_skeletons_have_ways_too():
    start, end = torch.randn(2, NYU36.joint_count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    way = between(start, end, SHARES, NYU36)
    torch.testing.assert_close(way[-1], end)


def test_joints_that_hang_from_nothing_are_refused():
    loose = Skeleton(name="loose", joints=("a", "b", "c"), parents=(-1, 2, 1), fingers=("palm",) * 3)
    with pytest.raises(ValueError, match="do not hang from its root"):
        between(torch.zeros(3, 3), torch.zeros(3, 3), torch.zeros(1), loose)
