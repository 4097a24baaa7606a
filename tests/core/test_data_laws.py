"""Laws of cameras, cubes and augmentation that hold for every frame; more stand beside the functions' own tests."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lsps_core.camera import ICVL, MSRA, NYU, SR305
from lsps_core.data.augmentation.moves import Moves, augment
from lsps_core.data.crop import crop, crop_pixels, cube_window, normalise, to_pose, uncrop_pixels
from lsps_core.data.store_chunks import pack_depth, unpack_depth

fewer = settings(max_examples=50)
cameras = st.sampled_from([NYU, ICVL, MSRA, SR305])
centers = st.tuples(st.floats(-250, 250), st.floats(-250, 250), st.floats(300, 1200)).map(np.array)
halves = st.floats(60, 180)
seeds = st.integers(0, 10_000)
SIZE = 128


@fewer
@given(camera=cameras, width=st.sampled_from([320, 640]), center=centers, seed=seeds)
def test_mirroring_twice_changes_nothing_and_once_flips_x(camera, width, center, seed):
    points = center + np.random.default_rng(seed).uniform(-100, 100, (9, 3))
    mirrored = camera.mirrored(width)
    assert mirrored.mirrored(width) == camera
    flipped = mirrored.project(points * (-1, 1, 1))
    expected = camera.project(points)
    np.testing.assert_allclose(flipped[:, 0], width - 1 - expected[:, 0], atol=1e-7)
    np.testing.assert_allclose(flipped[:, 1:], expected[:, 1:], atol=1e-7)


@fewer
@given(camera=cameras, center=centers, half=halves, seed=seeds)
def test_the_crop_of_a_mirrored_picture_is_the_mirrored_crop(camera, center, half, seed):
    depth = np.random.default_rng(seed).integers(1, 2000, (240, 320)).astype(np.uint16)
    plain = crop(depth, camera, center, half)
    mirrored = crop(depth[:, ::-1], camera.mirrored(320), center * (-1, 1, 1), half)
    u0, _, u1, _ = cube_window(camera, center, half)
    places = u0 + (u1 - u0) * (np.arange(SIZE) + 0.5) / SIZE
    is_between = np.abs(places - np.floor(places) - 0.5) < 1e-6  # two pixels, equally near
    np.testing.assert_array_equal(mirrored[:, ::-1][:, ~is_between], plain[:, ~is_between])


@fewer
@given(camera=cameras, center=centers, half=halves, size=st.sampled_from([32, 128]))
def test_the_cubes_faces_are_the_crops_edges_and_one(camera, center, half, size):
    """In the middle plane the side faces are the outer edges of the outermost pixels; along depth they are ±1."""
    corners = center + half * np.array([[-1, 1, 0], [1, -1, 0]])
    pixels = crop_pixels(corners, camera, center, half, size)
    np.testing.assert_allclose(pixels, [[-0.5, -0.5], [size - 0.5, size - 0.5]], atol=1e-6)
    np.testing.assert_allclose(uncrop_pixels(pixels, center[2], camera, center, half, size), corners, atol=1e-6)
    np.testing.assert_allclose(camera.project(corners)[:, :2].ravel(), cube_window(camera, center, half), atol=1e-6)
    cube = torch.tensor(center[None]), torch.tensor([half])
    faces = torch.tensor([[[center[2] - half, center[2], center[2] + half]]])
    torch.testing.assert_close(
        normalise(faces.float(), *(part.float() for part in cube)).flatten(),
        torch.tensor([-1.0, 0.0, 1.0]),
        atol=1e-5,
        rtol=0,
    )
    pose = to_pose(torch.tensor(corners[None]), *cube)[0]
    torch.testing.assert_close(pose, torch.tensor([[-1.0, 1, 0], [1, -1, 0]], dtype=torch.float64))


@fewer
@given(camera=cameras, center=centers, half=halves, seed=seeds)
def test_uncropping_a_crop_finds_the_pixels_it_came_from(camera, center, half, seed):
    """Every reading, as a point in millimetres, projects to a pixel of the raw picture that holds it."""
    rng = np.random.default_rng(seed)
    depth = rng.integers(int(center[2] - half), int(center[2] + half), (480, 640)).astype(np.uint16)
    cut = crop(depth, camera, center, half, 32)
    rows, columns = np.nonzero(cut)
    points = uncrop_pixels(np.stack([columns, rows], -1), cut[rows, columns], camera, center, half, 32)
    uvd = camera.project(points)
    u, v = np.floor(uvd[:, :2] + 0.5).astype(int).T
    is_between = (np.abs(uvd[:, :2] - np.floor(uvd[:, :2]) - 0.5) < 1e-6).any(axis=1)
    found = depth[v.clip(0, 479), u.clip(0, 639)]
    np.testing.assert_array_equal(found[~is_between], cut[rows, columns][~is_between])
    np.testing.assert_allclose(uvd[:, 2], cut[rows, columns])


@fewer
@given(
    angle=st.floats(-np.pi, np.pi),
    shift=st.tuples(*[st.floats(-150, 150)] * 3),
    place=st.tuples(st.integers(8, SIZE - 9), st.integers(8, SIZE - 9)),
    depth=st.floats(-0.9, 0.9),
    center=centers,
)
def test_a_joint_leaves_the_crop_when_what_it_lies_on_does(angle, shift, place, depth, center):
    """A patch of surface and the joint in its middle: both are inside the new crop, or neither is."""
    assume(center[2] + shift[2] > 200)
    half = 125.0
    image = torch.ones(1, 1, SIZE, SIZE, dtype=torch.float64)
    column, row = place
    image[0, 0, row - 3 : row + 4, column - 3 : column + 4] = depth
    point = uncrop_pixels(np.array(place), center[2] + depth * half, NYU, center, half)
    cube = torch.tensor(center[None]), torch.tensor([half], dtype=torch.float64)
    pose = to_pose(torch.tensor(point[None, None]), *cube)
    moves = Moves(*(torch.tensor([value], dtype=torch.float64) for value in (angle, shift, 1.0)))
    new_image, new_pose, new_center = augment(image, pose, *cube, moves)
    new_point = (new_pose * half + new_center)[0, 0].numpy()
    u, v = crop_pixels(new_point, NYU, new_center[0].numpy(), half)
    z = float(new_pose[0, 0, 2])
    is_seen = new_image[0, 0] < 1
    if 0 <= u <= SIZE - 1 and 0 <= v <= SIZE - 1 and z < 0.999:
        np.testing.assert_allclose(new_image[0, 0, round(v), round(u)], max(z, -1.0), atol=1e-6)
    if min(u, v) < -8 or max(u, v) > SIZE + 7 or z > 1.001:  # a patch of 7 px, nearer by at most 2, turned
        assert not is_seen.any()


@fewer
@given(count=st.integers(1, 11), size=st.sampled_from([1, 16]), seed=seeds)
def test_unpacking_depth_inverts_packing(count, size, seed):
    depth = np.random.default_rng(seed).integers(0, 65536, (count, size, size)).astype(np.uint16)
    np.testing.assert_array_equal(unpack_depth(pack_depth(depth), count, size), depth)
