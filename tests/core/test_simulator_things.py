"""Things that hands hold: their distances, their pictures, and how they are held."""

from dataclasses import replace

import pytest
import torch

from lsps_core.simulator.hand import ANGLE_LIMITS_RAD, HandPose, forward_kinematics
from lsps_core.simulator.people import average_person, draw_people, sample_people
from lsps_core.simulator.render import pixel_points, render
from lsps_core.simulator.scene import draw_scene
from lsps_core.simulator.settings import THINGS, SimulationSettings
from lsps_core.simulator.shots import camera_look, visible_center_mm
from lsps_core.simulator.simulate import simulate
from lsps_core.simulator.surface import hand_surface
from lsps_core.simulator.things.catalogue import draw_things
from lsps_core.simulator.things.draw import draw_solids
from lsps_core.simulator.things.pool import draw_held_things
from lsps_core.simulator.things.touch import clearance_mm, finger_spheres
from lsps_core.simulator.views import any_rotations

COUNT = 210


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def held():
    """(held things, the people's hands that hold them, in the palm frame)."""
    people = sample_people(12, generator(1))
    things = draw_held_things(people, COUNT, generator(2))
    shape = people[things.person]
    pose = HandPose(
        finger_angles_rad=things.finger_angles_rad,
        wrist_angles_rad=torch.zeros(len(things), 2),
        rotation=torch.eye(3).expand(len(things), 3, 3),
        wrist_mm=torch.zeros(len(things), 3),
    )
    return things, hand_surface(forward_kinematics(shape, pose), shape.radii_mm)


def test_nearly_everything_is_held(held):
    counts = held[0].thing.bincount(minlength=len(THINGS))
    assert counts[0] == 0
    assert len(held[0]) > 0.9 * COUNT
    assert counts[1:].min() > 0.6 * COUNT / (len(THINGS) - 1)


def test_no_finger_goes_through_a_thing(held):
    things, hand = held
    centers, radii = finger_spheres(hand.centers_mm[:, :21], hand.radii_mm, samples=12)
    depth = radii - things.solids.distance_mm(centers.flatten(1, 3)).view(radii.shape)
    assert depth.max() < 2.0
    assert clearance_mm(hand, things.solids, samples=8).min() > -2.5  # the palm and the webs, which are soft


def test_angles_of_holding_fingers_are_anatomical(held):
    low, high = ANGLE_LIMITS_RAD.unbind(dim=-1)
    angles = held[0].finger_angles_rad
    assert (angles >= low - 1e-5).all()
    assert (angles <= high + 1e-5).all()


def test_things_stay_clear_of_forearms():
    settings = SimulationSettings(views="egocentric", things=1.0)
    people = draw_people(settings, True, 4, generator())
    scene = draw_scene(settings, True, people, 140, generator(1), draw_held_things(people, 70, generator(2)))
    things = scene.additions[0]
    assert clearance_mm(scene.arm[things.frames], things.solids).min() > -2.5
    assert (scene.forearm[:, 2] < -0.25).all()


def test_fingers_touch_what_they_hold(held):
    things, hand = held
    centers, radii = finger_spheres(hand.centers_mm[:, :21], hand.radii_mm, samples=12)
    gap = (things.solids.distance_mm(centers.flatten(1, 3)).view(radii.shape) - radii).amin(dim=(2, 3))
    touching = gap < 2.0
    assert touching[:, 1:].any(dim=1).all()
    assert touching[:, 0].float().mean() > 0.6
    assert (touching.sum(dim=1) >= 2).all()


def test_seen_points_are_on_the_surface_and_outline_is_whole():
    """Every kind of thing in front of the camera: its pixels' points have distance 0, those around it are not hit."""
    thing = 1 + torch.arange(140) % (len(THINGS) - 1)
    _, solids = draw_things(thing, generator(3))
    rotation = any_rotations(140, generator(4))
    center = torch.tensor([[30.0, -40.0, 600.0]]).expand(140, 3)
    half = torch.full((140,), 125.0)
    placed = solids.moved(rotation, center)
    depth = draw_solids(placed, center, half, size=64).minimum(render(placed.round_parts(), center, half, size=64))
    is_hit = depth.isfinite()
    assert is_hit.flatten(1).any(dim=1).all()
    is_mug = (thing == THINGS.index("mug"))[:, None]
    points = pixel_points(depth.where(is_hit, 600), center, half).flatten(1, 2)
    off = placed.distance_mm(points).where(is_hit.flatten(1) & ~is_mug, 0)
    assert off.abs().max() < 0.6  # a pen's point tapers
    # March along the rays of missed pixels: they never get into the thing.
    rays = pixel_points(torch.ones_like(depth), center, half).flatten(1, 2)
    nearest = torch.stack([placed.distance_mm(rays * z) for z in range(440, 760, 8)]).amin(dim=0)
    assert nearest[~is_hit.flatten(1)].min() > -0.6


def test_a_mug_is_hollow():
    _, solids = draw_things(torch.full((1,), THINGS.index("mug")), generator())
    towards = torch.tensor([[[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]]])  # the opening to the camera
    center, half = torch.tensor([[0.0, 0.0, 500.0]]), torch.tensor([100.0])
    depth = draw_solids(solids.moved(towards, center), center, half, size=64)[0]
    bottom, rim = (500 - solids.frusta[0, 0, :2]).tolist()
    assert float(depth[32, 32]) == pytest.approx(bottom - 5, abs=0.1)  # it is 5 mm thick
    assert float(depth[depth.isfinite()].min()) == pytest.approx(rim, abs=0.1)


def frames(domain, count, **settings):
    return next(simulate(domain, count, batch_size=count, settings=SimulationSettings(**settings)))


def test_a_share_of_the_frames_has_things():
    batch = frames("synthetic", 256, things=0.3)
    assert 0.2 < (batch.thing > 0).mean() < 0.4
    assert set(batch.thing) == set(range(len(THINGS)))
    assert not frames("sensor", 32, views="any").thing.any()


def test_things_hide_parts_of_the_hand():
    batch = frames("synthetic", 64, views="any", things=1.0)
    hands = hand_surface(torch.from_numpy(batch.joints_mm), average_person(torch.device("cpu")).radii_mm.expand(64, -1))
    alone = render(hands, torch.from_numpy(batch.center_mm), torch.from_numpy(batch.half_mm)).numpy()
    seen = batch.depth_mm.astype(float)
    is_nearer = (seen > 0) & (seen < alone - 2)
    assert (is_nearer.mean(axis=(1, 2)) > 0.01).mean() > 0.5
    is_behind = (seen > alone + 2) | ((seen == 0) & (alone < batch.center_mm[:, 2, None, None] + 124))
    assert is_behind.mean() < 1e-3  # the hand is never missing


def test_people_are_of_all_sizes_and_some_hands_are_left():
    people = sample_people(500, generator())
    length = people.bone_lengths_mm.view(500, 5, 4)[:, 2].sum(dim=1) + people.radii_mm[:, 12]
    assert length.min() < 158
    assert length.max() > 212
    batch = frames("sensor", 128, views="any")
    assert 0.2 < batch.hand.mean() < 0.5
    assert not frames("sensor", 32).hand.any()


def test_left_hands_are_mirrored_for_the_camera_only():
    settings = SimulationSettings(views="any", camera="sr300")
    people = draw_people(settings, True, 2, generator())
    right = replace(draw_scene(settings, True, people, 4, generator(1)), hand_side=torch.zeros(4, dtype=torch.int64))
    left = replace(right, hand_side=right.hand_side + 1)
    half = torch.full((4,), 125.0)
    center = visible_center_mm(right.hand, right.joints_mm.mean(dim=1), half)
    clean = right.render(center, half, size=128)
    assert torch.equal(clean, left.render(center, half, size=128))
    of_left, _ = camera_look(left, generator(2), settings)
    of_right, _ = camera_look(right, generator(2), settings)
    assert torch.equal(of_left(clean, center, half), of_right(clean.flip(2), center, half).flip(2))
