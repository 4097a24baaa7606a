"""The worst frames as a gallery shows them: near duplicates under their worst, in an order, by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from explorer_app.inspect.model.failure_table import FailureTable
    from explorer_app.model.hand.model import HandModel

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]

MOST_FRAMES = 2000
"""Number of worst frames that are compared, pair by pair."""


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Near-identical frames: `frame` is the worst of them, `frames` all, worst first."""

    frame: int
    frames: IntArray

    @property
    def count(self) -> int:
        return len(self.frames)


def worst(scores: FloatArray, count: int = MOST_FRAMES, is_eligible: npt.NDArray[np.bool_] | None = None) -> IntArray:
    """The frames of the highest scores [N], highest first; NaN is not a score. is_eligible [N]: in a group, say."""
    is_scored = np.isfinite(scores) if is_eligible is None else np.isfinite(scores) & is_eligible
    frames = np.flatnonzero(is_scored)
    return frames[np.argsort(-scores[frames], kind="stable")[:count]]


def near_duplicates(
    frames: IntArray,
    poses_mm: FloatArray,
    groups: npt.NDArray[np.str_],
    threshold_mm: float = 8.0,
    within_frames: int | None = None,
) -> list[NearDuplicates]:
    """Collapse `frames` [n], worst first, with poses [n, J, 3] around their cube's centre, in mm, and groups [n].

    Two frames are near-identical if their joints are within threshold_mm, as root mean square, and, with
    `within_frames`, if they are also at most so many frames apart in one group; frames linked by such pairs are one
    group of near duplicates. They come in the order of their worst frames.
    """
    if not len(frames):
        return []
    from scipy.sparse.csgraph import connected_components

    is_alike = _rms_mm(poses_mm) <= threshold_mm
    if within_frames is not None:
        is_alike &= np.abs(frames[:, None] - frames) <= within_frames
        codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
        is_alike &= codes[:, None] == codes
    _, labels = connected_components(is_alike, directed=False)
    by_label = np.argsort(labels, kind="stable")
    parts = np.split(by_label, np.flatnonzero(np.diff(labels[by_label])) + 1)
    return [NearDuplicates(int(frames[part[0]]), frames[part]) for part in sorted(parts, key=lambda part: int(part[0]))]


def _rms_mm(poses_mm: FloatArray) -> FloatArray:
    """poses [n, J, 3] -> [n, n]: root mean square distance of the joints of every pair."""
    flat = poses_mm.reshape(len(poses_mm), -1).astype(np.float64)
    flat = flat - flat.mean(axis=0)
    squared = np.square(flat).sum(axis=1)
    pairs = squared[:, None] + squared - 2 * flat @ flat.T
    distances: FloatArray = np.sqrt(np.maximum(pairs, 0) / poses_mm.shape[1])
    return distances


ORDERS = {
    "Mean error": "mean_mm",
    "Worst joint": "worst_mm",
    "Disagreement": "disagreement_mm",
    "Residual": "residual_mm",
}
BY_GROUP = "By group"
ALL_GROUPS = "All groups"
_PER_GROUP = 200


@dataclass(frozen=True, eq=False)
class WorstFrame:
    """Near duplicates, the score in mm of their worst frame, and that frame's group ("" without one)."""

    duplicates: NearDuplicates
    score_mm: float
    group: str


def worst_frames(
    table: FailureTable, model: HandModel, column: str, group: str = ALL_GROUPS, by: str = ""
) -> list[WorstFrame]:
    """The worst of the table's rows: of one group, of all, or of each group in turn of a column of text, `by`."""
    results = table.results
    is_eligible = np.zeros(len(results.names), dtype=bool)
    is_eligible[table.rows] = True
    scores, groups = table.numbers(column), results.groups
    if by:
        groups = results.divisions.get(by, groups)
        each = [worst(scores, _PER_GROUP, is_eligible & table.is_of(by, name)) for name in table.known(by)]
    elif group == ALL_GROUPS:
        each = [worst(scores, is_eligible=is_eligible)]
    else:
        each = [worst(scores, is_eligible=is_eligible & (groups == group))]
    found: list[WorstFrame] = []
    for frames in each:
        if len(frames):
            poses_mm = model.decode_poses(results.pose_latent[frames]) * model.half_mm
            found += [
                WorstFrame(duplicates, float(scores[duplicates.frame]), str(groups[duplicates.frame]))
                for duplicates in near_duplicates(frames, poses_mm, groups[frames])
            ]
    return found
