"""How near a hand's skin is to a thing, and how far its fingers can close until they touch it."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from lsps_core.simulator.surface import NODE_NAMES, SphereMesh
from lsps_core.simulator.things.solids import Solids
from lsps_core.skeleton import FINGERS

_SAMPLES = 5
"""Spheres along a phalanx that are compared with a thing; things are convex, nearly, so that few are enough."""
_WEBS = (("thumb_mcp", "thumb_web"), ("thumb_web", "index_mcp"), ("thenar", "thumb_mcp"), ("thenar", "middle_base"))
_PALM = tuple((f"{finger}_base", f"{finger}_mcp") for finger in FINGERS[1:])


def finger_spheres(joints_mm: Tensor, radii_mm: Tensor, samples: int = _SAMPLES) -> tuple[Tensor, Tensor]:
    """joints_mm [B, 21, 3], radii_mm [B, >= 21] -> centres [B, 5, 3, S, 3] and radii [B, 5, 3, S] along the phalanges.

    The thumb's three bones count from its CMC joint, the fingers' from their MCP joint.
    """
    chain = joints_mm[:, 1:].view(-1, 5, 4, 3)
    radius = radii_mm[:, 1:21].view(-1, 5, 4)
    share = torch.arange(1, samples + 1, device=joints_mm.device) / samples
    centers = torch.lerp(chain[:, :, :-1, None], chain[:, :, 1:, None], share[:, None])
    return centers, torch.lerp(radius[:, :, :-1, None], radius[:, :, 1:, None], share)


def mesh_spheres(mesh: SphereMesh, samples: int = _SAMPLES) -> tuple[Tensor, Tensor]:
    """Centres [B, P, 3] and radii [B, P] of spheres along all of a mesh's cones."""
    first, second = mesh.cones.unbind(dim=1)
    share = torch.arange(samples + 1, device=mesh.radii_mm.device) / samples
    centers = torch.lerp(mesh.centers_mm[:, first, None], mesh.centers_mm[:, second, None], share[:, None])
    radii = torch.lerp(mesh.radii_mm[:, first, None], mesh.radii_mm[:, second, None], share)
    return centers.flatten(1, 2), radii.flatten(1, 2)


def clearance_mm(mesh: SphereMesh, solids: Solids, samples: int = _SAMPLES) -> Tensor:
    """Meshes and things, B each -> [B]: the least distance of the skin to the thing, negative where it is inside."""
    centers, radii = mesh_spheres(mesh, samples)
    return (solids.distance_mm(centers) - radii).amin(dim=1)


@cache
def thumb_webs(device: torch.device) -> Tensor:
    """[M, 2]: the cones of a hand's surface that move with the thumb's metacarpal, besides its own."""
    return torch.tensor([[NODE_NAMES.index(name) for name in pair] for pair in _WEBS], device=device)


@cache
def palm_cones(device: torch.device) -> Tensor:
    """[M, 2]: the cones of a hand's surface around the fingers' metacarpals."""
    return torch.tensor([[NODE_NAMES.index(name) for name in pair] for pair in _PALM], device=device)
