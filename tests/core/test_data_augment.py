"""Augmentation against a scene whose picture is known for every camera: a few spheres."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lsps_core.data.augmentation import moves as augmentation
from lsps_core.data.augmentation.moves import Moves, augment, sample_augmentation
from lsps_core.data.crop import to_joints_mm, to_pose

SIZE = 128
fewer = settings(max_examples=50)
HALF = 125.0
angles = st.floats(-math.pi, math.pi)
shifts = st.tuples(*[st.floats(-30, 30)] * 3)
zooms = st.floats(0.8, 1.25)
centers = st.tuples(st.floats(-200, 200), st.floats(-200, 200), st.floats(350, 1200))


def rays(center: torch.Tensor, half: float = HALF) -> torch.Tensor:
    """[S, S, 3] directions with z = 1 of the crop's pixels."""
    steps = (2 * torch.arange(SIZE, dtype=torch.float64) + 1) / SIZE - 1
    up, right = torch.meshgrid(-steps, steps, indexing="ij")
    x, y = center[0] + half * right, center[1] + half * up
    return torch.stack([x / center[2], y / center[2], torch.ones_like(x)], dim=-1)


def picture(spheres: torch.Tensor, radius: float, center: torch.Tensor, half: float = HALF) -> torch.Tensor:
    """The normalised crop [S, S] of spheres [K, 3] around center [3]: where each ray first meets one."""
    direction = rays(center, half)
    square = direction.square().sum(-1)
    depth = torch.full((SIZE, SIZE), torch.inf, dtype=torch.float64)
    for sphere in spheres:
        middle = direction @ sphere
        root = middle.square() - square * (sphere.square().sum() - radius**2)
        hit = (middle - root.clamp(min=0).sqrt()) / square
        depth = torch.where(root > 0, torch.minimum(depth, hit), depth)
    image = (depth - center[2]) / half
    return torch.where(image < 1, image.clamp(min=-1), 1.0)


def scene(center, seed=0):
    """Spheres well inside the cube around `center`, so that a shift by 30 mm leaves them inside."""
    center = torch.tensor(center, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    return center, center + (torch.rand(7, 3, generator=generator, dtype=torch.float64) * 2 - 1) * 55


def rotate(points: torch.Tensor, angle: float) -> torch.Tensor:
    matrix = [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
    return points @ torch.tensor(matrix, dtype=torch.float64).T


def apply(image, points, center, angle, shift, zoom=1.0):
    half = torch.tensor([HALF], dtype=torch.float64)
    pose = to_pose(points[None], center[None], half)
    moves = Moves(*(torch.tensor([value], dtype=torch.float64) for value in (angle, shift, zoom)))
    return augment(image[None, None], pose, center[None], half, moves), half / zoom


@fewer
@given(center=centers, angle=angles, shift=shifts, zoom=zooms, seed=st.integers(0, 100))
def test_the_image_is_the_one_a_camera_would_take(center, angle, shift, zoom, seed):
    center, spheres = scene(center, seed)
    (image, _, moved), half = apply(picture(spheres, 20.0, center), spheres, center, angle, shift, zoom)
    truth = picture(rotate(spheres, angle), 20.0, moved[0], float(half))
    off = (image[0, 0] - truth).abs()
    # nearest neighbour is off by up to a pixel: much at outlines, little on surfaces that face the camera
    assert (off < 0.03).double().mean() > 0.96
    assert off.mean() < 0.02
    assert ((image[0, 0] < 1) != (truth < 1)).double().mean() < 0.03


@fewer
@given(center=centers, angle=angles, shift=shifts, zoom=zooms)
def test_the_pose_stays_with_the_hand(center, angle, shift, zoom):
    center, spheres = scene(center)
    (_, pose, moved), half = apply(torch.ones(SIZE, SIZE, dtype=torch.float64), spheres, center, angle, shift, zoom)
    torch.testing.assert_close(moved[0], rotate(center, angle) + torch.tensor(shift, dtype=torch.float64))
    torch.testing.assert_close(to_joints_mm(pose, moved, half)[0], rotate(spheres, angle))


@fewer
@given(center=centers, angle=angles, shift=shifts)
def test_joints_stay_on_what_they_belong_to(center, angle, shift):
    """At every joint's place in the new picture is the sphere around it, or one in front."""
    center, spheres = scene(center)
    (image, pose, moved), half = apply(picture(spheres, 20.0, center), spheres, center, angle, shift)
    joints = to_joints_mm(pose, moved, half)[0]
    across = (joints[:, :2] / joints[:, 2:] * moved[0, 2] - moved[0, :2]) / HALF
    columns = ((across[:, 0] + 1) / 2 * SIZE - 0.5).round().long()
    rows = ((1 - across[:, 1]) / 2 * SIZE - 0.5).round().long()
    surface = pose[0, :, 2] - 20.0 / HALF * joints[:, 2] / joints.norm(dim=-1)  # towards the camera
    assert (image[0, 0, rows, columns] <= surface + 0.02).all()


@fewer
@given(center=centers, angle=angles, shift=st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(-40, 40)))
def test_every_pixel_comes_from_within_half_a_pixel(center, angle, shift):
    """Pictures that hold their own coordinate show where each new pixel was taken from."""
    center = torch.tensor(center, dtype=torch.float64)
    steps = (2 * torch.arange(SIZE, dtype=torch.float64) + 1) / SIZE - 1
    up, right = torch.meshgrid(-steps, steps, indexing="ij")
    for axis, ramp in enumerate((right, up)):
        (image, _, moved), _ = apply(ramp * 0.5, center[None], center, angle, shift)
        ray = rotate(rays(moved[0]), -angle)
        expected = (ray[..., axis] * center[2] - center[axis]) / HALF
        other = (ray[..., 1 - axis] * center[2] - center[1 - axis]) / HALF
        is_inside = (expected.abs() < 0.99) & (other.abs() < 0.99)
        found = (image[0, 0] + shift[2] / HALF) * 2
        assert ((found - expected).abs()[is_inside] <= 1 / SIZE + 1e-6).all()
        is_outside = (expected.abs() > 1.01) | (other.abs() > 1.01)
        assert (image[0, 0][is_outside] == 1).all()


@pytest.mark.parametrize(("quarters", "angle"), [(1, math.pi / 2), (2, math.pi), (3, -math.pi / 2)])
def test_quarter_turns_move_pixels_and_change_none(quarters, angle):
    image = torch.rand(SIZE, SIZE, dtype=torch.float64) * 2 - 1
    center = torch.tensor([30.0, -40.0, 600.0], dtype=torch.float64)
    (turned, _, _), _ = apply(image, center[None], center, angle, (0.0, 0.0, 0.0))
    torch.testing.assert_close(turned[0, 0], torch.rot90(image, quarters))


def test_nothing_is_nothing():
    image = torch.rand(4, 1, SIZE, SIZE) * 2 - 1
    pose, center, half = torch.randn(4, 21, 3), torch.rand(4, 3) * 100 + 400, torch.full((4,), HALF)
    same = augment(image, pose, center, half, Moves(torch.zeros(4), torch.zeros(4, 3), torch.ones(4)))
    for before, after in zip((image, pose, center), same, strict=True):
        torch.testing.assert_close(after, before)


def test_background_stays_background_and_content_leaves_through_the_far_face():
    center = torch.tensor([0.0, 0.0, 600.0], dtype=torch.float64)
    image = torch.full((SIZE, SIZE), 0.9, dtype=torch.float64)
    image[:, :64] = 1.0
    (nearer, _, _), _ = apply(image, center[None], center, 0.0, (0.0, 0.0, -25.0))
    assert (nearer == 1).all()  # 0.9 + 0.2 lies behind the far face
    (farther, _, _), _ = apply(image, center[None], center, 0.0, (0.0, 0.0, 25.0))
    assert sorted(round(value, 6) for value in farther.unique().tolist()) == [0.7, 1.0]
    (clipped, _, _), _ = apply(image - 1.5, center[None], center, 0.0, (0.0, 0.0, 90.0))
    assert clipped.min() == -1


def test_joints_without_annotation_stay_so():
    pose = torch.zeros(1, 3, 3)
    pose[0, 1] = torch.nan
    moves = Moves(torch.tensor([1.0]), torch.ones(1, 3), torch.ones(1))
    cube = torch.tensor([[0.0, 0.0, 500.0]]), torch.tensor([HALF])
    _, turned, _ = augment(torch.ones(1, 1, 8, 8), pose, *cube, moves)
    assert turned.isnan().all(dim=-1).tolist() == [[False, True, False]]


def test_drawn_augmentations_follow_their_settings():
    moves = sample_augmentation(20_000, 0.5, 10.0, 0.1, generator=torch.Generator().manual_seed(1))
    assert [values.shape for values in moves] == [(20_000,), (20_000, 3), (20_000,)]
    assert moves.angle_rad.abs().max() <= 0.5
    assert moves.angle_rad.std() == pytest.approx(0.5 / math.sqrt(3), rel=0.03)
    np.testing.assert_allclose(moves.translation_mm.std(dim=0), 10.0, rtol=0.03)
    assert moves.zoom.log().std() == pytest.approx(0.1, rel=0.03)
    again = sample_augmentation(20_000, 0.5, 10.0, 0.1, generator=torch.Generator().manual_seed(1))
    assert all(map(torch.equal, moves, again))
    still = sample_augmentation(3, 0.0, 0.0)
    assert not still.angle_rad.any()
    assert not still.translation_mm.any()
    assert (still.zoom == 1).all()


@fewer
@given(angles, centers)
def test_a_turn_alone_does_not_depend_on_the_place(angle, center):
    center, spheres = scene(center)
    (image, pose, _), _ = apply(picture(spheres, 14.0, center), spheres, center, angle, (0.0, 0.0, 0.0))
    angle = torch.tensor([angle], dtype=torch.float64)
    turned = augmentation.rotate(picture(spheres, 14.0, center)[None, None], angle)
    assert (turned != image).double().mean() < 0.001  # a pixel between two may go either way
    whole = to_pose(spheres[None], center[None], torch.tensor([HALF], dtype=torch.float64))
    torch.testing.assert_close(augmentation.rotate_pose(whole, angle), pose)
