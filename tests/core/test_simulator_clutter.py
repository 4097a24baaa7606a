"""Sleeves, watches, other arms and torsos near a hand."""

import pytest
import torch

from lsps_core.simulator.hand import HandShape
from lsps_core.simulator.people import draw_people
from lsps_core.simulator.render import render
from lsps_core.simulator.scene import Scene, draw_scene
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.shots import visible_center_mm
from lsps_core.simulator.things.pool import draw_held_things
from lsps_core.simulator.things.touch import mesh_spheres

COUNT = 192
SETTINGS = SimulationSettings(views="any", things=0.5)


def drawn(*, is_sensor: bool) -> Scene:
    generator = torch.Generator().manual_seed(8)
    people: HandShape = draw_people(SETTINGS, is_sensor, 6, generator)
    return draw_scene(SETTINGS, is_sensor, people, COUNT, generator, draw_held_things(people, 42, generator))


@pytest.fixture(scope="module")
def scene():
    return drawn(is_sensor=True)


def test_only_the_sensor_domain_has_clutter(scene):
    things, near, hands = scene.additions
    assert len(things.frames) == (scene.thing > 0).sum()
    assert 0.5 < len(near.frames) / COUNT < 0.85
    assert 0.02 < len(hands.frames) / COUNT < 0.15
    assert len(drawn(is_sensor=False).additions) == 1


def test_other_hands_and_what_is_behind_touch_neither_the_arm_nor_its_thing(scene):
    things, near, hands = scene.additions
    is_behind = (near.mesh.radii_mm[:, 4] > 0).nonzero()[:, 0]
    assert 0.1 < len(is_behind) / COUNT < 0.3
    behind = near.mesh.centers_mm[is_behind, 4:], near.mesh.radii_mm[is_behind, 4:]
    others = [(hands.frames, *mesh_spheres(hands.mesh, 3)), (near.frames[is_behind], *behind)]
    for frames, centers, radii in others:
        arm, arm_radii = mesh_spheres(scene.arm[frames], 3)
        gap = torch.cdist(centers, arm) - radii[..., None] - arm_radii[:, None]
        assert gap.amin() > 0
        for place, frame in enumerate(frames.tolist()):
            own = (things.frames == frame).nonzero()[:, 0]
            if len(own):
                assert (things.solids[own].distance_mm(centers[place, None]) - radii[place]).min() > 0


def test_sleeves_and_watches_are_around_the_forearm(scene):
    near = scene.additions[1]
    worn = (near.mesh.radii_mm[:, 0] > 0).nonzero()[:, 0]
    frames = near.frames[worn]
    from_wrist = near.mesh.centers_mm[worn, :2].mean(dim=1) - scene.joints_mm[frames, 0]
    along = (from_wrist * scene.forearm[frames]).sum(dim=1)
    assert (along > 15).all()
    assert (along < 130).all()
    assert ((from_wrist - along[:, None] * scene.forearm[frames]).norm(dim=1) < 12).all()
    watches = near.solids.frusta[:, 0, 2] > 0
    assert 0.1 < watches.sum() / COUNT < 0.3


def test_clutter_is_seen_and_hides_little_of_most_hands(scene):
    half = torch.full((COUNT,), 125.0)
    center = visible_center_mm(scene.hand, scene.joints_mm.mean(dim=1), half)
    everything = scene.render(center, half, size=64)
    arm, hand = render(scene.arm, center, half, size=64), render(scene.hand, center, half, size=64)
    assert (everything <= arm).all()
    assert ((everything < arm - 1).flatten(1).any(dim=1)).float().mean() > 0.7
    is_hidden = (everything < hand - 2) & hand.isfinite()
    share = is_hidden.flatten(1).sum(dim=1) / hand.isfinite().flatten(1).sum(dim=1)
    assert share.median() < 0.2
    hands = scene.additions[2]
    rows = hands.frames
    others = render(hands.mesh, center[rows], half[rows], size=64) < hand[rows] - 2
    hidden_by_others = (others & hand[rows].isfinite()).flatten(1).sum(dim=1) / hand[rows].isfinite().flatten(1).sum(
        dim=1
    )
    assert hidden_by_others.max() < 0.4
    assert (share < 0.8).float().mean() > 0.97
