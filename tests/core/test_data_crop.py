import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lsps_core.camera import NYU, SR305, Camera
from lsps_core.data.crop import (
    FAR_FACE,
    crop,
    crop_pixels,
    cube_window,
    denormalise,
    normalise,
    to_joints_mm,
    to_pose,
    uncrop_pixels,
)

cameras = st.sampled_from([NYU, SR305, Camera(fx=200.0, fy=250.0, cx=10.0, cy=-3.0)])
centers = st.tuples(st.floats(-300, 300), st.floats(-300, 300), st.floats(200, 1500)).map(np.array)
halves = st.floats(20, 200)
sizes = st.sampled_from([1, 64, 128, 129])


@given(camera=cameras, center=centers, depth=st.floats(10, 5000), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_unproject_inverts_project(camera, center, depth, x, y):
    point = np.array([x, y, depth])
    np.testing.assert_allclose(camera.unproject(camera.project(point)), point, atol=1e-8)
    np.testing.assert_allclose(camera.project(camera.unproject(camera.project(center))), camera.project(center))


@given(camera=cameras, center=centers, half=halves, size=sizes, seed=st.integers(0, 1000))
def test_uncrop_inverts_crop_pixels(camera, center, half, size, seed):
    points = center + np.random.default_rng(seed).uniform(-1, 1, (5, 4, 3)) * half
    points[..., 2] = np.maximum(points[..., 2], 10)
    pixels = crop_pixels(points, camera, center, half, size)
    assert pixels.shape == (5, 4, 2)
    np.testing.assert_allclose(
        uncrop_pixels(pixels, points[..., 2], camera, center, half, size), points, rtol=1e-7, atol=1e-6
    )


@given(camera=cameras, center=centers, half=halves, size=sizes, seed=st.integers(0, 1000))
def test_crop_pixels_follow_the_documented_rays(camera, center, half, size, seed):
    """Pixel (i, j) looks along the ray through center + half * (a, b, 0), at any depth on that ray."""
    rng = np.random.default_rng(seed)
    row, column = rng.integers(0, size, 2)
    a, b = (2 * column + 1) / size - 1, 1 - (2 * row + 1) / size
    point = (center + half * np.array([a, b, 0])) * rng.uniform(0.5, 1.5)
    np.testing.assert_allclose(crop_pixels(point, camera, center, half, size), [column, row], atol=1e-6)


def test_the_centre_is_the_middle_and_up_is_up():
    center = np.array([30.0, -20.0, 600.0])
    middle = crop_pixels(center, NYU, center, 125.0)
    np.testing.assert_allclose(middle, [63.5, 63.5])
    right_and_up = crop_pixels(center + np.array([50, 50, 0]), NYU, center, 125.0)
    assert right_and_up[0] > 63.5 > right_and_up[1]
    u0, v0, u1, v1 = cube_window(NYU, center, 125.0)
    assert u0 < NYU.project(center)[0] < u1
    assert v0 < NYU.project(center)[1] < v1


@given(camera=st.sampled_from([NYU, SR305]), center=centers, half=halves, seed=st.integers(0, 1000))
def test_crop_takes_the_nearest_pixel(camera, center, half, seed):
    """Each crop pixel holds the reading of the raw pixel its ray falls into; outside the image there is none."""
    depth = np.random.default_rng(seed).integers(1, 4, (480, 640)).astype(np.uint16)
    cut = crop(depth, camera, center, half, 32)
    assert cut.dtype == np.uint16
    columns, rows = np.meshgrid(np.arange(32), np.arange(32))
    uv = camera.project(uncrop_pixels(np.stack([columns, rows], -1), center[2], camera, center, half, 32))[..., :2]
    u, v = np.floor(uv + 0.5).astype(int).transpose(2, 0, 1)
    is_inside = (u >= 0) & (u < 640) & (v >= 0) & (v < 480)
    expected = np.where(is_inside, depth[v.clip(0, 479), u.clip(0, 639)], 0)
    is_edge = (np.abs(uv - np.floor(uv) - 0.5) < 1e-6).any(axis=-1)
    np.testing.assert_array_equal(cut[~is_edge], expected[~is_edge])


def test_what_is_inside_the_cube_stays():
    center, half = np.array([0.0, 0.0, 600.0]), 100.0
    for value, expected in [(0, 0), (400, 400), (500, 500), (600, 600), (700, 700), (701, 0), (65535, 0)]:
        cut = crop(np.full((480, 640), value, np.uint16), NYU, center, half)
        assert cut.shape == (128, 128)
        assert (cut == expected).all()
    for strange in (np.nan, np.inf, -5.0):
        assert not crop(np.full((480, 640), strange), NYU, center, half).any()
    assert not crop(np.full((480, 640), 600.0), NYU, [9000, 0, 600], half).any()
    assert (crop(np.full((480, 640), 600.6), NYU, center, half) == 601).all()


@pytest.mark.parametrize(
    ("center", "half"), [((0, 0, 0), 100), ((0, 0, -5), 100), ((0, 0, 600), 0), ((np.nan, 0, 1), 1)]
)
def test_an_impossible_cube_is_refused(center, half):
    with pytest.raises(ValueError, match="no cube"):
        crop(np.zeros((4, 4), np.uint16), NYU, center, half)


def cubes(count, seed=0):
    rng = np.random.default_rng(seed)
    center = torch.tensor(rng.uniform(-200, 200, (count, 3)) + np.array([0, 0, 700]), dtype=torch.float32)
    return center, torch.tensor(rng.uniform(80, 180, count), dtype=torch.float32)


@pytest.mark.parametrize("dtype", [torch.uint16, torch.int16, torch.int32, torch.float32])
def test_normalise_maps_the_cube_to_one(dtype):
    center, half = torch.tensor([[5.0, 5.0, 600.0]]), torch.tensor([100.0])
    depth = torch.tensor([[[0, 400, 500], [600, 650, 700], [701, 900, 0]]]).to(dtype)
    image = normalise(depth, center, half)
    assert image.shape == (1, 1, 3, 3)
    assert image.dtype == torch.float32
    expected = torch.tensor([[1, -1, -1], [0, 0.5, 1], [1, 1, 1]])
    torch.testing.assert_close(image[0, 0], expected)


@given(seed=st.integers(0, 1000))
def test_denormalise_inverts_normalise_inside_the_cube(seed):
    center, half = cubes(3, seed)
    inside = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(seed)) * (1 + FAR_FACE) - 1
    depth = center[:, 2, None, None] + inside * half[:, None, None]
    depth[:, 0] = 0
    again = denormalise(normalise(depth, center, half), center, half)
    torch.testing.assert_close(again, depth, atol=1e-3, rtol=0)


def test_a_decoders_background_is_background():
    center, half = cubes(1)
    assert denormalise(torch.full((1, 1, 2, 2), 0.999), center, half).tolist() == [[[0, 0], [0, 0]]]


def test_poses_and_joints():
    center, half = cubes(4)
    joints = torch.randn(4, 21, 3) * 50
    joints[2, 3] = torch.nan
    pose = to_pose(joints, center, half)
    torch.testing.assert_close(to_joints_mm(pose, center, half), joints, equal_nan=True, atol=1e-3, rtol=1e-5)
    assert pose.isnan().sum() == 3
    torch.testing.assert_close(to_pose(center[:, None], center, half), torch.zeros(4, 1, 3))
