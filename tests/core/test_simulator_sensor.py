import pytest
import torch

from lsps_core.simulator.hand import HandPose, average_shape, forward_kinematics
from lsps_core.simulator.render import cut_to_cube, render
from lsps_core.simulator.sensor import sense
from lsps_core.simulator.surface import hand_surface

COUNT = 12
HALF = torch.full((COUNT,), 125.0)


def hands(distance_mm):
    """(clean render, centre) of open hands, the palm to the camera."""
    shape = average_shape(COUNT)
    pose = HandPose(
        finger_angles_rad=torch.zeros(COUNT, 5, 4).index_fill(2, torch.tensor([2]), 0.6),
        wrist_angles_rad=torch.zeros(COUNT, 2),
        rotation=torch.eye(3).expand(COUNT, 3, 3),
        wrist_mm=torch.tensor([20.0, -90.0, distance_mm]).expand(COUNT, 3),
    )
    joints = forward_kinematics(shape, pose)
    center = joints.mean(dim=1)
    return render(hand_surface(joints, shape.radii_mm), center, HALF), center


def sensed(distance_mm=500.0, seed=0):
    clean, center = hands(distance_mm)
    noisy = sense(clean, center, HALF, torch.Generator().manual_seed(seed))
    return cut_to_cube(clean, center, HALF), cut_to_cube(noisy, center, HALF), noisy


def test_a_flat_palm_reads_right_but_for_a_little_noise():
    clean, noisy, _ = sensed()
    both = (clean > 0) & (noisy > 0)
    error = (noisy - clean)[both]
    assert error.abs().median() < 2
    assert error.abs().median() > 0.2
    assert error.median().abs() < 1


def test_readings_are_whole_disparities():
    noisy = sensed()[2]
    disparity = 351300 / noisy[noisy > 0]
    assert (disparity - disparity.round()).abs().max() < 1e-3


def test_holes_and_frayed_edges_but_still_a_hand():
    clean, noisy, _ = sensed()
    lost = ((clean > 0) & (noisy == 0)).sum() / (clean > 0).sum()
    assert 0.01 < lost < 0.2
    grown = ((clean == 0) & (noisy > 0)).sum() / (clean > 0).sum()
    assert 0.005 < grown < 0.15

    # Inside, away from any outline, only few pixels are missing; at the outline many are.
    inside = -torch.nn.functional.max_pool2d(-(clean > 0).float()[:, None], 9, stride=1, padding=4)[:, 0] > 0
    assert 0 < (noisy[inside] == 0).float().mean() < 0.05
    outline = (clean > 0) & ~(-torch.nn.functional.max_pool2d(-(clean > 0).float()[:, None], 3, 1, 1)[:, 0] > 0)
    assert (noisy[outline] == 0).float().mean() > 0.15


def test_some_pixels_fly_between_hand_and_background():
    clean, noisy, _ = sensed()
    deepest = torch.where(clean > 0, clean, 0).amax(dim=(1, 2), keepdim=True)
    flying = (noisy > deepest + 15).sum(dim=(1, 2)).float().mean()
    assert 2 < flying < 200


def test_nothing_is_read_where_there_is_only_background():
    clean, noisy, _ = sensed()
    far_off = torch.nn.functional.max_pool2d((clean > 0).float()[:, None], 21, stride=1, padding=10)[:, 0] == 0
    assert far_off.sum() > 1000
    assert (noisy[far_off] == 0).all()


def test_noise_grows_with_distance():
    spread = []
    for distance in (350.0, 800.0):
        clean, noisy, _ = sensed(distance)
        both = (clean > 0) & (noisy > 0)
        spread.append((noisy - clean)[both].abs().quantile(0.6))
    assert spread[1] > 1.15 * spread[0]


@pytest.mark.parametrize("angle", [0.0, 1.0])
def test_noise_grows_with_slant(angle):
    # A plane through the cube's centre, tilted about the vertical axis.
    center = torch.tensor([[0.0, 0.0, 500.0]])
    slope = (2 * torch.arange(128) + 1 - 128) / 128 * 0.25
    plane = (500 / (1 - slope * torch.tensor(angle).tan())).expand(1, 128, 128)
    noisy = sense(plane, center, HALF[:1], torch.Generator().manual_seed(2))
    middle = slice(44, 84)
    error = (noisy - plane)[:, :, middle][noisy[:, :, middle] > 0]
    assert (error.abs().median() > 0.9) == (angle > 0.5)


def test_noise_comes_from_the_generator_alone():
    assert torch.equal(sensed(seed=4)[2], sensed(seed=4)[2])
    assert not torch.equal(sensed(seed=4)[2], sensed(seed=5)[2])
