"""What else is near a hand: sleeves, watches, the other forearm or a torso behind it, another hand beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lsps_core.simulator.surface import NODE_NAMES, SphereMesh
from lsps_core.simulator.things.solids import FAR_MM, Solids, no_solids
from lsps_core.simulator.things.touch import mesh_spheres

_SLEEVE, _WATCH = 0.4, 0.2
"""Shares of forearms that wear one; the others are bare."""
_OTHER_FOREARM, _TORSO, _OTHER_HAND = 0.14, 0.14, 0.12
"""Shares of frames with one; those that would touch what is there already are left out."""
_ROOM_MM, _MOST_HIDDEN = 3.0, 0.2
"""Between clutter and what there is already; the share of a hand's joints that clutter may hide."""
_CONES = ((0, 2), (1, 3), (0, 1), (2, 3), (4, 5))


@dataclass(frozen=True, kw_only=True)
class Addition:
    """What some of a batch's frames have besides a hand and its forearm: frames [Q]; Q meshes and solids, or None."""

    frames: Tensor
    mesh: SphereMesh
    solids: Solids | None = None


def draw_clutter(arm: SphereMesh, back: Tensor, held: Addition, generator: torch.Generator) -> tuple[Addition, ...]:
    """For B arms (`with_forearm`), back [B, 3]: unit vectors out of the backs of the hands; held: their things."""
    draws = torch.rand(len(back), 12, generator=generator, device=generator.device)
    cuff, cuff_radii, watches = _worn(arm, back, draws)
    behind = _behind(arm, draws)
    has_behind = _with_room(draws[:, 0] < _OTHER_FOREARM + _TORSO, behind, arm, held)
    mesh = SphereMesh(
        centers_mm=torch.cat(
            [cuff, behind.centers_mm.where(has_behind[:, None, None], cuff.new_tensor(FAR_MM))], dim=1
        ),
        radii_mm=torch.cat([cuff_radii, behind.radii_mm * has_behind[:, None]], dim=1),
        cones=torch.tensor(_CONES, device=generator.device),
    )
    frames = (mesh.radii_mm > 0).any(dim=1).nonzero()[:, 0]
    near = Addition(frames=frames, mesh=mesh[frames], solids=watches[frames])
    other = _other_hand(arm, draws)
    frames = _with_room(draws[:, 0] > 1 - _OTHER_HAND, other, arm, held).nonzero()[:, 0]
    return near, Addition(frames=frames, mesh=other[frames])


def _worn(arm: SphereMesh, back: Tensor, draws: Tensor) -> tuple[Tensor, Tensor, Solids]:
    """(centres [B, 4, 3] and radii [B, 4] of a sleeve or a strap around the forearm, watches on the straps)."""
    wrist = torch.tensor([NODE_NAMES.index("wrist_radial"), NODE_NAMES.index("wrist_ulnar")], device=back.device)
    ends, end_radii = arm.centers_mm[:, -4:].view(-1, 2, 2, 3), arm.radii_mm[:, -4:].view(-1, 2, 2)
    is_sleeve = draws[:, 1] < _SLEEVE
    is_watch = ~is_sleeve & (draws[:, 1] < _SLEEVE + _WATCH)
    share = torch.where(is_sleeve, 0.3 + 0.6 * draws[:, 2], 0.22 + 0.2 * draws[:, 2])[:, None]
    cuff = torch.lerp(arm.centers_mm[:, wrist], ends[:, 0], share[..., None])
    cuff_radii = torch.lerp(arm.radii_mm[:, wrist], end_radii[:, 0], share)
    cuff_radii = cuff_radii + torch.where(is_sleeve, 4 + 8 * draws[:, 3], 1.5 + 1.5 * draws[:, 3])[:, None]
    far = torch.where(is_sleeve[:, None, None], ends[:, 1], cuff)  # a strap has no other end
    far_radii = torch.where(is_sleeve[:, None], end_radii[:, 1] + 8 + 6 * draws[:, 3:4], cuff_radii)
    is_worn = (is_sleeve | is_watch)[:, None]
    centers = torch.where(is_worn[..., None], torch.cat([cuff, far], dim=1), cuff.new_tensor(FAR_MM))
    radii = torch.cat([cuff_radii, far_radii], dim=1) * is_worn
    return centers, radii, _watches(cuff.mean(dim=1), cuff_radii.mean(dim=1), back, draws, is_watch)


def _watches(center: Tensor, reach: Tensor, back: Tensor, draws: Tensor, is_watch: Tensor) -> Solids:
    """Flat cylinders on the backs of wrists: center [B, 3] and reach [B] of the wrist there."""
    solids = no_solids(len(back), back.device)
    radius, half = 14 + 6 * draws[:, 4], 3 + 2 * draws[:, 5]
    frustum = torch.stack([-half, half, radius, radius - 1.5, torch.zeros_like(half)], dim=1)
    across = torch.nn.functional.normalize(torch.linalg.cross(back, back.roll(1, dims=1)), dim=1)
    rotation = torch.stack([across, torch.linalg.cross(back, across), back], dim=2)
    solids.frusta[:, 0] = frustum * is_watch[:, None]
    return solids.moved(rotation, center + back * reach[:, None])


def _behind(arm: SphereMesh, draws: Tensor) -> SphereMesh:
    """A forearm or a torso, one cone, whose front is 40 to 120 mm behind the hand."""
    is_torso = draws[:, 0] < _TORSO
    radius = torch.where(is_torso, 120 + 60 * draws[:, 6], 26 + 12 * draws[:, 6])
    shift = torch.stack([160 * draws[:, 7] - 80, 160 * draws[:, 8] - 80, 40 + 80 * draws[:, 9] + radius], dim=1)
    middle = arm.centers_mm[:, :21].mean(dim=1) + shift
    turn = torch.where(is_torso, 1.3 + 0.5 * draws[:, 10], 2 * torch.pi * draws[:, 10])
    along = torch.stack([turn.cos(), turn.sin(), 0.6 * (draws[:, 11] - 0.3)], dim=1)
    return SphereMesh(
        centers_mm=torch.stack([middle - 130 * along, middle + 200 * along], dim=1),
        radii_mm=torch.stack([radius, torch.where(is_torso, radius, 1.15 * radius)], dim=1),
        cones=torch.tensor([[0, 1]], device=radius.device),
    )


def _other_hand(arm: SphereMesh, draws: Tensor) -> SphereMesh:
    """The arms of the next frames, mirrored, at the edges of these frames' cubes."""
    middle = arm.centers_mm[:, :21].mean(dim=1, keepdim=True)
    own = (arm.centers_mm - middle).roll(1, dims=0) * middle.new_tensor([-1.0, 1.0, 1.0])
    turn, reach = 2 * torch.pi * draws[:, 6], 120 + 80 * draws[:, 7]
    shift = torch.stack([reach * turn.cos(), reach * turn.sin(), 90 * draws[:, 8] - 20], dim=1)
    return replace(arm, centers_mm=own + middle + shift[:, None], radii_mm=arm.radii_mm.roll(1, dims=0))


def _with_room(wanted: Tensor, mesh: SphereMesh, arm: SphereMesh, held: Addition) -> Tensor:
    """bool [B]: the wanted meshes that stay _ROOM_MM away from the arm and its thing, and hide few of its joints."""
    rows = wanted.nonzero()[:, 0]
    centers, radii = mesh_spheres(mesh[rows], 8 if len(mesh.cones) == 1 else 3)
    others, other_radii = mesh_spheres(arm[rows], 3)
    gap = torch.cdist(centers, others) - radii[:, :, None] - other_radii[:, None]
    solids = no_solids(len(wanted), wanted.device)
    if held.solids is not None:
        solids = solids.with_rows(held.frames, held.solids)
    to_things = solids[rows].distance_mm(centers) - radii
    nearest = torch.minimum(gap.flatten(1).amin(dim=1), to_things.amin(dim=1))
    is_hidden = _are_hidden(arm.centers_mm[rows, :21], centers, radii)
    return wanted.index_put((rows,), (nearest >= _ROOM_MM) & (is_hidden.float().mean(dim=1) < _MOST_HIDDEN))


def _are_hidden(points_mm: Tensor, centers_mm: Tensor, radii_mm: Tensor) -> Tensor:
    """points [B, P, 3], spheres [B, S, 3] and [B, S] -> [B, P]: whether a sphere is between camera and point."""
    point, center = points_mm[:, :, None], centers_mm[:, None]
    on_ray = point[..., :2] * (center[..., 2:] / point[..., 2:])
    is_on_way: Tensor = (on_ray - center[..., :2]).norm(dim=-1) < radii_mm[:, None]
    return (is_on_way & (center[..., 2] < point[..., 2])).any(dim=2)
