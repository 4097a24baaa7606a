"""What is in front of the camera: hands with their forearms and what they hold, drawn for a batch of frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lsps_core.simulator.clutter import Addition, draw_clutter
from lsps_core.simulator.hand import HandPose, HandShape, forearm_direction, forward_kinematics
from lsps_core.simulator.poses import (
    SENSOR_POSES,
    SYNTHETIC_POSES,
    WIDE_SENSOR_POSES,
    WIDE_SYNTHETIC_POSES,
    sample_poses,
)
from lsps_core.simulator.render import render
from lsps_core.simulator.settings import HANDS, SEEN_SIDES, THINGS, SimulationSettings
from lsps_core.simulator.surface import SphereMesh, hand_surface, with_forearm
from lsps_core.simulator.things.draw import draw_solids
from lsps_core.simulator.things.pool import HeldThings, no_held_things
from lsps_core.simulator.views import EASY_FLEXION_RAD

_LEFT_SHARE = 0.35


@dataclass(frozen=True, kw_only=True)
class Scene:
    """B scenes in the camera frame, all hands right ones.

    joints_mm [B, 21, 3]. hand: the annotated hands alone. arm: the same with their forearms, whose last two nodes are
    at the elbow. forearm [B, 3]: unit vector from the wrist to the elbow. additions: what else there is. person, view,
    thing, hand_side int64 [B]: the person's number, and an index into SEEN_SIDES, THINGS and HANDS; a left hand's
    scene is shown mirrored, and the camera saw it as it would be without (see `is_left`).
    """

    joints_mm: Tensor
    hand: SphereMesh
    arm: SphereMesh
    forearm: Tensor
    person: Tensor
    view: Tensor
    thing: Tensor
    hand_side: Tensor
    additions: tuple[Addition, ...] = ()

    def __len__(self) -> int:
        return len(self.joints_mm)

    @property
    def is_left(self) -> Tensor:
        """bool [B]: the sensor's pictures of these scenes are to be taken of their mirror images."""
        return self.hand_side == HANDS.index("left")

    def render(self, center_mm: Tensor, half_mm: Tensor, *, size: int) -> Tensor:
        """Depth of everything, [B, size, size] in mm as of `render.render`: inf where nothing is."""
        depth = render(self.arm, center_mm, half_mm, size=size)
        for addition in self.additions:
            rows = addition.frames
            cube = center_mm[rows], half_mm[rows]
            depth[rows] = depth[rows].minimum(render(addition.mesh, *cube, size=size))
            if addition.solids is not None:
                depth[rows] = depth[rows].minimum(draw_solids(addition.solids, *cube, size=size))
        return depth


def draw_scene(
    settings: SimulationSettings,
    is_sensor: bool,
    people: HandShape,
    count: int,
    generator: torch.Generator,
    held: HeldThings | None = None,
) -> Scene:
    """`count` scenes on the generator's device. held: what `settings.things` of the frames choose from."""
    person = torch.randint(len(people.palm_width), (count,), generator=generator, device=generator.device)
    if settings.is_wide:
        return _wide_scene(settings, is_sensor, people, person, held, generator)
    shape = people[person]
    pose = sample_poses(SENSOR_POSES if is_sensor else SYNTHETIC_POSES, shape, generator, wrist=settings.wrist)
    return pose_scene(shape, pose, person)


def _wide_scene(
    settings: SimulationSettings,
    is_sensor: bool,
    people: HandShape,
    person: Tensor,
    held: HeldThings | None,
    generator: torch.Generator,
) -> Scene:
    frames, chosen = _who_holds(settings.things, held, len(person), generator)
    person[frames] = chosen.person
    shape = people[person]
    distribution = WIDE_SENSOR_POSES if is_sensor else WIDE_SYNTHETIC_POSES
    pose = sample_poses(distribution, shape, generator, settings.views, settings.wrist)
    pose = _holding_pose(pose, frames, chosen)
    scene = pose_scene(shape, pose, person, is_full=True)
    if is_sensor:
        is_left = torch.rand(len(person), generator=generator, device=generator.device) < _LEFT_SHARE
        scene = replace(scene, hand_side=torch.where(is_left, HANDS.index("left"), HANDS.index("right")))
    if settings.things == 0:
        return scene
    things = _held_in(pose, frames, chosen)
    clutter = draw_clutter(scene.arm, pose.rotation[..., 2], things, generator) if is_sensor else ()
    return replace(scene, thing=scene.thing.index_copy(0, frames, chosen.thing), additions=(things, *clutter))


def pose_scene(shape: HandShape, pose: HandPose, person: Tensor | None = None, *, is_full: bool = False) -> Scene:
    """Empty right hands of these shapes and poses, B each; person: 0 unless given.

    is_full: with flesh between the metacarpals, and closed elbows.
    """
    joints = forward_kinematics(shape, pose)
    hand = hand_surface(joints, shape.radii_mm, is_full=is_full)
    forearm = forearm_direction(pose)
    nothing = torch.zeros(len(joints), dtype=torch.int64, device=joints.device)
    return Scene(
        joints_mm=joints,
        hand=hand,
        arm=with_forearm(hand, joints, forearm, has_elbow=is_full),
        forearm=forearm,
        person=nothing if person is None else person,
        view=seen_side(pose.rotation, joints),
        thing=nothing + THINGS.index("none"),
        hand_side=nothing + HANDS.index("right"),
    )


def seen_side(rotation: Tensor, joints_mm: Tensor) -> Tensor:
    """rotation [B, 3, 3] from palm frame to camera frame, joints_mm [B, 21, 3] -> [B], an index into SEEN_SIDES."""
    to_camera = -joints_mm.mean(dim=1)
    x, y, z = (rotation.mT @ to_camera[..., None])[..., 0].unbind(dim=1)
    sides = {"palm": -z, "back": z, "thumb side": x, "little finger side": -x, "fingertips": y, "wrist": -y}
    return torch.stack([sides[name] for name in SEEN_SIDES], dim=1).argmax(dim=1)


def _who_holds(
    share: float, held: HeldThings | None, count: int, generator: torch.Generator
) -> tuple[Tensor, HeldThings]:
    """(frames [Q] in which something is held, what)."""
    device = generator.device
    if held is None or not len(held):
        return torch.zeros(0, dtype=torch.int64, device=device), no_held_things(device)
    frames = (torch.rand(count, generator=generator, device=device) < share).nonzero()[:, 0]
    return frames, held[torch.randint(len(held), (len(frames),), generator=generator, device=device)]


def _holding_pose(pose: HandPose, frames: Tensor, held: HeldThings) -> HandPose:
    wrist = pose.wrist_angles_rad.clone()
    wrist[frames, 0] = wrist[frames, 0].clamp(max=EASY_FLEXION_RAD)
    angles = pose.finger_angles_rad.index_copy(0, frames, held.finger_angles_rad)
    return replace(pose, finger_angles_rad=angles, wrist_angles_rad=wrist)


def _held_in(pose: HandPose, frames: Tensor, held: HeldThings) -> Addition:
    solids = held.solids.moved(pose.rotation[frames], pose.wrist_mm[frames])
    return Addition(frames=frames, mesh=solids.round_parts(), solids=solids)
