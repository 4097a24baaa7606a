import numpy as np
import pytest
import torch

from lsps_core.camera import SIMULATED
from lsps_core.simulator.render import cut_to_cube, pixel_points, render
from lsps_core.simulator.surface import SphereMesh

CENTER = torch.tensor([[30.0, -20.0, 500.0]])
HALF = torch.tensor([125.0])


def spheres(*rows, cones=()):
    """One surface of (x, y, z, radius) rows."""
    values = torch.tensor(np.array(rows), dtype=torch.float32)
    return SphereMesh(
        centers_mm=values[None, :, :3],
        radii_mm=values[None, :, 3],
        cones=torch.tensor(cones, dtype=torch.int64).reshape(-1, 2),
    )


def rays(size):
    """[size, size, 3], written out from the crop's definition."""
    x, y, z = CENTER[0].double().tolist()
    rows = np.empty((size, size, 3))
    for i in range(size):
        for j in range(size):
            rows[i, j] = (x + ((2 * j + 1) / size - 1) * 125) / z, (y + (1 - (2 * i + 1) / size) * 125) / z, 1
    return rows


def distance_to_round_cone(points, a, b):
    """Signed, to the hull of two spheres: the nearest of many spheres between them."""
    share = np.linspace(0, 1, 201)[:, None]
    between = (1 - share) * a + share * b
    return (np.linalg.norm(points[:, None] - between[None, :, :3], axis=-1) - between[None, :, 3]).min(axis=1)


@pytest.mark.parametrize("size", [128, 50])
def test_a_sphere_is_where_geometry_says(size):
    middle, radius = np.array([40.0, -10.0, 480.0]), 30.0
    depth = render(spheres((*middle, radius)), CENTER, HALF, size=size)[0].numpy()
    direction = rays(size)
    a, b = (direction**2).sum(-1), direction @ middle
    root2 = b**2 - a * (middle @ middle - radius**2)
    expected = np.where(root2 >= 0, (b - np.sqrt(np.maximum(root2, 0))) / a, np.inf)
    clear = np.abs(root2) > 1  # rays that only touch may fall on either side
    assert np.isfinite(expected).sum() > size**2 / 25
    np.testing.assert_allclose(depth[clear], expected[clear], atol=0.05)


def test_an_upright_cylinder_facing_the_camera():
    center = torch.tensor([[0.0, 0.0, 500.0]])
    mesh = spheres((0.0, -300.0, 500.0, 20.0), (0.0, 300.0, 500.0, 20.0), cones=[(0, 1)])
    depth = render(mesh, center, HALF, size=128)[0]
    slope = (2 * torch.arange(128) + 1 - 128) / 128 * 125 / 500  # x/z of the columns; the rows do not matter
    root2 = 20**2 * (1 + slope**2) - (500 * slope) ** 2
    expected = torch.where(root2 > 0, (500 - root2.clamp(min=0).sqrt()) / (1 + slope**2), torch.inf)
    torch.testing.assert_close(depth, expected.expand(128, 128), atol=0.02, rtol=0)


@pytest.mark.parametrize("seed", range(4))
def test_cones_meet_rays_on_the_hull_of_their_spheres_and_nowhere_before(seed):
    random = np.random.default_rng(seed)
    a, b = (np.array([*random.uniform(-70, 70, 3) + CENTER[0].numpy(), random.uniform(5, 30)]) for _ in range(2))
    depth = render(spheres(a, b, cones=[(0, 1)]), CENTER, HALF, size=40)[0].double().numpy()
    direction = rays(40)
    is_hit = np.isfinite(depth)
    assert is_hit.sum() > 20
    on_surface = direction[is_hit] * depth[is_hit][:, None]
    assert np.abs(distance_to_round_cone(on_surface, a, b)).max() < 0.03

    ahead = np.linspace(380, 620, 121)
    for ray, limit in zip(direction[::5, ::5].reshape(-1, 3), depth[::5, ::5].flatten(), strict=True):
        before = ahead[ahead < limit - 1]
        assert distance_to_round_cone(ray * before[:, None], a, b).min() > -0.2


def test_a_sphere_inside_another_adds_nothing():
    big = (30.0, -20.0, 500.0, 40.0)
    both = spheres(big, (35.0, -20.0, 500.0, 10.0), cones=[(0, 1), (1, 0), (0, 0)])
    torch.testing.assert_close(render(both, CENTER, HALF), render(spheres(big), CENTER, HALF))


def test_surfaces_of_a_batch_do_not_meet():
    points = torch.tensor([30.0, -20.0, 500.0]) + 60 * torch.randn(3, 5, 3, generator=torch.Generator().manual_seed(1))
    cones = torch.tensor([(0, 1), (1, 2), (3, 4)])
    mesh = SphereMesh(centers_mm=points, radii_mm=torch.full((3, 5), 12.0), cones=cones)
    together = render(mesh, CENTER.expand(3, 3), HALF.expand(3))
    for item in range(3):
        torch.testing.assert_close(together[item], render(mesh[item : item + 1], CENTER, HALF)[0])


def test_what_lies_behind_the_cube_is_cut_and_what_lies_before_it_stays():
    depth = torch.tensor([[[300.0, 500.0], [625.0, 626.0]], [[torch.inf, 374.0], [1.0, 625.5]]])
    cut = cut_to_cube(depth, CENTER.expand(2, 3), HALF.expand(2))
    assert cut.tolist() == [[[300.0, 500.0], [625.0, 0.0]], [[0.0, 374.0], [1.0, 0.0]]]


def test_points_of_pixels_lie_on_the_surface():
    mesh = spheres((30.0, -20.0, 500.0, 40.0))
    depth = render(mesh, CENTER, HALF)
    is_hit = depth.isfinite()
    points = pixel_points(depth.where(is_hit, 0), CENTER, HALF)[is_hit]
    distance = (points - torch.tensor([30.0, -20.0, 500.0])).norm(dim=1)
    assert distance.sub(40).abs().max() < 0.05

    # They project onto the pixels of the crop's window, whatever the camera.
    rows, columns = is_hit[0].nonzero().T
    u, v, _ = SIMULATED.project(points.numpy()).T
    size_px = SIMULATED.fx * 250 / 500
    np.testing.assert_allclose(u, 320 + SIMULATED.fx * 30 / 500 + ((columns + 0.5) / 128 - 0.5) * size_px, atol=1e-2)
    np.testing.assert_allclose(v, 240 + SIMULATED.fy * 20 / 500 + ((rows + 0.5) / 128 - 0.5) * size_px, atol=1e-2)


def test_a_size_without_pixels_is_refused():
    with pytest.raises(ValueError, match="size 0"):
        render(spheres((0.0, 0.0, 500.0, 10.0)), CENTER, HALF, size=0)
