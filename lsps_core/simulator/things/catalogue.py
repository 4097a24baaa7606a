"""Things of random sizes, in the frame in which they are grasped: x is squeezed, z is the long axis."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from lsps_core.simulator.settings import THINGS
from lsps_core.simulator.things.solids import Solids, no_solids

GRASPS = ("power", "flat", "pinch", "tripod", "pentad")
PALM_GRASPS = 2
"""The first so many hold a thing against the palm, the others between thumb and fingertips."""
_HALF_WIDTH_MM = ((13.0, 36.0), (8.0, 22.0), (4.0, 11.0), (7.0, 19.0), (10.0, 28.0))
"""[grasp] of things that come in all sizes: how thick they are to the fingers, from the middle."""
_WEIGHTS = {
    "box": (0.25, 0.2, 0.1, 0.15, 0.3),
    "cylinder": (0.55, 0.0, 0.05, 0.15, 0.25),
    "sphere": (0.25, 0.0, 0.15, 0.25, 0.35),
    "mug": (1.0, 0.0, 0.0, 0.0, 0.0),
    "phone": (0.0, 1.0, 0.0, 0.0, 0.0),
    "pen": (0.0, 0.0, 0.25, 0.75, 0.0),
    "salt cellar": (0.35, 0.0, 0.0, 0.35, 0.3),
}
"""How often a thing is grasped in each way of GRASPS."""


def draw_things(thing: Tensor, generator: torch.Generator) -> tuple[Tensor, Solids]:
    """thing [B], an index into THINGS -> (a way to grasp each [B], an index into GRASPS; solids of random sizes)."""
    count, device = len(thing), generator.device
    weights = torch.tensor([_WEIGHTS[name] for name in THINGS[1:]], device=device)
    grasp = weights[thing - 1].multinomial(1, generator=generator)[:, 0]
    low, high = torch.tensor(_HALF_WIDTH_MM, device=device)[grasp].T
    share = torch.rand(count, 5, generator=generator, device=device)
    width = low + (high - low) * share[:, 0]
    makers = (_boxes, _cylinders, _spheres, _mugs, _phones, _pens, _salt_cellars)
    solids = no_solids(count, device)
    for index, make in enumerate(makers, start=1):
        rows = (thing == index).nonzero()[:, 0]
        part = make(solids[rows], width[rows], share[rows, 1:])
        solids = solids.with_rows(rows, part)
    return grasp, solids


def _boxes(solids: Solids, width: Tensor, share: Tensor) -> Solids:
    half = torch.stack([width, 12 + 26 * share[:, 0], 18 + 45 * share[:, 1]], dim=1)
    return replace(solids, box_half_mm=half)


def _cylinders(solids: Solids, width: Tensor, share: Tensor) -> Solids:
    half = 25 + 75 * share[:, 0]
    top = width * (0.9 + 0.2 * share[:, 1])
    return _with_frustum(solids, 0, -half, half, width, top)


def _spheres(solids: Solids, width: Tensor, share: Tensor) -> Solids:
    radii = solids.node_radii_mm.clone()
    radii[:, 0] = 4 + width + 4 * share[:, 0]
    return replace(solids, node_radii_mm=radii)


def _mugs(solids: Solids, width: Tensor, share: Tensor) -> Solids:
    """With a handle on the side away from the palm, mostly beside the fingers' ends."""
    del width
    radius, half = 35 + 8 * share[:, 0], 40 + 12 * share[:, 1]
    solids = _with_frustum(solids, 0, -half, half, radius - 2 * share[:, 3], radius, inner=radius - 3.5)
    angle = 2.1 + 1.2 * share[:, 2]
    out = torch.tensor([0.95, 1.5, 1.78, 1.78, 1.5, 0.95], device=radius.device)
    up = torch.tensor([0.62, 0.6, 0.3, -0.3, -0.6, -0.62], device=radius.device)
    reach = radius[:, None] + 26 * (out - 0.95)
    nodes = torch.stack(
        [angle.cos()[:, None] * reach, angle.sin()[:, None] * reach, half[:, None] * up.expand_as(reach)], dim=2
    )
    return replace(solids, nodes_mm=nodes, node_radii_mm=torch.full_like(solids.node_radii_mm, 4.5))


def _phones(solids: Solids, width: Tensor, share: Tensor) -> Solids:
    del width
    half = torch.stack([3.5 + 2 * share[:, 0], 32 + 7 * share[:, 1], 65 + 16 * share[:, 2]], dim=1)
    return replace(solids, box_half_mm=half)


def _pens(solids: Solids, width: Tensor, share: Tensor) -> Solids:
    """The point at the lower end; about a third of the pen is below the fingers."""
    del width
    nodes, radii = solids.nodes_mm.clone(), solids.node_radii_mm.clone()
    thick, long = 3.8 + 1.8 * share[:, 0], 120 + 30 * share[:, 1]
    nodes[:, 0, 2], radii[:, 0] = -25 - 15 * share[:, 2], 0.8
    nodes[:, 1, 2], radii[:, 1] = nodes[:, 0, 2] + 14, thick
    nodes[:, 2, 2], radii[:, 2] = nodes[:, 0, 2] + long, thick
    return replace(solids, nodes_mm=nodes, node_radii_mm=radii)


def _salt_cellars(solids: Solids, width: Tensor, share: Tensor) -> Solids:
    del width
    base, half = 17 + 6 * share[:, 0], 30 + 14 * share[:, 1]
    shoulder = base * (0.7 + 0.15 * share[:, 2])
    solids = _with_frustum(solids, 0, -half, half * 0.5, base, shoulder)
    return _with_frustum(solids, 1, half * 0.5, half, shoulder + 1.5, shoulder * 0.75)


def _with_frustum(
    solids: Solids, k: int, low: Tensor, high: Tensor, r_low: Tensor, r_high: Tensor, inner: Tensor | None = None
) -> Solids:
    frusta = solids.frusta.clone()
    frusta[:, k] = torch.stack([low, high, r_low, r_high, torch.zeros_like(low) if inner is None else inner], dim=1)
    return replace(solids, frusta=frusta)
