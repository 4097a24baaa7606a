"""Fits: each term against a plain way to compute it, and what a fit promises, with the bundled model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from lsps_core.data.crop import FAR_FACE, camera_center, normalise, to_pose
from lsps_core.data.store import FrameStore
from lsps_core.fitting import Fitted, Weights, fit, residuals
from lsps_core.fitting.cones import cone_distance, nearest_cone
from lsps_core.fitting.hand import UNKNOWNS, HandModel
from lsps_core.fitting.objective import SurfaceObjective
from lsps_core.fitting.observation import crop_pixels, crop_points, nearest_pixels, observe
from lsps_core.fitting.solver import Evaluated, minimise
from lsps_core.fitting.starts import gesture_joints_mm, on_palm
from lsps_core.fitting.terms import Distances, bone_places, cut, front_distances, huber, silhouette_distances
from lsps_core.inference import Predictor
from lsps_core.simulator.hand import average_shape
from lsps_core.simulator.render import pixel_points
from lsps_core.simulator.surface import hand_surface
from lsps_core.skeleton import HAND21

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(ROOT / "resources" / "models" / "compact.safetensors")


@pytest.fixture(scope="module")
def frames():
    """(image, center_mm, half_mm, joints_mm) of 12 sample frames of simulated people."""
    with FrameStore(ROOT / "resources" / "samples" / "sensor.h5") as store:
        part = slice(0, 12)
        center, half = torch.from_numpy(store.center_mm[part]), torch.from_numpy(store.half_mm[part])
        depth = torch.from_numpy(store.depth_mm(part).astype(np.float32))
        return normalise(depth, center, half), center, half, torch.from_numpy(store.joints_mm[part])


@pytest.fixture(scope="module")
def fitted(predictor, frames) -> Fitted:
    return fit(predictor, *frames[:3])


def test_residuals_alone_are_those_before_a_fit(predictor, frames, fitted) -> None:
    image, center, half, _ = frames
    found = residuals(predictor, image, center, half)
    torch.testing.assert_close(found, fitted.start_residual_mm)
    blank = residuals(predictor, torch.ones_like(image[:2]), center[:2], half[:2])
    assert blank.isnan().all()


def unknowns_of(count: int) -> torch.Tensor:
    return 0.7 * torch.randn(count, UNKNOWNS, generator=torch.Generator().manual_seed(1))


def errors_mm(pose, frames):
    _, center, half, joints = frames
    return (pose - to_pose(joints, center, half)).norm(dim=2).mean(dim=1) * half


def test_a_cones_distance_is_that_of_the_nearest_of_its_spheres():
    generator = torch.Generator().manual_seed(0)
    points, first, second = (40 * torch.randn(50, size, generator=generator) for size in (3, 4, 4))
    first[:, 3], second[:, 3] = first[:, 3].abs().clamp(max=15), second[:, 3].abs().clamp(max=15)
    share = torch.linspace(0, 1, 20001)[:, None, None]
    spheres = torch.lerp(first, second, share)
    plain = ((points - spheres[..., :3]).norm(dim=2) - spheres[..., 3]).amin(dim=0)
    found = cone_distance(points, first, second)
    torch.testing.assert_close(found.distance_mm, plain, atol=2e-3, rtol=0)
    sphere = torch.lerp(first, second, found.share[:, None])
    surface = sphere[:, :3] + (sphere[:, 3] + found.distance_mm)[:, None] * found.normal
    torch.testing.assert_close(surface, points, atol=1e-3, rtol=0)


def test_the_nearest_cone_is_the_one_of_least_distance():
    shape = average_shape(2)
    joints = gesture_joints_mm()[:2]
    surface = hand_surface(joints, shape.radii_mm)
    points = 120 * torch.rand(2, 300, 3, generator=torch.Generator().manual_seed(0)) - torch.tensor([60.0, 0, 60])
    spheres = torch.cat([surface.centers_mm, surface.radii_mm[..., None]], dim=2)
    first, second = (spheres[:, None, nodes].expand(-1, 300, -1, -1) for nodes in surface.cones.T)
    every = cone_distance(points[:, :, None].expand(-1, -1, len(surface.cones), -1), first, second).distance_mm
    chosen = every.gather(2, nearest_cone(points, surface)[..., None])[..., 0]
    torch.testing.assert_close(chosen, every.amin(dim=2), atol=1e-3, rtol=0)


def test_points_and_pixels_of_a_crop_agree_with_the_renderers_rays():
    center, half = torch.tensor([[40.0, -60.0, 500.0], [-80.0, 20.0, 700.0]]), torch.tensor([125.0, 100.0])
    depth = torch.linspace(-90, 90, 2 * 64 * 64).view(2, 64, 64)
    points = crop_points(depth, center, half)
    rays = pixel_points(depth + center[:, 2, None, None], center, half) - center[:, None, None]
    torch.testing.assert_close(points, rays, atol=1e-3, rtol=0)
    pixel, width = crop_pixels(points.flatten(1, 2), center, half, 64)
    row, column = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    expected = torch.stack([column, row], dim=2).flatten(0, 1).expand(2, -1, -1)
    torch.testing.assert_close(pixel, expected, atol=1e-2, rtol=0)
    across = (points[:, :, 1:] - points[:, :, :-1])[:, 5, 0, 0]
    torch.testing.assert_close(width.view(2, 64, 64)[:, 5, 0], across, atol=0.05, rtol=0)


def test_the_nearest_pixels_are_those_of_a_distance_transform():
    chance = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    mask = chance > torch.tensor([0.95, 0.5, 1.0])[:, None, None]
    mask[2, 30, 4] = True
    row, column = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    found = (nearest_pixels(mask) - torch.stack([column, row], dim=2)).norm(dim=3)
    plain = np.stack([ndimage.distance_transform_edt(~one.numpy()) for one in mask])
    np.testing.assert_allclose(found.numpy(), plain, atol=1e-4)


def test_the_spheres_move_as_their_jacobian_says(predictor):
    hand, half = HandModel.of(predictor), torch.tensor([125.0, 100.0])
    unknowns = unknowns_of(2)
    plain = torch.autograd.functional.jacobian(lambda u: hand.spheres(u, half).sum(dim=0), unknowns)
    plain = plain.permute(2, 0, 1, 3)
    torch.testing.assert_close(hand.with_jacobian(unknowns, half)[0], hand.spheres(unknowns, half))
    torch.testing.assert_close(hand.with_jacobian(unknowns, half)[1], plain, atol=1e-3, rtol=1e-4)


def test_a_hand_is_what_its_parameters_say(predictor):
    hand = HandModel.of(predictor)
    unknowns = unknowns_of(3)
    latent, size, shift = hand.parameters(unknowns)
    torch.testing.assert_close(hand.at(latent, size, shift), unknowns, atol=1e-3, rtol=1e-3)
    half = torch.full((3,), 125.0)
    pose = predictor.decode_pose(latent)
    torch.testing.assert_close(hand.joints_mm(hand.at(latent), half), 125 * pose, atol=1e-2, rtol=0)
    grown = hand.joints_mm(unknowns, half)
    torch.testing.assert_close(grown.mean(dim=1), 125 * pose.mean(dim=1) + shift, atol=1e-2, rtol=0)
    bone = (grown[:, 1] - grown[:, 0]).norm(dim=1) / (pose[:, 1] - pose[:, 0]).norm(dim=1) / 125
    torch.testing.assert_close(bone, size, atol=1e-3, rtol=0)


def objective_of(predictor: Predictor, frames, weights: Weights) -> tuple[SurfaceObjective, torch.Tensor]:
    """It, and the unknowns of the hands that P reads; the mean hand stands for what is read."""
    image, center, half, _ = frames
    hand = HandModel.of(predictor)
    read_mm = hand.spheres(torch.zeros(len(image), UNKNOWNS), half)[:, : HAND21.joint_count, :3]
    objective = SurfaceObjective(hand=hand, seen=observe(image, center, half), read_mm=read_mm, weights=weights)
    return objective, hand.at(predictor.posterior(image, "real", camera_center(center, half))).clone()


@pytest.mark.parametrize("term", ["surface", "silhouette", "front", "prior", "read"])
def test_the_gradient_of_each_term_is_that_of_its_cost(predictor, frames, term):
    nothing = dict.fromkeys(("surface", "silhouette", "front", "prior", "read"), 0.0)
    objective, start = objective_of(predictor, frames, Weights(**nothing | {term: 1.0}))
    value = objective(start)
    torch.testing.assert_close(objective.cost(start)[0], value.cost)
    direction = -value.gradient / value.gradient.norm(dim=1, keepdim=True).clamp(min=1e-6)
    step = 2e-4  # across few pixels' edges, where the front term jumps
    change = objective.cost(start + step * direction)[0] - objective.cost(start - step * direction)[0]
    # pixels and nearest cones change on the way: most frames agree, not all
    wrong = (change / (2 * step) + value.gradient.norm(dim=1)).abs() / value.gradient.norm(dim=1).clamp(min=1e-2)
    assert float(value.gradient.norm(dim=1).max()) > 0.1
    assert float(wrong.median()) < 0.1


def test_frames_taken_several_times_and_in_any_order_cost_the_same(predictor, frames):
    objective, start = objective_of(predictor, frames, Weights())
    chosen = torch.tensor([7, 2, 2, 11, 0])
    torch.testing.assert_close(objective[chosen].cost(start[chosen])[0], objective.cost(start)[0][chosen])


def test_huber_is_the_square_and_then_the_line():
    cost, weight = huber(torch.tensor([0.0, 2.0, -10.0]), 4.0)
    assert cost.tolist() == [0.0, 2.0, 4.0 * 8.0]
    assert weight.tolist() == [1.0, 1.0, pytest.approx(0.4)]


def test_a_distance_beyond_the_cut_costs_as_much_as_there_and_pulls_no_more():
    value = torch.tensor([[1.0, -9.0, 5.0]])
    one, node = torch.ones(1, 3), torch.zeros(1, 3, dtype=torch.long)
    found = cut(Distances(value, one, node, node, one, torch.ones(1, 3, 4)), 5.0)
    assert found.value.tolist() == [[1.0, -5.0, 5.0]]
    assert found.direction[0, :, 0].tolist() == [1.0, 0.0, 1.0]


def test_a_bone_outside_the_silhouette_or_before_the_surface_is_noticed(frames):
    image, center, half, joints = frames
    seen = observe(image, center, half)
    radii = average_shape(len(joints)).radii_mm
    true = torch.cat([hand_surface(joints - center[:, None], radii).centers_mm, radii[..., None]], dim=2)
    aside, near = true.clone(), true.clone()
    aside[..., 0] += 60
    near[..., 2] -= 60
    moved, right, nearer = (bone_places(seen, spheres) for spheres in (aside, true, near))
    outside, inside = (silhouette_distances(seen, places).value.mean() for places in (moved, right))
    assert outside > 10 > 10 * inside
    before, behind = (front_distances(seen, places).value.mean() for places in (nearer, right))
    assert before > 20 > 10 * behind


def test_a_step_solves_a_quadratic_and_the_cost_never_rises():
    class Bowl:
        def __call__(self, unknowns):
            return Evaluated(*self.cost(unknowns), unknowns - 3, torch.eye(4).expand(len(unknowns), 4, 4))

        def __getitem__(self, index):
            return self

        def cost(self, unknowns):
            cost = 0.5 * (unknowns - 3).square().sum(dim=1)
            return cost, (2 * cost).sqrt()

    solved = minimise(Bowl(), torch.zeros(2, 4), 8)
    torch.testing.assert_close(solved.unknowns, torch.full((2, 4), 3.0), atol=1e-3, rtol=0)
    assert (solved.trace_mm.diff(dim=1) <= 0).all()


def test_a_gesture_lies_on_the_palm_that_it_is_put_on():
    hands = gesture_joints_mm()[:3]
    angle = torch.tensor(0.7)
    turn = torch.tensor([[angle.cos(), -angle.sin(), 0], [angle.sin(), angle.cos(), 0], [0, 0, 1.0]])
    moved = 1.3 * hands[:1] @ turn.mT + torch.tensor([10.0, -20.0, 30.0])
    put = on_palm(hands, moved)
    torch.testing.assert_close(put[0, 0], moved[0], atol=1e-2, rtol=0)
    palm = [0, 1, 5, 9, 13, 17]
    torch.testing.assert_close(put[0, 1:, palm], moved[:, palm].expand(2, -1, -1), atol=1e-2, rtol=0)


def test_a_fit_comes_nearer_to_the_points_and_to_the_truth(predictor, frames, fitted):
    assert fitted.is_fitted.all()
    assert (fitted.residual_mm < fitted.start_residual_mm).all()
    assert float(fitted.residual_mm.mean()) < 3
    before = errors_mm(predictor.predict_pose(frames[0], "real", camera_center(*frames[1:3])), frames)
    after = errors_mm(fitted.pose, frames)
    assert float(after.mean()) < min(3.0, 0.7 * float(before.mean()))
    assert float(fitted.distances_mm.abs().nanmedian()) < 2
    torch.testing.assert_close(fitted.trace_mm[:, -1], fitted.residual_mm)
    assert fitted.trace_latent.shape == (*fitted.trace_mm.shape, 20)
    torch.testing.assert_close(fitted.trace_latent[:, -1], fitted.pose_latent)
    has_moved = (fitted.trace_latent.diff(dim=1).norm(dim=2) > 0).any(dim=1)
    assert (has_moved == (fitted.trace_mm[:, 0] > fitted.trace_mm[:, -1])).all()


def test_where_no_hand_is_better_the_mean_of_rotated_copies_stays(predictor, frames):
    nothing = Weights(surface=0.0, silhouette=0.0, front=0.0)
    left = fit(predictor, *frames[:3], weights=nothing)
    assert not left.is_fitted.any()
    read = predictor.posterior(frames[0], "real", camera_center(*frames[1:3]), turns=8)
    torch.testing.assert_close(left.pose_latent, read, atol=1e-4, rtol=0)
    torch.testing.assert_close(left.pose, predictor.decode_pose(read), atol=1e-5, rtol=0)
    assert (left.size == 1).all()


def test_a_thing_beside_the_hand_does_not_pull_it(predictor, frames, fitted):
    """Beside a plate it ends 5 mm off, without it 4; where every point counts 35."""
    image, center, half, _ = frames
    with_plate = image.clone()
    plate = with_plate[:, :, 8:56, 88:128]
    plate[plate >= FAR_FACE] = 0.35
    kept, pulled = (
        errors_mm(fit(predictor, with_plate, center, half, weights=Weights(cut_mm=cut_mm)).pose, frames)
        for cut_mm in (Weights().cut_mm, torch.inf)
    )
    alone = errors_mm(fitted.pose, frames)
    assert float(kept.mean()) < 2 * float(alone.mean()) < 0.5 * float(pulled.mean())


def test_a_fit_is_the_same_again_and_alone(predictor, frames, fitted):
    again = fit(predictor, *frames[:3])
    for name, values in vars(fitted).items():
        torch.testing.assert_close(getattr(again, name), values, equal_nan=True, atol=0, rtol=0)
    alone = fit(predictor, *(part[3:4] for part in frames[:3]))
    assert float((alone.pose - fitted.pose[3:4]).norm(dim=2).mean()) * 125 < 1


def test_a_tracked_hand_starts_from_the_last_one(predictor, frames, fitted):
    tracked = fit(predictor, *frames[:3], start=fitted, steps=2)
    assert (tracked.residual_mm <= fitted.residual_mm + 0.01).all()  # the prior has a part in the cost
    lost = fit(predictor, *frames[:3], start=fitted[torch.arange(12).roll(1)])
    assert float((lost.residual_mm - fitted.residual_mm).median()) < 0.5


SMALL = torch.full((1, 1, 128, 128), 1.0)


def _with_point(value: float) -> torch.Tensor:
    image = SMALL.clone()
    image[0, 0, 64, 64] = value
    return image


@pytest.mark.parametrize(
    ("image", "is_fitted"),
    [
        (SMALL, False),
        (_with_point(0.0), False),
        (_with_point(float("nan")), False),
        (torch.full((1, 1, 128, 128), float("nan")), False),
        (torch.full((1, 1, 128, 128), -1.0), False),
        (torch.full((1, 1, 128, 128), 0.94), None),
        (torch.zeros(1, 1, 128, 128), None),
    ],
    ids=["empty", "one point", "one NaN", "all NaN", "all near", "all far", "a wall"],
)
def test_whatever_the_image_there_is_an_answer(predictor, image, is_fitted):
    cube = torch.tensor([[0.0, 0.0, 500.0]]), torch.tensor([125.0])
    found = fit(predictor, image, *cube)
    assert found.pose.isfinite().all()
    assert is_fitted in (None, bool(found.is_fitted))
    if is_fitted is False:
        assert found.residual_mm.isnan().all()
        assert found.size.item() == 1
        read = predictor.posterior(image.nan_to_num(nan=1.0), "real", camera_center(*cube), turns=8)
        torch.testing.assert_close(found.pose, predictor.decode_pose(read), atol=1e-4, rtol=0)
    elif is_fitted:
        assert not found.residual_mm > found.start_residual_mm


def test_a_picture_is_fitted_without_a_surface(predictor, frames):
    image, center, half, _ = (part[:2] for part in frames)
    found = fit(predictor, image, center, half, objective="picture", steps=3)
    assert (found.residual_mm < found.start_residual_mm).all()
    assert found.size.tolist() == [1, 1]
    assert (found.trace_mm.diff(dim=1) < 1e-3).all()
    assert (found.trace_mm[:, -1] < found.trace_mm[:, 0]).all()  # the mean of copies alone may be below P's own


def test_two_hands_are_one_answer(predictor, frames):
    image, center, half, _ = frames
    both = torch.minimum(image[:6], torch.roll(image[6:], shifts=40, dims=3))
    found = fit(predictor, both, center[:6], half[:6])
    assert found.pose.isfinite().all()
    assert (found.residual_mm <= found.start_residual_mm)[found.is_fitted].all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"images": torch.zeros(1, 1, 64, 64)}, "images are"),
        ({"images": torch.zeros(0, 1, 128, 128)}, "images are"),
        ({"center_mm": torch.zeros(2, 3)}, "cubes of 1 images"),
        ({"center_mm": torch.tensor([[0.0, 0.0, -5.0]])}, "impossible cube"),
        ({"half_mm": torch.tensor([float("nan")])}, "impossible cube"),
        ({"steps": 0}, "steps is 0"),
        ({"objective": "guess"}, "unknown objective"),
    ],
)
def test_what_cannot_be_fitted_is_one_line(predictor, changed, message):
    given = {"images": SMALL, "center_mm": torch.tensor([[0.0, 0.0, 500.0]]), "half_mm": torch.tensor([125.0])}
    with pytest.raises(ValueError, match=message) as caught:
        fit(predictor, **given | changed)
    assert "\n" not in str(caught.value)


def test_a_skeleton_without_the_simulators_joints_has_no_surface(untrained):
    names = tuple(f"joint{place}" for place in range(21))
    other = Predictor(replace(untrained, skeleton=replace(HAND21, name="other", joints=names)))
    cube = torch.tensor([[0.0, 0.0, 500.0]]), torch.tensor([125.0])
    with pytest.raises(ValueError, match="the model's skeleton other lacks joints"):
        fit(other, torch.zeros(1, 1, 128, 128), *cube, objective="surface")
