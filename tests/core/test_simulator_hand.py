import pytest
import torch

from lsps_core.simulator.contact import closest_shares
from lsps_core.simulator.gestures import CURLED, STRAIGHT, gestures
from lsps_core.simulator.hand import HandPose, average_shape, forearm_direction, forward_kinematics, sample_shapes
from lsps_core.simulator.render import render
from lsps_core.simulator.surface import NODE_NAMES, hand_surface, with_forearm
from lsps_core.skeleton import HAND21

JOINT = {name: index for index, name in enumerate(HAND21.joints)}
TIPS = [JOINT[f"{finger}_tip"] for finger in ("thumb", "index", "middle", "ring", "little")]


def pose(angles_rad=None, *, count=1, rotation=None, wrist=(0.0, -90.0, 500.0)):
    """Palm to the camera, fingers up, 500 mm away, unless told otherwise."""
    return HandPose(
        finger_angles_rad=torch.zeros(count, 5, 4) if angles_rad is None else angles_rad,
        wrist_angles_rad=torch.zeros(count, 2),
        rotation=torch.eye(3).expand(count, 3, 3) if rotation is None else rotation,
        wrist_mm=torch.tensor(wrist).expand(count, 3),
    )


def degrees(*fingers):
    return torch.deg2rad(torch.tensor([fingers], dtype=torch.float32))


def random_pose(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rotation = torch.linalg.qr(torch.randn(count, 3, 3, generator=generator)).Q
    rotation = rotation * torch.linalg.det(rotation)[:, None, None]
    return pose(torch.randn(count, 5, 4, generator=generator), count=count, rotation=rotation)


def test_bones_are_as_long_as_the_shape_says_in_any_pose():
    shape = sample_shapes(20, torch.Generator().manual_seed(3))
    joints = forward_kinematics(shape, random_pose(20))
    for bone, (parent, child) in enumerate(HAND21.bones):
        length = (joints[:, child] - joints[:, parent]).norm(dim=1)
        torch.testing.assert_close(length, shape.bone_lengths_mm[:, bone], atol=1e-3, rtol=0)


def test_the_average_hand_has_an_adults_size():
    shape = average_shape()
    joints = forward_kinematics(shape, pose())[0]
    tip = JOINT["middle_tip"]
    length = (joints[tip] - joints[0]).norm() + shape.radii_mm[0, tip]
    assert 185 < length < 200
    assert 75 < joints[JOINT["index_mcp"], 0] - joints[JOINT["little_mcp"], 0] + 24 < 95  # breadth with skin


def test_it_is_a_right_hand():
    joints = forward_kinematics(average_shape(), pose(degrees((8, 15, 12, 15), *[(20, 0, 30, 20)] * 4)))[0]
    # Fingers up, palm to the camera: a right hand's thumb is at the image's right, and fingers bend to the camera.
    assert (joints[[JOINT["index_tip"], JOINT["little_tip"]], 1] > joints[0, 1]).all()
    assert joints[JOINT["thumb_tip"], 0] > joints[JOINT["index_mcp"], 0] > joints[JOINT["little_mcp"], 0]
    assert (joints[TIPS[1:], 2] < joints[JOINT["middle_mcp"], 2] - 10).all()


def test_turning_keeps_it_a_right_hand():
    joints = forward_kinematics(average_shape(30), random_pose(30))
    knuckles = joints[:, [JOINT["index_mcp"], JOINT["little_mcp"], JOINT["thumb_cmc"]]] - joints[:, :1]
    # In this frame (x right, y up, z away: a left-handed one) the thumb's base lies on the palm's side of the knuckles.
    assert (torch.linalg.det(knuckles) < 0).all()


def test_joints_turn_and_move_with_the_palm():
    still = random_pose(5)
    moved = HandPose(
        finger_angles_rad=still.finger_angles_rad,
        wrist_angles_rad=still.wrist_angles_rad,
        rotation=torch.eye(3).expand(5, 3, 3),
        wrist_mm=torch.zeros(5, 3),
    )
    shape = average_shape(5)
    local = forward_kinematics(shape, moved)
    expected = torch.einsum("bij,bkj->bki", still.rotation, local) + still.wrist_mm[:, None]
    torch.testing.assert_close(forward_kinematics(shape, still), expected, atol=1e-3, rtol=0)


def test_the_forearm_leaves_the_hand_and_follows_the_wrist():
    straight = forearm_direction(pose())[0]
    torch.testing.assert_close(straight, torch.tensor([0.0, -1.0, 0.0]))
    bent = HandPose(**{**vars(pose()), "wrist_angles_rad": torch.tensor([[0.5, 0.0]])})
    assert forearm_direction(bent)[0, 2] < -0.4  # flexion brings the palm and the forearm's inner side together


def test_a_fist_is_small_and_an_open_hand_is_not():
    straight = forward_kinematics(average_shape(), pose(degrees((0, 0, 0, 0), *[STRAIGHT] * 4)))[0]
    curled = forward_kinematics(average_shape(), pose(degrees((0, 0, 0, 0), *[CURLED] * 4)))[0]
    middle = [JOINT["middle_mcp"], JOINT["middle_tip"]]
    assert (straight[middle[0]] - straight[middle[1]]).norm() > 95
    assert (curled[middle[0]] - curled[middle[1]]).norm() < 45


def test_pinches_meet_at_the_tips():
    known = gestures({"pinch"})
    pinches = known.angles_rad[known.family == known.families.index("pinch")]
    for shape in (average_shape(len(pinches)), sample_shapes(len(pinches), torch.Generator().manual_seed(0))):
        joints = forward_kinematics(shape, pose(pinches, count=len(pinches)))
        gap = (joints[:, TIPS[1:]] - joints[:, TIPS[:1]]).norm(dim=-1)
        gap = gap - shape.radii_mm[:, TIPS[1:]] - shape.radii_mm[:, TIPS[:1]]
        assert gap.amin(dim=1).max() < 10
        assert set(gap.argmin(dim=1).tolist()) == {0, 1, 2, 3}


def test_the_palm_is_solid():
    shape = average_shape()
    joints = forward_kinematics(shape, pose())
    center, half = joints.mean(dim=1), torch.tensor([125.0])
    depth = render(hand_surface(joints, shape.radii_mm), center, half)[0]
    corners = joints[0, [0, JOINT["index_mcp"], JOINT["middle_mcp"], JOINT["ring_mcp"], JOINT["little_mcp"]]]
    shares = torch.distributions.Dirichlet(torch.ones(5)).sample((2000,))
    points = shares @ corners
    x, y, z = points.unbind(dim=1)
    column = ((x / z - center[0, 0] / center[0, 2]) * center[0, 2] / 125 + 1) * 64
    row = (1 - (y / z - center[0, 1] / center[0, 2]) * center[0, 2] / 125) * 64
    seen = depth[row.long(), column.long()]
    assert seen.isfinite().all()
    assert ((z - seen) > 8).all()  # skin well in front of the bones
    assert ((z - seen) < 30).all()


def test_decoded_joints_have_a_surface_that_gradients_flow_through():
    with torch.inference_mode():  # what an earlier caller did must not matter
        hand_surface(torch.randn(1, 21, 3), average_shape().radii_mm)
    shape = average_shape()
    joints = forward_kinematics(shape, pose()).requires_grad_()
    surface = hand_surface(joints, shape.radii_mm)
    assert surface.centers_mm.shape == (1, len(NODE_NAMES), 3)
    assert torch.equal(surface.centers_mm[:, :21], joints)
    surface.centers_mm.square().sum().backward()
    assert joints.grad is not None
    assert joints.grad.isfinite().all()


def test_a_forearm_changes_the_picture_only_below_the_wrist():
    shape = average_shape()
    joints = forward_kinematics(shape, pose())
    hand = hand_surface(joints, shape.radii_mm)
    center, half = joints[:, 0], torch.tensor([125.0])
    bare = render(hand, center, half)[0]
    armed = render(with_forearm(hand, joints, forearm_direction(pose())), center, half)[0]
    changed = (bare != armed).nonzero()[:, 0]
    assert len(changed) > 1000
    assert changed.min() > 64 - 12  # the wrist is the crop's middle
    assert armed[-1].isfinite().sum() > 20


def test_people_differ_and_are_people():
    shape = sample_shapes(50, torch.Generator().manual_seed(1))
    lengths = (
        forward_kinematics(shape, pose(count=50))[:, JOINT["middle_tip"]].sub(torch.tensor([0, -90.0, 500])).norm(dim=1)
    )
    assert lengths.std() > 5
    assert lengths.min() > 140
    assert lengths.max() < 220


@pytest.mark.parametrize(
    ("c", "d", "expected"),
    [
        ((0.5, 1.0, 0.0), (0.5, 1.0, 5.0), (0.5, 0.0)),  # square to the first, above its middle
        ((3.0, 4.0, 0.0), (9.0, 4.0, 0.0), (1.0, 0.0)),  # parallel and past its end
        ((-2.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (0.0, 1.0)),
    ],
)
def test_closest_points_of_segments(c, d, expected):
    a, b = torch.zeros(3), torch.tensor([1.0, 0.0, 0.0])
    share, other = closest_shares(a, b, torch.tensor(c), torch.tensor(d))
    assert (share.item(), other.item()) == pytest.approx(expected)
