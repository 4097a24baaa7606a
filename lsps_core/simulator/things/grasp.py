"""Hands that hold things: the thing is placed in the palm or between fingertips, then the fingers close until contact.

All in the palm frame. Fingers close from an open posture to a closed one in three stages, as a hand with one tendon a
finger does: all its joints until any of its phalanges touches, then the outer two joints, then the last one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.simulator.contact import worst_penetration_mm
from lsps_core.simulator.hand import ANGLE_LIMITS_RAD, HandPose, HandShape, forward_kinematics
from lsps_core.simulator.surface import SphereMesh, hand_surface
from lsps_core.simulator.things.catalogue import GRASPS, PALM_GRASPS
from lsps_core.simulator.things.solids import Solids
from lsps_core.simulator.things.touch import clearance_mm, finger_spheres, palm_cones, thumb_webs

_Angles = tuple[float, float, float, float]  # first flexion, abduction, second flexion, third flexion, in degrees

_OPEN: dict[str, tuple[_Angles, ...]] = {
    "power": ((-14, 40, -8, -10), (-4, 5, 4, 2), (-4, 1, 4, 2), (-4, -3, 4, 2), (-4, -7, 4, 2)),
    "flat": ((-16, 4, -8, -10), (-4, 3, 4, 2), (-4, 0, 4, 2), (-4, -2, 4, 2), (-4, -4, 4, 2)),
    "pinch": ((-12, 32, -8, 5), (14, 0, 16, 8), (5, 0, 8, 5), (5, 0, 8, 5), (5, -4, 8, 5)),
    "tripod": ((-12, 34, -8, 5), (14, 1, 16, 8), (14, -1, 16, 8), (8, 0, 10, 6), (8, -4, 10, 6)),
    "pentad": ((-14, 36, -8, 2), (6, 5, 14, 8), (6, 1, 14, 8), (6, -3, 14, 8), (6, -8, 14, 8)),
}
_CLOSED: dict[str, tuple[_Angles, ...]] = {
    "power": ((46, 36, 55, 70), (90, 0, 108, 72), (90, 0, 108, 72), (90, 0, 108, 72), (90, 0, 108, 72)),
    "flat": ((46, 22, 50, 60), (70, 0, 100, 72), (70, 0, 100, 72), (70, 0, 100, 72), (70, 0, 100, 72)),
    "pinch": ((32, 25, 26, 45), (66, 1, 62, 45), (28, 2, 34, 22), (30, 0, 36, 24), (30, -2, 36, 24)),
    "tripod": ((36, 23, 28, 45), (64, 2, 62, 45), (66, 1, 64, 45), (52, 2, 62, 42), (54, 0, 62, 42)),
    "pentad": ((44, 18, 36, 45), (66, 2, 60, 42), (66, 1, 62, 44), (64, 2, 64, 44), (62, 4, 64, 44)),
}
_OPPOSING = {"pinch": (1,), "tripod": (1, 2), "pentad": (1, 2, 3, 4)}
"""Fingers against which the thumb presses a thing."""
_FINGERS, _THUMB = slice(1, 5), slice(0, 1)
_SOFT_WEB_MM, _SOFT_SKIN_MM = 0.5, 1.5
"""How far the web gives way to things, and the thumb's skin to fingers."""
_WEB_MM = (24.0, -6.0, 8.0)
"""From the index's knuckle to where pens lean on the hand."""
_TURNS = (0, 15, -15, 30, -30, 50, -50, 75, -75, 100, -100, 140)
"""Of a thing about its x, in degrees, in the order in which they are tried."""
_STEPS = 9
"""Postures tried at once on the way to contact."""


class Grasp(NamedTuple):
    """B hands: finger_angles_rad [B, 5, 4]; the things in the palm frame; whether each one is held."""

    finger_angles_rad: Tensor
    solids: Solids
    is_held: Tensor


def hold(shape: HandShape, grasp: Tensor, solids: Solids, generator: torch.Generator) -> Grasp:
    """shape of B, grasp [B] (an index into GRASPS), B things in their own frame -> the hands that hold them."""
    count, device = len(grasp), generator.device
    start, end = _postures(grasp, generator)
    draws = torch.rand(count, 8, generator=generator, device=device)
    is_palm = grasp < PALM_GRASPS
    rows, others = is_palm.nonzero()[:, 0], (~is_palm).nonzero()[:, 0]
    placed = solids.with_rows(rows, _in_palm(shape[rows], start[rows], solids[rows], draws[rows]))
    tips, end[others] = _between_tips(
        shape[others], grasp[others], start[others], end[others], solids[others], draws[others, 4:7] - 0.5
    )
    placed = placed.with_rows(others, tips)
    angles = _close(shape, start, end, placed, is_palm)
    return Grasp(angles, placed, _is_held(shape, angles, placed))


def _postures(grasp: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(open, closed) [B, 5, 4] in radians, with some variation, within ANGLE_LIMITS_RAD."""
    start, end = (torch.tensor([table[name] for name in GRASPS], device=grasp.device) for table in (_OPEN, _CLOSED))
    noise = 4 * torch.randn(len(grasp), 5, 4, generator=generator, device=grasp.device)
    noise[..., 1] *= 0.5
    low, high = ANGLE_LIMITS_RAD.to(grasp.device).unbind(dim=-1)
    postures = torch.deg2rad(start[grasp] + noise), torch.deg2rad(end[grasp] + 0.5 * noise)
    return postures[0].clamp(low, high), postures[1].clamp(low, high)


def _joints(shape: HandShape, angles: Tensor) -> Tensor:
    count = len(angles)
    return forward_kinematics(
        shape,
        HandPose(
            finger_angles_rad=angles,
            wrist_angles_rad=angles.new_zeros(count, 2),
            rotation=torch.eye(3).to(angles).expand(count, 3, 3),
            wrist_mm=angles.new_zeros(count, 3),
        ),
    )


def _in_palm(shape: HandShape, start: Tensor, solids: Solids, draws: Tensor) -> Solids:
    """Across the palm, its x to the palm, as near as the open hand lets it."""
    tilt = torch.deg2rad(-5 + 40 * draws[:, 0])
    zero = torch.zeros_like(tilt)
    across = torch.stack([tilt.cos(), tilt.sin(), zero], dim=1)
    back = across.new_tensor([0.0, 0.0, 1.0]).expand_as(across)
    rotation = torch.stack([back, torch.linalg.cross(across, back), across], dim=2)
    hand = hand_surface(_joints(shape, start), shape.radii_mm, is_full=True)
    knuckle = hand.centers_mm[:, 9, 1]  # the middle finger's, along y
    place = torch.stack([-2 + 10 * draws[:, 1], knuckle * (0.74 + 0.22 * draws[:, 2]), zero], dim=1)
    place = place + across * ((draws[:, 3] - 0.5) * 30)[:, None]
    placed = solids.moved(rotation, place)
    hands = hand.repeated(_STEPS)

    def gap_mm(shift: Tensor) -> Tensor:
        moved = placed.repeated(_STEPS).moved(*_shift(shift.flatten()))
        return clearance_mm(hands, moved, 2).view(shift.shape)

    return placed.moved(*_shift(_approach(torch.full_like(tilt, -130.0), torch.full_like(tilt, -30.0), gap_mm)))


def _shift(z: Tensor) -> tuple[Tensor, Tensor]:
    zero = torch.zeros_like(z)
    return torch.eye(3).to(z).expand(len(z), 3, 3), torch.stack([zero, zero, z], dim=1)


def _approach(start: Tensor, end: Tensor, gap_mm: Callable[[Tensor], Tensor]) -> Tensor:
    """start, end [...] -> the value on the way from start at which a gap closes first, end if none does.

    gap_mm: values [..., K] -> gaps [..., K]. The way is divided twice, then the gap is taken to shrink evenly.
    """
    steps = torch.linspace(0, 1, _STEPS, device=start.device)
    low, high = start, end
    for _ in range(2):
        values = low[..., None] + (high - low)[..., None] * steps
        gap = gap_mm(values)
        is_open = (gap <= 0).int().cumsum(dim=-1) == 0
        before = (is_open.sum(dim=-1, keepdim=True) - 1).clamp(min=0)
        after = (before + 1).clamp(max=_STEPS - 1)
        low, high = (values.gather(-1, index)[..., 0] for index in (before, after))
    near, far = (gap.gather(-1, index)[..., 0] for index in (before, after))
    share = (near / (near - far).clamp(min=1e-3)).clamp(0, 1)
    return torch.where(far > 0, high, torch.where(near > 0, low + share * (high - low), low))


def _between_tips(
    shape: HandShape, grasp: Tensor, start: Tensor, end: Tensor, solids: Solids, axis: Tensor
) -> tuple[Solids, Tensor]:
    """Along `axis` [B, 3] as far as x allows, pens to the web between thumb and index.

    Between the thumb's tip and the fingers', where these are as far apart as the thing is wide. Also returns
    the closed posture, in which fingers that are not in contact close only a little further.
    """
    rows = torch.arange(len(grasp), device=grasp.device)
    shares = torch.linspace(0, 1, _STEPS, device=grasp.device)
    angles = torch.lerp(start[:, None], end[:, None], shares[:, None, None])
    joints = _joints(shape.repeated(_STEPS), angles.flatten(0, 1)).view(-1, _STEPS, 21, 3)
    thumbs, fingers = joints[:, :, 4], (_opposing(grasp)[:, None, :, None] * joints[:, :, 8::4]).sum(dim=2)
    gap = (fingers - thumbs).norm(dim=-1) - shape.radii_mm[:, None, 4] - shape.radii_mm[:, None, 8]
    best = (gap - _width_mm(solids)[:, None]).abs().argmin(dim=1)
    thumb, finger, knuckle = thumbs[rows, best], fingers[rows, best], joints[rows, best, 5]

    x = torch.nn.functional.normalize(finger - thumb, dim=1)
    center = torch.lerp(thumb, finger, 0.5)
    web = knuckle + torch.tensor(_WEB_MM, device=grasp.device) - center
    is_pen = (solids.node_radii_mm[:, 0] > 0) & (solids.node_radii_mm[:, 0] < 1)
    z = torch.where(is_pen[:, None], web, axis)
    z = torch.nn.functional.normalize(z - (z * x).sum(dim=1, keepdim=True) * x, dim=1)
    opened = hand_surface(joints[rows, (best - 1).clamp(min=0)], shape.radii_mm, is_full=True)
    limited = torch.lerp(start, end, (shares[best] + 0.15).clamp(max=1)[:, None, None])
    limited[:, 0] = end[:, 0]
    return _first_free(opened, solids, x, z, center), limited


def _opposing(grasp: Tensor) -> Tensor:
    """[B, 4]: the share of each finger's tip in what the thumb presses against."""
    shares = torch.zeros(len(GRASPS), 4, device=grasp.device)
    for name, fingers in _OPPOSING.items():
        for finger in fingers:
            shares[GRASPS.index(name), finger - 1] = 1 / len(fingers)
    return shares[grasp]


def _first_free(hand: SphereMesh, solids: Solids, x: Tensor, z: Tensor, center: Tensor) -> Solids:
    """The things turned about x as little as possible from z, so that the hands do not reach into them."""
    turn = torch.deg2rad(torch.tensor(_TURNS, device=x.device))[None, :, None]
    turned = turn.cos() * z[:, None] + turn.sin() * torch.linalg.cross(x, z)[:, None]
    axis = x[:, None].expand_as(turned)
    rotation = torch.stack([axis, torch.linalg.cross(turned, axis), turned], dim=3)
    count = len(_TURNS)
    placed = solids.repeated(count).moved(rotation.flatten(0, 1), center.repeat_interleave(count, dim=0))
    clear = clearance_mm(hand.repeated(count), placed, 3).view(-1, count)
    # The first that is free, or else the freest.
    best = torch.where((clear > 0).any(dim=1), (clear > 0).int().argmax(dim=1), clear.argmax(dim=1))
    return placed[torch.arange(len(x), device=x.device) * count + best]


def _width_mm(solids: Solids) -> Tensor:
    """[B]: from side to side along x, in the middle."""
    half = torch.maximum(solids.box_half_mm[:, 0], solids.frusta[:, 0, 2:4].mean(dim=1))
    return 2 * torch.maximum(half, solids.node_radii_mm.amax(dim=1))


def _close(shape: HandShape, start: Tensor, end: Tensor, solids: Solids, wraps: Tensor) -> Tensor:
    """Angles [B, 5, 4]: from start to end until contact, fingers first, then the thumb, which stops at them, too.

    Those that do not wrap around their things [B] only close with all joints at once.
    """
    angles = start.clone()
    shapes, things = shape.repeated(_STEPS), solids.repeated(_STEPS)
    for part in (_FINGERS, _THUMB):
        for stage in range(3):
            joints = slice(0, 4) if stage == 0 else slice(stage + 1, 4)
            way = torch.zeros_like(end)
            way[..., joints] = (end - angles)[..., joints]
            if stage > 0:
                way *= wraps[:, None, None]
            gap_mm = partial(_gap_mm, shapes, things, angles, way, part, stage)
            begin = angles.new_zeros(way[:, part, 0].shape)
            angles[:, part] += _approach(begin, begin + 1, gap_mm)[..., None] * way[:, part]
    return angles


def _gap_mm(
    shapes: HandShape, things: Solids, angles: Tensor, way: Tensor, part: slice, stage: int, share: Tensor
) -> Tensor:
    """Shares of the way [B, fingers of part, K] -> distances of the phalanges that move from what stops them.

    shapes and things: B * K of them. Returns [B, fingers of part, K].
    """
    tried = angles.repeat_interleave(_STEPS, dim=0)
    tried[:, part] += (share.mT[..., None] * way[:, None, part]).flatten(0, 1)
    joints = _joints(shapes, tried)
    centers, radii = finger_spheres(joints, shapes.radii_mm)
    points, radius = centers[:, part, stage:], radii[:, part, stage:]
    gap = things.distance_mm(points.flatten(1, 3)).view(radius.shape) - radius
    if part is _THUMB:
        gap = torch.minimum(gap, _from_fingers(points, radius, centers[:, _FINGERS], radii[:, _FINGERS]))
    nearest = gap.flatten(2).amin(dim=2)
    if part is _THUMB and stage == 0:
        hand = hand_surface(joints, shapes.radii_mm, is_full=True)
        web = replace(hand, cones=thumb_webs(hand.cones.device))
        nearest = torch.minimum(nearest, clearance_mm(web, things)[:, None] + _SOFT_WEB_MM)
    return nearest.view(len(angles), _STEPS, -1).mT


def _from_fingers(points: Tensor, radius: Tensor, others: Tensor, other_radius: Tensor) -> Tensor:
    """The thumb's spheres -> their distance to the fingers', [B, 1, L, S], as skin gives way."""
    flat, theirs = points.flatten(1, 3), others.flatten(1, 3)
    distance = torch.cdist(flat, theirs) - other_radius.flatten(1, 3)[:, None]
    return distance.amin(dim=2).view(radius.shape) - radius + _SOFT_SKIN_MM


def _is_held(shape: HandShape, angles: Tensor, solids: Solids) -> Tensor:
    """[B]: thumb and a finger, or the palm and two, touch the thing; nothing is inside anything."""
    joints = _joints(shape, angles)
    hand = hand_surface(joints, shape.radii_mm, is_full=True)
    centers, radii = finger_spheres(joints, shape.radii_mm)
    gap = (solids.distance_mm(centers.flatten(1, 3)).view(radii.shape) - radii).amin(dim=3).amin(dim=2)
    touches = gap < 2.0
    palm = replace(hand, cones=palm_cones(hand.cones.device))
    by_palm = (clearance_mm(palm, solids) < 3.0) & (touches[:, 1:].sum(dim=1) > 1)
    is_free = (clearance_mm(hand, solids) > -1.0) & (worst_penetration_mm(hand) < 4.0)
    return is_free & (by_palm | (touches[:, 0] & touches[:, 1:].any(dim=1)))
