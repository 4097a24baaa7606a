"""Which frames to label next: those that the model reads worst by what needs no annotation, and unlike each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]

_NEAR = 0.5
"""Of the median distance of two codes: frames that are nearer to a labelled one count less, in proportion."""
_PAIRS = 2_000


class Suggestion(NamedTuple):
    """A frame to label, and the sign that it is read badly."""

    frame: int
    sign: str


def suggest(codes: FloatArray, signs: Mapping[str, FloatArray], labelled: IntArray, count: int) -> list[Suggestion]:
    """Frames to label next, the most urgent first: at most `count`, without those that are labelled.

    codes [N, 20]: of the frames. signs: by name a measure [N] that is larger where a frame is read worse, such as the
    residual of a fit; NaN where it is not known. Frames without a finite code or any sign are left out.
    labelled [L]: frames that have a label.

    A frame is as urgent as its highest rank among all frames by any sign, times its distance in the latent from the
    nearest frame that is labelled or already suggested. So frames that follow each other are not suggested together.
    """
    ranks = {name: _ranks(values) for name, values in signs.items()}
    if not ranks or count < 1:
        return []
    by_sign = np.stack(list(ranks.values()))
    urgency = by_sign.max(axis=0)
    urgency[~np.isfinite(codes).all(axis=1)] = 0.0
    urgency[labelled] = 0.0
    known = urgency > 0
    if not known.any():
        return []
    scaled = np.nan_to_num((codes - codes[known].mean(axis=0)) / (codes[known].std(axis=0) + 1e-9))
    reach = _NEAR * _usual_distance(scaled[known])
    nearest = np.full(len(codes), np.inf)
    for frame in labelled:
        nearest = np.minimum(nearest, np.linalg.norm(scaled - scaled[frame], axis=1))
    found = []
    for _ in range(min(count, int(known.sum()))):
        value = urgency * np.minimum(nearest / reach, 1.0)
        frame = int(value.argmax())
        if value[frame] <= 0:
            break
        found.append(Suggestion(frame, list(ranks)[int(by_sign[:, frame].argmax())]))
        nearest = np.minimum(nearest, np.linalg.norm(scaled - scaled[frame], axis=1))
    return found


def _ranks(values: FloatArray) -> npt.NDArray[np.float64]:
    """From just above 0 for the smallest to 1 for the largest; 0 where it is not known."""
    ranks = np.zeros(len(values))
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    ranks[order] = np.arange(1, len(order) + 1) / max(len(order), 1)
    return ranks


def _usual_distance(codes: FloatArray) -> float:
    """The median distance of random pairs; 1 for codes that are all the same."""
    random = np.random.default_rng(0)
    one, other = random.integers(0, len(codes), (2, _PAIRS))
    distance = float(np.median(np.linalg.norm(codes[one] - codes[other], axis=1)))
    return distance if distance > 0 else 1.0
