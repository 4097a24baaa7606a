"""The worst frames as a gallery shows them: bursts of near-identical ones under their worst, in an order, by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explorer_app.model import duplicates
from explorer_app.model.duplicates import Burst

if TYPE_CHECKING:
    from explorer_app.model.failures import FailureTable
    from explorer_app.model.hand_model import HandModel

ORDERS = {"Mean error": "mean_mm", "Worst joint": "worst_mm", "Disagreement": "disagreement_mm"}
BY_GROUP = "By group"
ALL_GROUPS = "All groups"
_PER_GROUP = 200


@dataclass(frozen=True, eq=False)
class WorstFrame:
    """A burst, the score in mm of its worst frame, and that frame's group, "" without."""

    burst: Burst
    score_mm: float
    group: str


def worst_frames(table: FailureTable, model: HandModel, column: str, group: str = ALL_GROUPS) -> list[WorstFrame]:
    """The worst of the table's rows: of one group, of all, or the worst of each after the other (BY_GROUP)."""
    results = table.results
    is_eligible = np.zeros(len(results.names), dtype=bool)
    is_eligible[table.rows] = True
    scores, groups = table.numbers(column), results.groups
    if group == BY_GROUP:
        each = [duplicates.worst(scores, _PER_GROUP, is_eligible & (groups == name)) for name in table.groups]
    elif group == ALL_GROUPS:
        each = [duplicates.worst(scores, is_eligible=is_eligible)]
    else:
        each = [duplicates.worst(scores, is_eligible=is_eligible & (groups == group))]
    found: list[WorstFrame] = []
    for frames in each:
        if len(frames):
            poses_mm = model.decode_poses(results.pose_latent[frames]) * model.half_mm
            bursts = duplicates.bursts(frames, poses_mm, groups[frames])
            found += [WorstFrame(burst, float(scores[burst.frame]), str(groups[burst.frame])) for burst in bursts]
    return found
