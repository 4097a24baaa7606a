"""Hands that hold things, solved many at a time for several batches of frames to come."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lsps_core.simulator.hand import HandShape
from lsps_core.simulator.settings import THINGS
from lsps_core.simulator.things.catalogue import draw_things
from lsps_core.simulator.things.grasp import hold
from lsps_core.simulator.things.solids import Solids, no_solids

_TRIES = 4


@dataclass(frozen=True, kw_only=True)
class HeldThings:
    """P held things: person [P], thing [P] (an index into THINGS), finger_angles_rad [P, 5, 4], solids.

    The solids are in the palm frame.
    """

    person: Tensor
    thing: Tensor
    finger_angles_rad: Tensor
    solids: Solids

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, index: Tensor) -> HeldThings:
        return HeldThings(
            person=self.person[index],
            thing=self.thing[index],
            finger_angles_rad=self.finger_angles_rad[index],
            solids=self.solids[index],
        )


def no_held_things(device: torch.device) -> HeldThings:
    none = torch.zeros(0, dtype=torch.int64, device=device)
    angles = torch.zeros(0, 5, 4, device=device)
    return HeldThings(person=none, thing=none, finger_angles_rad=angles, solids=no_solids(0, device))


def draw_held_things(people: HandShape, count: int, generator: torch.Generator) -> HeldThings:
    """About `count` of them, all things alike often, held by people at random.

    A thing that slips gets another size, and another way to hold it, a few times; then it is left out.
    """
    device = generator.device
    person = torch.randint(len(people.palm_width), (count,), generator=generator, device=device)
    thing = 1 + torch.arange(count, device=device) % (len(THINGS) - 1)
    angles, solids = torch.zeros(count, 5, 4, device=device), no_solids(count, device)
    is_held = torch.zeros(count, dtype=torch.bool, device=device)
    for _ in range(_TRIES):
        rows = (~is_held).nonzero()[:, 0]
        if not len(rows):
            break
        grasp, drawn = draw_things(thing[rows], generator)
        found = hold(people[person[rows]], grasp, drawn, generator)
        angles[rows], is_held[rows] = found.finger_angles_rad, found.is_held
        solids = solids.with_rows(rows, found.solids)
    return HeldThings(person=person, thing=thing, finger_angles_rad=angles, solids=solids)[is_held]
