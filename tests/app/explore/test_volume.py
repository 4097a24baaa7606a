from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from explorer_app.explore.model.solids import cloud_of_frame, cloud_of_picture, has_volume, sphere_mesh, volume
from explorer_app.model.open_data import open_store
from lsps_core.simulator.surface import AVERAGE_RADII_MM, ROOTS_MM, hand_surface
from lsps_core.skeleton import HAND21, ICVL16


def test_only_the_simulators_skeleton_has_a_volume() -> None:
    assert has_volume(HAND21)
    assert not has_volume(ICVL16)


def test_a_round_cone_wraps_its_spheres() -> None:
    centers, radii = np.array([[0.0, 0, 0], [1.0, 0.5, 0]]), np.array([0.4, 0.1])
    shape = sphere_mesh(centers, radii, np.array([[0, 1]]), (0.5, 0.5, 0.5))
    gaps = np.linalg.norm(shape.vertices[:, None] - centers, axis=2) - radii
    np.testing.assert_allclose(gaps.min(axis=1), 0, atol=1e-6)
    nearest = gaps.argmin(axis=1)
    outward = (shape.vertices - centers[nearest]) / radii[nearest, None]
    np.testing.assert_allclose(shape.normals, outward, atol=1e-5)


def _hand_mm() -> np.ndarray:
    """A stretched hand whose palm is the average one's, [21, 3]."""
    joints = np.zeros((21, 3), np.float32)
    for finger, root in enumerate(ROOTS_MM):
        joints[1 + 4 * finger : 5 + 4 * finger] = np.array(root) + np.array([[0, 25 * bone, 0] for bone in range(4)])
    return joints


def test_the_volume_is_the_simulators_skin() -> None:
    joints_mm = _hand_mm()
    skin = hand_surface(torch.from_numpy(joints_mm)[None], torch.tensor([AVERAGE_RADII_MM]))
    shape = volume(joints_mm / 125)
    gaps = np.linalg.norm(shape.vertices[:, None] * 125 - skin.centers_mm[0].numpy(), axis=2)
    gaps -= skin.radii_mm[0].numpy()
    np.testing.assert_allclose(gaps[: 84 * 40].min(axis=1).max(), 0, atol=0.01)
    assert np.isfinite(shape.normals).all()


def test_a_hand_half_as_large_is_half_as_thick() -> None:
    large, small = volume(_hand_mm() / 125), volume(_hand_mm() / 250)
    np.testing.assert_allclose(small.vertices * 2, large.vertices, atol=1e-5)


def test_the_cloud_lies_where_the_frame_saw_it(store_path: Path) -> None:
    opened = open_store(store_path, 1)
    view = opened.first
    points, colours = cloud_of_frame(view)
    assert len(points) == len(colours) > 100
    pixels = view.pixels_of(points.astype(np.float64))
    columns, rows = pixels.round().astype(int).T
    np.testing.assert_allclose(pixels, np.stack([columns, rows], axis=1), atol=1e-3)
    depth_mm = points[:, 2] * view.frame.half_mm + view.frame.center_mm[2]
    np.testing.assert_allclose(depth_mm, view.frame.depth_mm[rows, columns], atol=1e-2)
    opened.data.close()


def test_a_picture_without_a_hand_has_no_cloud() -> None:
    points, colours = cloud_of_picture(np.full((128, 128), np.nan), 125.0)
    assert points.shape == (0, 3)
    assert colours.shape == (0, 4)
