"""Random hand poses: gestures, mixed and varied, in all orientations, in front of a camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import radians

import torch
from torch import Tensor

from lsps_core.camera import SIMULATED
from lsps_core.simulator.contact import worst_penetration_mm
from lsps_core.simulator.gestures import gestures
from lsps_core.simulator.hand import ANGLE_LIMITS_RAD, HandPose, HandShape, forward_kinematics
from lsps_core.simulator.settings import Views, Wrist
from lsps_core.simulator.surface import hand_surface
from lsps_core.simulator.views import (
    DISTANCE_MM,
    any_rotations,
    away_wrist_angles,
    egocentric,
    palm_rotations,
    straight_wrist_angles,
)

MAX_PENETRATION_MM = 3.0
"""Allowed penetration of soft parts; poses with more are drawn again."""
_CANDIDATES = 8
_STRAY = {"pinch": 0.4, "pressed": 0.15}
"""How much less gestures in which fingers touch vary."""


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
    """Of the in-plane angle around fingers-up of palm views; None: all angles alike."""
    tilt_power: float
    """Tilts of palm views are MAX_TILT_RAD * u ** tilt_power, u uniform: 0.5 spreads them evenly, 1 prefers palms."""
    distance_mm: tuple[float, float] = (350.0, 800.0)
    """Of palm views; others have their own."""


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
WIDE_SYNTHETIC_POSES = replace(
    SYNTHETIC_POSES,
    family_weights=SYNTHETIC_POSES.family_weights | {"pressed": 0.12, "extreme": 0.08},
    curl_std=radians(8),
    angle_std=radians(7),
)
WIDE_SENSOR_POSES = replace(
    SENSOR_POSES,
    family_weights=SENSOR_POSES.family_weights | {"pressed": 0.16, "extreme": 0.08},
    curl_std=radians(12),
    angle_std=radians(8),
)
"""With other views than palms, or with things: more bend and spread, and fingers that lie against each other."""


def sample_poses(
    distribution: PoseDistribution,
    shape: HandShape,
    generator: torch.Generator,
    views: Views = "palm",
    wrist: Wrist = "free",
) -> HandPose:
    """One pose for each of the B hands of `shape`, on the generator's device, without deep self-penetration."""
    fingers = _finger_angles(distribution, shape, generator)
    rotation, angles = _orientations(distribution, len(fingers), generator, views)
    if wrist == "straight":
        angles = straight_wrist_angles(rotation)
    return _placed(shape, fingers, rotation, angles, DISTANCE_MM.get(views, distribution.distance_mm), generator)


def _orientations(
    distribution: PoseDistribution, count: int, generator: torch.Generator, views: Views
) -> tuple[Tensor, Tensor]:
    """(rotation [count, 3, 3], wrist angles [count, 2])."""
    if views == "egocentric":
        return egocentric(count, generator)
    if views == "any":
        rotation = any_rotations(count, generator)
    else:
        rotation = palm_rotations(count, generator, distribution.in_plane_std, distribution.tilt_power)
    return rotation, away_wrist_angles(rotation, generator)


def _placed(
    shape: HandShape,
    fingers: Tensor,
    rotation: Tensor,
    wrist: Tensor,
    distance_mm: tuple[float, float],
    generator: torch.Generator,
) -> HandPose:
    pose = HandPose(
        finger_angles_rad=fingers,
        wrist_angles_rad=wrist,
        rotation=rotation,
        wrist_mm=torch.zeros(len(fingers), 3, device=generator.device),
    )
    middle = forward_kinematics(shape, pose).mean(dim=1)
    return HandPose(
        finger_angles_rad=fingers,
        wrist_angles_rad=wrist,
        rotation=rotation,
        wrist_mm=_places(distance_mm, len(fingers), generator) - middle,
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
    known = gestures(distribution.family_weights)
    weights = torch.tensor([distribution.family_weights[name] for name in known.families])
    weights = (weights / known.family.bincount())[known.family].to(device)
    angles = known.angles_rad.to(device)
    drawn = weights.multinomial(2 * count, replacement=True, generator=generator).view(2, count)
    start, end = angles[drawn[0]][:, None], angles[drawn[1]][:, None]

    shares = torch.rand(count, _CANDIDATES, generator=generator, device=device)
    shares *= torch.rand(count, 1, generator=generator, device=device) < distribution.blend
    # How far a candidate varies from its gesture: later ones less, those in contact less as well to keep it.
    stray = torch.linspace(1, 0.25, _CANDIDATES, device=device).expand(count, -1)
    in_contact = torch.tensor([_STRAY.get(name, 1.0) for name in known.families], device=device)
    stray = in_contact[known.family.to(device)[drawn[0]]][:, None] * stray
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


def _places(distance_mm: tuple[float, float], count: int, generator: torch.Generator) -> Tensor:
    """[count, 3]: the hand's middle, mm, within ±25 % of the image around its centre."""
    near, far = distance_mm
    u, v, share = torch.rand(3, count, generator=generator, device=generator.device)
    z = near + (far - near) * share
    x = (u - 0.5) * SIMULATED.cx / SIMULATED.fx * z
    y = (v - 0.5) * SIMULATED.cy / SIMULATED.fy * z
    return torch.stack([x, y, z], dim=1)
