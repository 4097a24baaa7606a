"""From which side hands are seen: rotations from the palm frame to the camera frame, and bends of the wrist."""

from __future__ import annotations

from math import cos, pi, radians, sin

import torch
from torch import Tensor

from lsps_core.simulator.hand import WRIST_LIMITS_RAD, HandPose, forearm_direction

MAX_TILT_RAD = radians(60)
"""Between the palm's normal and the optical axis, of palm views."""
DISTANCE_MM = {"any": (450.0, 850.0), "egocentric": (400.0, 700.0)}
"""Of the hand's middle, where the views decide: a forearm that points to the camera ends in front of it."""
EASY_FLEXION_RAD = 0.3
"""Of the wrist to the palm's side, at most: before eyes, and where things are held that may reach to the forearm."""
_EYE_PITCH_RAD = radians(40)
"""How far eyes look down at hands."""


def palm_rotations(count: int, generator: torch.Generator, in_plane_std: float | None, tilt_power: float) -> Tensor:
    """[count, 3, 3]: tilted about an axis in the image plane, then rotated in it. See `PoseDistribution`."""
    device = generator.device
    about, tilt, turn = torch.rand(3, count, generator=generator, device=device)
    about = 2 * pi * about
    tilt = MAX_TILT_RAD * tilt**tilt_power
    turn = 2 * pi * turn
    if in_plane_std is not None:
        turn = in_plane_std * torch.randn(count, generator=generator, device=device)
    return _about_z(turn) @ _about_z(about) @ _about_x(tilt) @ _about_z(-about)


def any_rotations(count: int, generator: torch.Generator) -> Tensor:
    """[count, 3, 3]: all rotations alike, from uniform unit quaternions."""
    quaternion = torch.randn(count, 4, generator=generator, device=generator.device)
    w, x, y, z = torch.nn.functional.normalize(quaternion, dim=1).unbind(dim=1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], dim=1),
        torch.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], dim=1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], dim=1),
    ]
    return torch.stack(rows, dim=1)


def egocentric(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(rotation [count, 3, 3], wrist angles [count, 2]) of right hands before their owner's eyes.

    The elbow is nearer to the eyes than the wrist, below and mostly to the right of it; the forearm is rolled about
    its length, mostly so that the back of the hand or the thumb is up.
    """
    device = generator.device
    wrist = wrist_draws(count, 1, generator)[:, 0]
    wrist[:, 0].clamp_(max=EASY_FLEXION_RAD)
    x, y, z, roll = torch.rand(4, count, generator=generator, device=device)
    elbow = torch.stack([-0.25 + 0.85 * x, -0.4 - 0.5 * y, -0.3 - 0.4 * z], dim=1)
    elbow = torch.nn.functional.normalize(elbow, dim=1)
    up = elbow.new_tensor([0.0, cos(_EYE_PITCH_RAD), -sin(_EYE_PITCH_RAD)]).expand_as(elbow)
    roll = radians(-60) + radians(220) * roll  # 0: the back is up, 90 degrees: the thumb is
    above = _orthogonal(up, elbow)
    back = roll.cos()[:, None] * above + roll.sin()[:, None] * torch.linalg.cross(elbow, above)
    local = forearm_direction(_at_rest(wrist))
    local_back = _orthogonal(local.new_tensor([0.0, 0.0, 1.0]).expand_as(local), local)
    return _frame(elbow, back) @ _frame(local, local_back).mT, wrist


def away_wrist_angles(rotation: Tensor, generator: torch.Generator) -> Tensor:
    """rotation [B, 3, 3] -> [B, 2]: of a few draws the one whose forearm points least toward the camera.

    Mostly the elbow is behind the hand; where the palm's tilt forbids that, the wrist bends as far as it was drawn.
    """
    draws = wrist_draws(len(rotation), 3, generator)
    pose = _at_rest(draws.flatten(0, 1), rotation.repeat_interleave(3, dim=0))
    toward = forearm_direction(pose)[:, 2].view(-1, 3)
    return draws[torch.arange(len(rotation), device=generator.device), toward.argmax(dim=1)]


def straight_wrist_angles(rotation: Tensor) -> Tensor:
    """rotation [B, 3, 3] -> [B, 2]: 0, or a bend by which the forearm points less to the camera, at best across.

    With flexion f its depth is -y cos f - z sin f, by those of the palm frame's axes.
    """
    y, z = rotation[:, 2, 1], rotation[:, 2, 2]
    low, high = WRIST_LIMITS_RAD[0].tolist()
    across = torch.atan2(-y, z.abs() + 1e-6) * torch.where(z < 0, -1.0, 1.0)
    flexion = torch.where(y > 0, across, 0.0).clamp(low, high)
    return torch.stack([flexion, torch.zeros_like(flexion)], dim=1)


def wrist_draws(count: int, draws: int, generator: torch.Generator) -> Tensor:
    """[count, draws, 2] random bends of wrists within WRIST_LIMITS_RAD."""
    low, high = WRIST_LIMITS_RAD.to(generator.device).unbind(dim=-1)
    drawn = 0.4 * torch.randn(count, draws, 2, generator=generator, device=generator.device) * (high - low) / 2
    return (drawn + (high + low) / 2).clamp(low, high)


def _at_rest(wrist_angles_rad: Tensor, rotation: Tensor | None = None) -> HandPose:
    """Straight fingers and these wrists' bends [B, 2], in the palm frame without a rotation."""
    count = len(wrist_angles_rad)
    return HandPose(
        finger_angles_rad=wrist_angles_rad.new_zeros(count, 5, 4),
        wrist_angles_rad=wrist_angles_rad,
        rotation=torch.eye(3).to(wrist_angles_rad).expand(count, 3, 3) if rotation is None else rotation,
        wrist_mm=wrist_angles_rad.new_zeros(count, 3),
    )


def _orthogonal(vector: Tensor, axis: Tensor) -> Tensor:
    """The part of vectors [B, 3] across unit axes [B, 3], of unit length."""
    return torch.nn.functional.normalize(vector - (vector * axis).sum(dim=1, keepdim=True) * axis, dim=1)


def _frame(first: Tensor, second: Tensor) -> Tensor:
    """Orthonormal vectors [B, 3] -> rotations [B, 3, 3] with them as columns, and their cross product."""
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=2)


def _about_x(angle: Tensor) -> Tensor:
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    c, s = angle.cos(), angle.sin()
    return torch.stack([one, zero, zero, zero, c, -s, zero, s, c], dim=1).view(-1, 3, 3)


def _about_z(angle: Tensor) -> Tensor:
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    c, s = angle.cos(), angle.sin()
    return torch.stack([c, -s, zero, s, c, zero, zero, zero, one], dim=1).view(-1, 3, 3)
