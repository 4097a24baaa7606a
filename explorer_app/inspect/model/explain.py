"""Why a frame may have failed: the training data near it, and the walk from its code to the code of the true pose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from lsps_core.data.store import FrameStore

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]

_TYPICAL = 512
"""Number of training codes that are used to measure the usual density."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The k nearest, nearest first: their indices [k] and distances [k]."""

    indices: IntArray
    distances: FloatArray


def poses_of(store: FrameStore, chunk: int = 20_000) -> Iterator[FloatArray]:
    """The annotated poses of a store, [n, J, 3] by [n, J, 3], normalised by their cubes as in training."""
    joints_mm = store.joints_mm
    if joints_mm is None:
        return
    for start in range(0, len(store), chunk):
        part = slice(start, start + chunk)
        yield (joints_mm[part] - store.center_mm[part, None]) / store.half_mm[part, None, None]


def nearest_poses(pose: FloatArray, chunks: Iterable[FloatArray], half_mm: float, count: int = 5) -> Neighbours:
    """The frames whose pose is nearest to pose [J, 3], by the mean distance of the common joints, in mm.

    chunks: poses [n, J, 3], one part after another. half_mm: of the failure's cube.
    """
    indices, distances, start = np.zeros(0, dtype=np.int64), np.zeros(0), 0
    for poses in chunks:
        apart = np.linalg.norm(poses - pose, axis=-1)
        is_known = np.isfinite(apart)
        known = is_known.sum(axis=1)
        mean = np.where(is_known, apart, 0).sum(axis=1) / np.maximum(known, 1) * half_mm
        candidates = np.flatnonzero(known)
        indices = np.concatenate([indices, start + candidates])
        distances = np.concatenate([distances, mean[candidates]])
        best = np.argsort(distances, kind="stable")[:count]
        indices, distances, start = indices[best], distances[best], start + len(poses)
    return Neighbours(indices, distances)


class Codes:
    """Training codes [M, Z] of one domain, for nearest-neighbour search; slow to build."""

    def __init__(self, codes: FloatArray, count: int = 10) -> None:
        from scipy.spatial import cKDTree

        self._count = count
        self._frames = np.flatnonzero(np.isfinite(codes).all(axis=1))
        if len(self._frames) <= count:
            raise ValueError(f"{len(self._frames)} codes are too few to estimate a density; use more than {count}")
        self._tree = cKDTree(codes[self._frames])
        some = self._frames[np.linspace(0, len(self._frames) - 1, min(_TYPICAL, len(self._frames))).astype(np.int64)]
        self.typical = float(np.median(self.sparsity(codes[some], is_member=True)))
        """The median sparsity of the codes themselves."""

    def sparsity(self, codes: FloatArray, is_member: bool = False) -> FloatArray:
        """codes [Q, Z] -> [Q]: mean distance to the nearest training codes; small for dense training data.

        is_member: they are training codes themselves, so each is left out of its own neighbours.
        """
        skipped = int(is_member)
        distances, _ = self._tree.query(codes, self._count + skipped)
        sparsity: FloatArray = distances[:, skipped:].mean(axis=1)
        return sparsity

    def nearest(self, code: FloatArray) -> Neighbours:
        """The frames of the nearest codes to code [Z]."""
        distances, places = self._tree.query(code, self._count)
        return Neighbours(self._frames[places], distances)


@dataclass(frozen=True, eq=False)
class WalkToTruth:
    """From the code of a frame to the code of its annotated pose in S steps.

    latents [S, Z], poses [S, J, 3], errors_mm [S] and their joints' joint_errors_mm [S, J], NaN where not annotated.
    The error of the last step is due to the decoder; the difference to the first is due to the frame's code.
    """

    latents: FloatArray
    poses: FloatArray
    joint_errors_mm: FloatArray
    errors_mm: FloatArray


def walk_to_truth(
    latent: FloatArray,
    truth: FloatArray,
    half_mm: float,
    decode: Callable[[FloatArray], FloatArray],
    encode: Callable[[FloatArray], FloatArray],
    steps: int = 25,
) -> WalkToTruth:
    """latent [Z] of the frame, truth [J, 3] its annotated pose, NaN where not annotated; ValueError without annotation.

    decode: latents [n, Z] -> poses [n, J, 3]; encode: poses [n, J, 3] -> latents [n, Z]. A joint that is not annotated
    is taken from the frame's own code.
    """
    is_known: npt.NDArray[np.bool_] = np.all(np.isfinite(truth), axis=1)
    if not is_known.any():
        raise ValueError("this frame is not annotated, so there is no true pose to walk to; choose another")
    whole = np.where(is_known[:, None], truth, decode(latent[None])[0])
    shares = np.linspace(0, 1, max(steps, 2))[:, None]
    latents = ((1 - shares) * latent + shares * encode(whole[None])[0]).astype(np.float32)
    poses = decode(latents)
    errors = np.linalg.norm(poses - truth, axis=-1) * half_mm
    return WalkToTruth(latents, poses, errors, errors[:, is_known].mean(axis=1))
