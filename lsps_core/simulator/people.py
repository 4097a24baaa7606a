"""People of all sizes, and the flesh of their hands."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from lsps_core.simulator.hand import HandShape, average_shape, sample_shapes
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.surface import NODE_NAMES

_MORE_SCALE = (0.86, 1.06)
"""Of the sizes of `sample_shapes`: from a child of ten, 150 mm from wrist to fingertip, to a large adult, 220 mm."""
_FLESH = {"web": 1.28, "thumb_web": 1.5, "thenar": 1.16, "hypothenar": 1.14, "palm_edge": 1.1, "half": 1.1}
_FLESH |= {"base": 1.1, "middle_ring": 1.22, "index_middle": 1.22, "ring_little": 1.22, "mcp": 1.04, "pip": 1.05}
"""By the ends of nodes' names: how much thicker than a lean hand the average one is there."""
_AVERAGE_FLESH, _FLESH_RANGE = 0.8, (0.2, 1.5)


def draw_people(settings: SimulationSettings, is_sensor: bool, count: int, generator: torch.Generator) -> HandShape:
    """`count` people of the sensor domain, or the one of the synthetic domain, on the generator's device."""
    if is_sensor:
        return (sample_people if settings.is_wide else sample_shapes)(count, generator)
    return average_person(generator.device) if settings.is_wide else average_shape(device=generator.device)


def sample_people(count: int, generator: torch.Generator) -> HandShape:
    """`count` people on the generator's device, children and large adults among them, lean and fleshy hands."""
    shape = sample_shapes(count, generator)
    low, high = _MORE_SCALE
    scale, flesh = torch.rand(2, count, generator=generator, device=generator.device)
    scale = (low + (high - low) * scale)[:, None]
    larger = replace(shape, bone_lengths_mm=shape.bone_lengths_mm * scale, radii_mm=shape.radii_mm * scale)
    low, high = _FLESH_RANGE
    return with_flesh(larger, low + (high - low) * flesh)


def average_person(device: torch.device) -> HandShape:
    """The average hand with the average flesh."""
    return with_flesh(average_shape(device=device), torch.full((1,), _AVERAGE_FLESH, device=device))


def with_flesh(shape: HandShape, amount: Tensor) -> HandShape:
    """shape of B with thicker palms and fuller webs: amount [B], 0 for none, 1 for a full hand."""
    most = [max((grown for end, grown in _FLESH.items() if name.endswith(end)), default=1.0) for name in NODE_NAMES]
    grown = 1 + amount[:, None] * (torch.tensor(most, device=amount.device) - 1)
    return replace(shape, radii_mm=shape.radii_mm * grown)
