"""Which frames make batch k: a function of (seed, k), so that a resumed run needs no state."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

IndexArray = npt.NDArray[np.int64]

_LABELS = 1  # a random stream for labels, separate from the epochs of the same seed


@lru_cache(maxsize=8)  # in practice a step spans at most two epochs, and there are a few streams of batches
def _permutation(frame_count: int, *seeds: int) -> IndexArray:
    order = np.random.default_rng(seeds).permutation(frame_count).astype(np.int64)
    order.flags.writeable = False  # callers share this array
    return order


def _check(seed: int, frame_count: int) -> None:
    if seed < 0 or frame_count < 1:
        raise ValueError(f"seed {seed}, {frame_count} frames: the seed must not be negative, and one frame is needed")


def batch_indices(seed: int, step: int, batch_size: int, frame_count: int) -> IndexArray:
    """int64 [batch_size]: the frames of batch `step`, counted from 0.

    Concatenated, the batches of one seed are a sequence of permutations of all frames: every frame occurs once an
    epoch, and a batch may span epochs or be larger than the set. ValueError for invalid numbers.
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
        raise ValueError(f"the share of labelled frames is {share:g}; it must be between 0 and 1 (0.05 for 5 %)")
    count = max(round(share * frame_count), 1) if share > 0 else 0
    return np.sort(_permutation(frame_count, seed, 0, _LABELS)[:count])
