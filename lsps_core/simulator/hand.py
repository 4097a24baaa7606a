"""A parametric right hand: its shape, its pose, and the joints that follow from the two.

Palm frame: origin at the wrist, x to the thumb's side, y along the middle finger's metacarpal, -z out of the palm.
With the identity rotation it is the camera frame: fingers up, palm to the camera, thumb at the image's right.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import cos, radians, sin
from typing import Self

import torch
from torch import Tensor

from lsps_core.simulator.surface import AVERAGE_RADII_MM, NODE_COUNT, ROOTS_MM
from lsps_core.skeleton import FINGERS

# Thumb metacarpal and phalanges, then proximal, middle and distal ones; the last ends in the tip sphere's centre.
# About an average adult's (Buryanov & Kotiuk 2010): 190 to 195 mm from the wrist to the end of the middle finger.
PHALANGES_MM = ((45.0, 33.0, 23.0), (43.0, 26.0, 19.0), (47.0, 30.0, 20.0), (43.0, 28.0, 20.0), (34.0, 21.0, 18.0))

# [finger][low, high] in degrees for (first flexion, abduction to the thumb's side, second flexion, third flexion):
# CMC, MCP, IP for the thumb, MCP, PIP, DIP elsewhere. Norkin & White, "Measurement of Joint Motion", rounded.
_THUMB_LIMITS = ((-20.0, 48.0), (-30.0, 45.0), (-10.0, 60.0), (-15.0, 80.0))
_FINGER_LIMITS = ((-20.0, 92.0), (-16.0, 16.0), (-3.0, 112.0), (-5.0, 80.0))
ANGLE_LIMITS_RAD = torch.deg2rad(torch.tensor([_THUMB_LIMITS, *[_FINGER_LIMITS] * 4]))
"""[5, 4, 2]: finger, angle, (low, high)."""
WRIST_LIMITS_RAD = torch.deg2rad(torch.tensor([(-60.0, 60.0), (-20.0, 30.0)]))
"""[2, 2]: (flexion to the palm, deviation to the little finger's side), (low, high)."""

_FAN_DEGREES = (7.0, 0.5, -5.0, -12.0)  # extended fingers diverge from the middle one at rest
_THUMB_AXIS = (0.66, 0.69, -0.30)  # along its metacarpal at rest
_THUMB_PAD = (-0.78, 0.38, -0.50)  # where its pad looks at rest, which is where flexion moves it
_PRONATION = 0.6  # the thumb turns its pad to the fingers as it leaves the palm's plane


class _Batch:
    """Dataclasses of tensors with a common first axis."""

    def __getitem__(self, index: Tensor | slice) -> Self:
        return type(self)(**{field.name: getattr(self, field.name)[index] for field in fields(self)})  # type: ignore[arg-type]

    def repeated(self, times: int) -> Self:
        """Each one `times` times in a row."""
        return type(self)(
            **{field.name: getattr(self, field.name).repeat_interleave(times, dim=0) for field in fields(self)}  # type: ignore[arg-type]
        )

    def to(self, device: str | torch.device) -> Self:
        return type(self)(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class HandShape(_Batch):
    """What differs between people.

    bone_lengths_mm [B, 20]: in the order of HAND21's bones. palm_width [B]: 1.0 is the average, spreads the knuckles.
    radii_mm [B, NODE_COUNT]: of the surface's spheres, the 21 joints first.
    """

    bone_lengths_mm: Tensor
    palm_width: Tensor
    radii_mm: Tensor


@dataclass(frozen=True, kw_only=True)
class HandPose(_Batch):
    """Where a hand is and how it is bent.

    finger_angles_rad [B, 5, 4]: see ANGLE_LIMITS_RAD. wrist_angles_rad [B, 2]: see WRIST_LIMITS_RAD; they move the
    forearm, not the palm. rotation [B, 3, 3]: palm frame to camera frame. wrist_mm [B, 3]: in the camera frame.
    """

    finger_angles_rad: Tensor
    wrist_angles_rad: Tensor
    rotation: Tensor
    wrist_mm: Tensor


def average_shape(batch: int = 1, *, device: str | torch.device = "cpu") -> HandShape:
    """The same average adult hand, `batch` times."""
    lengths = torch.cat([_roots().norm(dim=-1, keepdim=True), torch.tensor(PHALANGES_MM)], dim=1).flatten()
    return HandShape(
        bone_lengths_mm=lengths.expand(batch, -1).to(device),
        palm_width=torch.ones(batch, device=device),
        radii_mm=torch.tensor(AVERAGE_RADII_MM).expand(batch, -1).to(device),
    )


def sample_shapes(count: int, generator: torch.Generator) -> HandShape:
    """`count` people on the generator's device: overall size, finger lengths, palm width and thickness vary."""
    device = generator.device

    def vary(*size: int, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, *size, generator=generator, device=device)

    average = average_shape(count, device=device)
    scale = vary(1, low=0.84, high=1.1)
    thickness = vary(1, low=0.88, high=1.06)
    fingers = vary(5, 1, low=0.94, high=1.06) * vary(1, 1, low=0.94, high=1.06)
    palm = torch.ones_like(fingers)  # the palm keeps its size relative to the hand, the phalanges vary
    relative = torch.cat([palm, (fingers * vary(5, 3, low=0.98, high=1.02))], dim=2)
    return HandShape(
        bone_lengths_mm=average.bone_lengths_mm * scale * relative.flatten(1),
        palm_width=(1 + thickness[:, 0]) / 2 * vary(low=0.98, high=1.05),
        radii_mm=average.radii_mm * scale * thickness * vary(NODE_COUNT, low=0.98, high=1.02),
    )


def forward_kinematics(shape: HandShape, pose: HandPose) -> Tensor:
    """shape of B, pose of B -> joints_mm [B, 21, 3] in the camera frame, in HAND21's order."""
    lengths = shape.bone_lengths_mm.view(-1, 5, 4)
    angles = pose.finger_angles_rad
    outward = _roots().to(lengths).expand(len(lengths), -1, -1).clone()
    outward[..., 0] *= shape.palm_width[:, None]
    roots = torch.nn.functional.normalize(outward, dim=-1) * lengths[..., :1]

    along, to_palm = _flexion_plane(angles[..., 1])
    flexion = angles[..., [0, 2, 3]].cumsum(dim=-1)[..., None]
    directions = flexion.cos() * along[..., None, :] + flexion.sin() * to_palm[..., None, :]
    phalanges = (directions * lengths[..., 1:, None]).cumsum(dim=2) + roots[..., None, :]
    local = torch.cat([roots[..., None, :], phalanges], dim=2).flatten(1, 2)
    local = torch.cat([torch.zeros_like(local[:, :1]), local], dim=1)
    return local @ pose.rotation.mT + pose.wrist_mm[:, None]


def forearm_direction(pose: HandPose) -> Tensor:
    """pose of B -> unit vectors [B, 3] in the camera frame, from the wrist to the elbow."""
    flexion, deviation = pose.wrist_angles_rad.unbind(dim=1)
    local = torch.stack([deviation.sin() * flexion.cos(), -deviation.cos() * flexion.cos(), -flexion.sin()], dim=1)
    return (pose.rotation @ local[..., None])[..., 0]


def _flexion_plane(abduction_rad: Tensor) -> tuple[Tensor, Tensor]:
    """abduction [B, 5] -> (straight finger, where flexion moves it), orthonormal, each [B, 5, 3] in the palm frame.

    Every finger bends in one plane: abduction turns it about the base frame's z, the thumb's also about its length.
    """
    base = _base_frames().to(abduction_rad)
    x, y, z = base[..., 0], base[..., 1], base[..., 2]
    c, s = abduction_rad.cos()[..., None], abduction_rad.sin()[..., None]
    along, across = c * y + s * x, c * x - s * y
    twist = torch.zeros_like(abduction_rad)
    twist[:, 0] = _PRONATION * abduction_rad[:, 0]
    return along, -twist.cos()[..., None] * z - twist.sin()[..., None] * across


def _roots() -> Tensor:
    return torch.tensor(ROOTS_MM)


def _base_frames() -> Tensor:
    """[5, 3, 3]: columns x (abduction), y (along the finger), z (to the back of the hand), det +1, palm frame."""
    along = torch.nn.functional.normalize(torch.tensor(_THUMB_AXIS), dim=0)
    pad = torch.tensor(_THUMB_PAD)
    back = -torch.nn.functional.normalize(pad - (pad @ along) * along, dim=0)
    frames = [torch.stack([torch.linalg.cross(along, back), along, back], dim=1)]
    for fan in map(radians, _FAN_DEGREES):
        frames.append(torch.tensor([[cos(fan), sin(fan), 0.0], [-sin(fan), cos(fan), 0.0], [0.0, 0.0, 1.0]]))
    assert len(frames) == len(FINGERS)
    return torch.stack(frames)
