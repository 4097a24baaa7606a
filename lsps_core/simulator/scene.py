"""What is in front of the camera: hands with their forearms, drawn for a batch of frames."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lsps_core.simulator.hand import HandPose, HandShape, forearm_direction, forward_kinematics
from lsps_core.simulator.poses import SENSOR_POSES, SYNTHETIC_POSES, sample_poses
from lsps_core.simulator.render import render
from lsps_core.simulator.settings import HANDS, SEEN_SIDES, THINGS, SimulationSettings
from lsps_core.simulator.surface import SphereMesh, hand_surface, with_forearm


@dataclass(frozen=True, kw_only=True)
class Scene:
    """B scenes in the camera frame, all hands right ones.

    joints_mm [B, 21, 3]. hand: the annotated hands alone. arm: the same with their forearms, whose last two nodes are
    at the elbow. forearm [B, 3]: unit vector from the wrist to the elbow. view, thing, hand_side
    int64 [B]: index into SEEN_SIDES, THINGS and HANDS; a left hand's scene is shown mirrored, and the camera saw it as
    it would be without (see `is_left`).
    """

    joints_mm: Tensor
    hand: SphereMesh
    arm: SphereMesh
    forearm: Tensor
    view: Tensor
    thing: Tensor
    hand_side: Tensor

    def __len__(self) -> int:
        return len(self.joints_mm)

    @property
    def is_left(self) -> Tensor:
        """bool [B]: the sensor's pictures of these scenes are to be taken of their mirror images."""
        return self.hand_side == HANDS.index("left")

    def render(self, center_mm: Tensor, half_mm: Tensor, *, size: int) -> Tensor:
        """Depth of everything, [B, size, size] in mm as of `render.render`: inf where nothing is."""
        return render(self.arm, center_mm, half_mm, size=size)


def draw_scene(
    settings: SimulationSettings, is_sensor: bool, people: HandShape, person: Tensor, generator: torch.Generator
) -> Scene:
    """One scene for each of the B entries of `person`, an index into `people`, on the generator's device."""
    shape = people[person]
    poses = SENSOR_POSES if is_sensor else SYNTHETIC_POSES
    return pose_scene(shape, sample_poses(poses, shape, generator, settings.views))


def pose_scene(shape: HandShape, pose: HandPose) -> Scene:
    """Empty right hands of these shapes and poses, B each."""
    joints = forward_kinematics(shape, pose)
    hand = hand_surface(joints, shape.radii_mm)
    forearm = forearm_direction(pose)
    nothing = torch.zeros(len(joints), dtype=torch.int64, device=joints.device)
    return Scene(
        joints_mm=joints,
        hand=hand,
        arm=with_forearm(hand, joints, forearm),
        forearm=forearm,
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
