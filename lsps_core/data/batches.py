"""Which frames make batch k: a function of (seed, k), so that a resumed run needs no state to go on as before."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

IndexArray = npt.NDArray[np.int64]

_LABELS = 1  # keeps the drawing of labels apart from the epochs of a run with the same seed


@lru_cache(maxsize=8)  # a step straddles two epochs at most in practice, and there are a few streams of batches
def _permutation(frame_count: int, *seeds: int) -> IndexArray:
    order = np.random.default_rng(seeds).permutation(frame_count).astype(np.int64)
    order.flags.writeable = False  # everyone who asks gets this same array
    return order


def _check(seed: int, frame_count: int) -> None:
    if seed < 0 or frame_count < 1:
        raise ValueError(f"seed {seed}, {frame_count} frames: the seed must not be negative, and one frame is needed")


def batch_indices(seed: int, step: int, batch_size: int, frame_count: int) -> IndexArray:
    """int64 [batch_size]: the frames of batch `step`, counted from 0.

    Laid end to end the batches of one seed are one permutation of all frames after another: every frame comes once an
    epoch, and a batch may straddle epochs or be larger than the set. ValueError for numbers that make no batch.
    """
    _check(seed, frame_count)
    if step < 0 or batch_size < 1:
        raise ValueError(
            f"step {step}, batch size {batch_size}: steps count from 0 and batches hold at least one frame"
        )
    positions = np.arange(step * batch_size, (step + 1) * batch_size, dtype=np.int64)
    epochs, places = np.divmod(positions, frame_count)
    indices = np.empty(batch_size, dtype=np.int64)
    for epoch in range(int(epochs[0]), int(epochs[-1]) + 1):
        is_here = epochs == epoch
        indices[is_here] = _permutation(frame_count, seed, epoch)[places[is_here]]
    return indices


def labelled_subset(seed: int, share: float, frame_count: int) -> IndexArray:
    """The sorted indices of the frames whose labels may be used: `share` (0 to 1) of all, drawn uniformly.

    A smaller share of the same seed is contained in a larger one. A share above 0 yields at least one frame.
    """
    _check(seed, frame_count)
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"the share of labelled frames is {share:g}; it lies between 0 and 1 (0.05 for 5 %)")
    count = max(round(share * frame_count), 1) if share > 0 else 0
    return np.sort(_permutation(frame_count, seed, 0, _LABELS)[:count])
