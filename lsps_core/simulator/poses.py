"""Random hand poses: gestures, mixed and varied, in all orientations, in front of a camera."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, radians

import torch
from torch import Tensor

from lsps_core.camera import SIMULATED
from lsps_core.simulator.contact import worst_penetration_mm
from lsps_core.simulator.gestures import gestures
from lsps_core.simulator.hand import (
    ANGLE_LIMITS_RAD,
    WRIST_LIMITS_RAD,
    HandPose,
    HandShape,
    forearm_direction,
    forward_kinematics,
)
from lsps_core.simulator.surface import hand_surface

MAX_PENETRATION_MM = 3.0
"""Allowed penetration of soft parts; poses with more are drawn again."""
MAX_TILT_RAD = radians(60)
"""Between the palm's normal and the optical axis."""
_CANDIDATES = 8


@dataclass(frozen=True, kw_only=True)
class PoseDistribution:
    """Which poses, and how often. Angles in radians, distances in mm."""

    family_weights: dict[str, float]
    """Of the gestures' families; they need not sum to 1."""
    blend: float
    """How often a gesture is interpolated with another one."""
    curl_std: float
    """Of the part of the flexion noise that all fingers share."""
    angle_std: float
    """Of the noise of each angle on its own."""
    in_plane_std: float | None
    """Of the in-plane angle around fingers-up; None: all angles alike."""
    tilt_power: float
    """Tilts are MAX_TILT_RAD * u ** tilt_power with u uniform: 0.5 spreads them evenly, 1 prefers facing palms."""
    distance_mm: tuple[float, float] = (350.0, 800.0)


SYNTHETIC_POSES = PoseDistribution(
    family_weights={
        "open": 0.18,
        "half": 0.12,
        "bent": 0.12,
        "fist": 0.1,
        "point": 0.08,
        "pinch": 0.2,
        "counting": 0.2,
    },
    blend=0.35,
    curl_std=radians(5),
    angle_std=radians(5),
    in_plane_std=None,
    tilt_power=0.5,
)
SENSOR_POSES = PoseDistribution(
    family_weights={
        "open": 0.15,
        "half": 0.33,
        "bent": 0.09,
        "fist": 0.08,
        "point": 0.06,
        "pinch": 0.13,
        "counting": 0.16,
    },
    blend=0.55,
    curl_std=radians(9),
    angle_std=radians(6),
    in_plane_std=radians(90),
    tilt_power=0.75,
)


def sample_poses(distribution: PoseDistribution, shape: HandShape, generator: torch.Generator) -> HandPose:
    """One pose for each of the B hands of `shape`, on the generator's device, without deep self-penetration."""
    count = len(shape.bone_lengths_mm)
    fingers = _finger_angles(distribution, shape, generator)
    rotation = _rotations(distribution, count, generator)
    wrist = _wrist_angles(rotation, generator)
    pose = HandPose(
        finger_angles_rad=fingers,
        wrist_angles_rad=wrist,
        rotation=rotation,
        wrist_mm=torch.zeros(count, 3, device=generator.device),
    )
    middle = forward_kinematics(shape, pose).mean(dim=1)
    return HandPose(
        finger_angles_rad=fingers,
        wrist_angles_rad=wrist,
        rotation=rotation,
        wrist_mm=_places(distribution, count, generator) - middle,
    )


def _finger_angles(distribution: PoseDistribution, shape: HandShape, generator: torch.Generator) -> Tensor:
    """shape of B -> [B, 5, 4]: the first of each hand's candidates without self-penetration.

    A hand's candidates vary one gesture, so that gestures which touch themselves are not rejected out of the
    distribution; later ones vary it less, and the last is an open hand, which fits every shape.
    """
    count = len(shape.bone_lengths_mm)
    candidates = _candidates(distribution, count, generator)
    repeated = torch.arange(count, device=generator.device).repeat_interleave(candidates.shape[1])
    pose = HandPose(
        finger_angles_rad=candidates.flatten(0, 1),
        wrist_angles_rad=torch.zeros(len(repeated), 2, device=generator.device),
        rotation=torch.eye(3, device=generator.device).expand(len(repeated), 3, 3),
        wrist_mm=torch.zeros(len(repeated), 3, device=generator.device),
    )
    shapes = shape[repeated]
    surface = hand_surface(forward_kinematics(shapes, pose), shapes.radii_mm)
    fits = (worst_penetration_mm(surface) <= MAX_PENETRATION_MM).view(count, -1)
    chosen = fits.int().argmax(dim=1)
    return candidates[torch.arange(count, device=generator.device), chosen]


def _candidates(distribution: PoseDistribution, count: int, generator: torch.Generator) -> Tensor:
    """[count, _CANDIDATES + 1, 5, 4] within the limits."""
    device = generator.device
    known = gestures()
    weights = torch.tensor([distribution.family_weights[name] for name in known.families])
    weights = (weights / known.family.bincount())[known.family].to(device)
    angles = known.angles_rad.to(device)
    drawn = weights.multinomial(2 * count, replacement=True, generator=generator).view(2, count)
    start, end = angles[drawn[0]][:, None], angles[drawn[1]][:, None]

    shares = torch.rand(count, _CANDIDATES, generator=generator, device=device)
    shares *= torch.rand(count, 1, generator=generator, device=device) < distribution.blend
    # How far a candidate varies from its gesture: later ones less, pinches less as well to keep the contact.
    stray = torch.linspace(1, 0.25, _CANDIDATES, device=device).expand(count, -1)
    is_pinch = known.family.to(device)[drawn[0]] == known.families.index("pinch")
    stray = torch.where(is_pinch[:, None], 0.4 * stray, stray)
    mixed = torch.lerp(start, end, (shares * stray)[..., None, None])

    noise = distribution.angle_std * torch.randn(count, _CANDIDATES, 5, 4, generator=generator, device=device)
    curl = distribution.curl_std * torch.randn(count, _CANDIDATES, 1, generator=generator, device=device)
    noise[..., 1] *= 0.7
    noise[..., 1:, 0] += curl
    noise[..., 1:, 2] += 1.3 * curl
    noise[..., 1:, 3] = 0.4 * noise[..., 1:, 3] + noise[..., 1:, 2] * 2 / 3  # one tendon bends PIP and DIP
    noisy = mixed + noise * stray[..., None, None]
    candidates = torch.cat([noisy, angles[:1].expand(count, -1, -1)[:, None]], dim=1)
    low, high = ANGLE_LIMITS_RAD.to(device).unbind(dim=-1)
    return candidates.clamp(low, high)


def _rotations(distribution: PoseDistribution, count: int, generator: torch.Generator) -> Tensor:
    """[count, 3, 3], palm frame to camera frame: tilted about an axis in the image plane, then rotated in it."""
    device = generator.device
    about, tilt, turn = torch.rand(3, count, generator=generator, device=device)
    about = 2 * pi * about
    tilt = MAX_TILT_RAD * tilt**distribution.tilt_power
    turn = 2 * pi * turn
    if distribution.in_plane_std is not None:
        turn = distribution.in_plane_std * torch.randn(count, generator=generator, device=device)
    return _about_z(turn) @ _about_z(about) @ _about_x(tilt) @ _about_z(-about)


def _wrist_angles(rotation: Tensor, generator: torch.Generator) -> Tensor:
    """rotation [B, 3, 3] -> [B, 2]: of a few draws the one whose forearm points least toward the camera.

    Mostly the elbow is behind the hand; where the palm's tilt forbids that, the wrist bends as far as it was drawn.
    """
    low, high = WRIST_LIMITS_RAD.to(rotation).unbind(dim=-1)
    draws = 0.4 * torch.randn(len(rotation), 3, 2, generator=generator, device=generator.device) * (high - low) / 2
    draws = (draws + (high + low) / 2).clamp(low, high)
    pose = HandPose(
        finger_angles_rad=rotation.new_zeros(len(rotation) * 3, 5, 4),
        wrist_angles_rad=draws.flatten(0, 1),
        rotation=rotation.repeat_interleave(3, dim=0),
        wrist_mm=rotation.new_zeros(len(rotation) * 3, 3),
    )
    toward = forearm_direction(pose)[:, 2].view(-1, 3)
    return draws[torch.arange(len(rotation), device=generator.device), toward.argmax(dim=1)]


def _places(distribution: PoseDistribution, count: int, generator: torch.Generator) -> Tensor:
    """[count, 3]: the hand's middle, mm, within ±25 % of the image around its centre."""
    near, far = distribution.distance_mm
    u, v, share = torch.rand(3, count, generator=generator, device=generator.device)
    z = near + (far - near) * share
    x = (u - 0.5) * SIMULATED.cx / SIMULATED.fx * z
    y = (v - 0.5) * SIMULATED.cy / SIMULATED.fy * z
    return torch.stack([x, y, z], dim=1)


def _about_x(angle: Tensor) -> Tensor:
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    c, s = angle.cos(), angle.sin()
    return torch.stack([one, zero, zero, zero, c, -s, zero, s, c], dim=1).view(-1, 3, 3)


def _about_z(angle: Tensor) -> Tensor:
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    c, s = angle.cos(), angle.sin()
    return torch.stack([c, -s, zero, s, c, zero, zero, zero, one], dim=1).view(-1, 3, 3)
