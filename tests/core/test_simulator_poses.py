import math

import pytest
import torch

from lsps_core.camera import SIMULATED
from lsps_core.simulator.contact import worst_penetration_mm
from lsps_core.simulator.hand import (
    ANGLE_LIMITS_RAD,
    WRIST_LIMITS_RAD,
    HandPose,
    average_shape,
    forward_kinematics,
    sample_shapes,
)
from lsps_core.simulator.people import sample_people
from lsps_core.simulator.poses import (
    MAX_PENETRATION_MM,
    SENSOR_POSES,
    SYNTHETIC_POSES,
    WIDE_SENSOR_POSES,
    sample_poses,
)
from lsps_core.simulator.surface import hand_surface
from lsps_core.simulator.things.touch import finger_spheres
from lsps_core.simulator.views import MAX_TILT_RAD

COUNT = 2500
TIPS, KNUCKLES = [8, 12, 16, 20], [5, 9, 13, 17]


@pytest.fixture(scope="module", params=["synthetic", "sensor"])
def sample(request):
    """(shape, pose, joints) of many hands of a domain."""
    generator = torch.Generator().manual_seed(11)
    is_sensor = request.param == "sensor"
    shape = sample_shapes(COUNT, generator) if is_sensor else average_shape(COUNT)
    pose = sample_poses(SENSOR_POSES if is_sensor else SYNTHETIC_POSES, shape, generator)
    return shape, pose, forward_kinematics(shape, pose)


def test_no_hand_sinks_into_itself(sample):
    shape, _, joints = sample
    assert worst_penetration_mm(hand_surface(joints, shape.radii_mm)).max() <= MAX_PENETRATION_MM + 0.01


def test_penetration_is_seen_when_it_is_there():
    angles = torch.zeros(2, 5, 4)
    angles[1, 1, 1] = -0.6  # the index straight through the middle finger
    pose = HandPose(
        finger_angles_rad=angles,
        wrist_angles_rad=torch.zeros(2, 2),
        rotation=torch.eye(3).expand(2, 3, 3),
        wrist_mm=torch.zeros(2, 3),
    )
    shape = average_shape(2)
    free, crossed = worst_penetration_mm(hand_surface(forward_kinematics(shape, pose), shape.radii_mm))
    assert free < 2
    assert crossed > 10


def test_angles_are_anatomical(sample):
    pose = sample[1]
    for angles, limits in (
        (pose.finger_angles_rad, ANGLE_LIMITS_RAD),
        (pose.wrist_angles_rad, WRIST_LIMITS_RAD),
    ):
        assert (angles >= limits[..., 0] - 1e-5).all()
        assert (angles <= limits[..., 1] + 1e-5).all()
    pip, dip = pose.finger_angles_rad[:, 1:, 2:].flatten(0, 1).T
    assert (dip - 2 / 3 * pip).abs().median() < math.radians(5)  # one tendon bends both


def test_palms_face_the_camera_within_the_tilt(sample):
    rotation = sample[1].rotation
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).expand(COUNT, 3, 3), atol=1e-5, rtol=0)
    assert (torch.linalg.det(rotation) > 0).all()
    tilt = rotation[:, 2, 2].clamp(-1, 1).acos()
    assert tilt.max() <= MAX_TILT_RAD + 1e-4
    assert tilt.max() > 0.98 * MAX_TILT_RAD
    toward = torch.atan2(rotation[:, 1, 2], rotation[:, 0, 2])  # where the palm looks, in the image
    assert torch.histc(toward, bins=8, min=-math.pi, max=math.pi).min() > COUNT / 16


def test_hands_point_everywhere_in_the_image(sample):
    # The in-plane angle is what turns the untilted hand: the least rotation from a palm that only tilts.
    rotation = sample[1].rotation
    angle = torch.atan2(rotation[:, 1, 0] - rotation[:, 0, 1], rotation[:, 0, 0] + rotation[:, 1, 1])
    share = torch.histc(angle, bins=12, min=-math.pi, max=math.pi) / COUNT
    assert share.min() > 0.02


def test_the_domains_prefer_different_angles():
    generator = torch.Generator().manual_seed(0)
    upright = {}
    for name, distribution in (("synthetic", SYNTHETIC_POSES), ("sensor", SENSOR_POSES)):
        rotation = sample_poses(distribution, average_shape(2000), generator).rotation
        upright[name] = (rotation[:, 1, 1] > 0.5).float().mean()
    assert upright["sensor"] > upright["synthetic"] + 0.05


def test_hands_are_where_the_camera_sees_them(sample):
    joints = sample[2]
    middle = joints.mean(dim=1)
    assert 345 < middle[:, 2].min() < 360
    assert 790 < middle[:, 2].max() < 805
    u, v, _ = SIMULATED.project(middle.numpy()).T
    assert abs(u - 320).max() < 0.26 * 640
    assert abs(v - 240).max() < 0.26 * 480
    assert u.std() > 60


def test_gestures_are_all_there(sample):
    shape, _, joints = sample
    reach = (joints[:, TIPS] - joints[:, KNUCKLES]).norm(dim=-1)
    length = torch.stack([shape.bone_lengths_mm[:, knuckle : knuckle + 3].sum(dim=1) for knuckle in KNUCKLES], dim=1)
    extension = reach / length
    straight, curled = extension > 0.9, extension < 0.6
    half = (extension > 0.6) & (extension < 0.9)
    gap = (joints[:, TIPS] - joints[:, 4:5]).norm(dim=-1) - shape.radii_mm[:, TIPS] - shape.radii_mm[:, 4:5]
    shares = {
        "open": straight.all(dim=1),
        "half": half.sum(dim=1) >= 3,
        "fist": curled.all(dim=1),
        "point": straight[:, 0] & curled[:, 1:].all(dim=1),
        "two": straight[:, :2].all(dim=1) & curled[:, 2:].all(dim=1),
        "pinch": gap.amin(dim=1) < 10,
    }
    assert {name for name, matches in shares.items() if matches.float().mean() < 0.005} == set()
    assert set(gap[gap.amin(dim=1) < 10].argmin(dim=1).tolist()) == {0, 1, 2, 3}


def test_wide_poses_bend_further_and_press_fingers_together():
    generator = torch.Generator().manual_seed(5)
    people = sample_people(COUNT, generator)
    wide = sample_poses(WIDE_SENSOR_POSES, people, generator, "any")
    usual = sample_poses(SENSOR_POSES, people, generator)
    overlap = worst_penetration_mm(hand_surface(forward_kinematics(people, wide), people.radii_mm))
    assert overlap.max() <= MAX_PENETRATION_MM + 0.01
    for is_far in (lambda angles: angles[..., 0] < -0.2, lambda angles: angles[..., 1].abs() > 0.2):
        share = [is_far(pose.finger_angles_rad[:, 1:]).float().mean() for pose in (wide, usual)]
        assert share[0] > 1.3 * share[1]
    assert side_by_side(people, wide).mean() > 2 * side_by_side(people, usual).mean() > 0


def side_by_side(shape, pose):
    """[B]: 1.0 where the middle phalanges of all fingers nearly touch a neighbour along most of their length."""
    centers, radii = finger_spheres(forward_kinematics(shape, pose), shape.radii_mm)
    own, own_radii = centers[:, 2:, 1], radii[:, 2:, 1]
    others, other_radii = centers[:, 1:4].flatten(2, 3), radii[:, 1:4].flatten(2, 3)
    gap = (own[:, :, :, None] - others[:, :, None]).norm(dim=-1) - own_radii[..., None] - other_radii[:, :, None]
    return (gap.amin(dim=3).median(dim=2).values < 2.0).all(dim=1).float()
