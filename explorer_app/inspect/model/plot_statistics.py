"""The figures of the failure plots, and the frames at a position in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsps_core.evaluation import metrics

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SuccessCurve:
    """percent [T] of frames whose every annotated joint is within distance_mm [T]; and at WITHIN_MM."""

    distance_mm: FloatArray
    percent: FloatArray
    mark_percent: float


def success_curve(worst_mm: FloatArray) -> SuccessCurve | None:
    """worst_mm [N], the error of each frame's worst joint, NaN where not annotated; None if nothing is annotated."""
    scored = worst_mm[np.isfinite(worst_mm)]
    if not len(scored):
        return None
    within = np.searchsorted(np.sort(scored), [*metrics.DISTANCES_MM, metrics.WITHIN_MM], side="right")
    percent = 100 * within / len(scored)
    return SuccessCurve(metrics.DISTANCES_MM, percent[:-1], float(percent[-1]))


def per_joint_mm(errors_mm: FloatArray) -> FloatArray:
    """Mean error of every joint [J], NaN if no frame annotates it; errors_mm [N, J]."""
    return metrics.per_joint_mm(errors_mm) if len(errors_mm) else np.full(errors_mm.shape[1], np.nan)


def worst_joints(errors_mm: FloatArray) -> IntArray:
    """errors_mm [N, J] -> the joint of the largest error [N], -1 where none is annotated."""
    known = np.where(np.isfinite(errors_mm), errors_mm, -1)
    if not known.size:
        return np.full(len(known), -1, dtype=np.int64)
    return np.where(known.max(axis=1) >= 0, known.argmax(axis=1), -1)


@dataclass(frozen=True, eq=False)
class Trace:
    """A value along all sequences, one after the other, in at most so many columns.

    order [N]: frames in the order of the plot. edges [C + 1]: column c holds order[edges[c]:edges[c + 1]]; low, high
    [C] are its least and greatest value, NaN without any, and worst [C] is the frame of the greatest. groups: (name,
    start, stop) of each, in places of `order`.
    """

    order: IntArray
    edges: IntArray
    low: FloatArray
    high: FloatArray
    worst: IntArray
    groups: tuple[tuple[str, int, int], ...]

    @property
    def middles(self) -> FloatArray:
        """The middles of the columns [C]."""
        return (self.edges[:-1] + self.edges[1:]) / 2


def along_sequence(values: FloatArray, groups: npt.NDArray[np.str_], most_columns: int = 2000) -> Trace:
    """values [N] and the group of each frame [N] -> the trace; groups are in the order of their first frames."""
    names, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    order = np.argsort(first.argsort().argsort()[codes.reshape(-1)], kind="stable")
    count = len(values)
    edges = np.unique(np.linspace(0, count, min(count, most_columns) + 1).astype(np.int64))
    ordered = values[order]
    low, high = (reduce.reduceat(ordered, edges[:-1]) if count else ordered for reduce in (np.fmin, np.fmax))
    is_greatest = ordered == np.repeat(high, np.diff(edges))
    places = np.where(is_greatest, np.arange(count), count)
    worst = np.minimum.reduceat(places, edges[:-1]) if count else places
    sizes = np.bincount(codes.reshape(-1), minlength=len(names))[np.argsort(first)]
    ends = np.cumsum(sizes)
    bounds = zip(names[np.argsort(first)].tolist(), (ends - sizes).tolist(), ends.tolist(), strict=True)
    return Trace(order, edges, low, high, order[np.where(worst < count, worst, edges[:-1])], tuple(bounds))


def peaks(trace: Trace, values: FloatArray, places: IntArray) -> FloatArray:
    """The greatest of the values [N] at some places in each column of their trace [C], NaN where there is none."""
    if not len(trace.order):
        return np.zeros(0)
    chosen = np.full(len(values), np.nan)
    chosen[places] = values[places]
    return np.fmax.reduceat(chosen[trace.order], trace.edges[:-1])


@dataclass(frozen=True, eq=False)
class Histogram:
    """counts [K] of values from edges[k] up to edges[k + 1], which only the last bar includes."""

    edges: FloatArray
    counts: IntArray

    def frames_in(self, values: FloatArray, first_bar: int, last_bar: int | None = None) -> IntArray:
        """The frames whose value is in a bar, or in those from the first to the last."""
        last = first_bar if last_bar is None else last_bar
        low, high = self.edges[first_bar], self.edges[last + 1]
        is_below = values <= high if last == len(self.counts) - 1 else values < high
        return np.flatnonzero((values >= low) & is_below)

    def bar_at(self, value: float) -> int:
        """The bar of a value; -1 or K outside."""
        return int(np.searchsorted(self.edges, value, side="right")) - 1

    def counts_of(self, values: FloatArray) -> IntArray:
        """How many of the finite ones among other values [M] are in each bar [K]."""
        return np.histogram(values[np.isfinite(values)].astype(np.float64), bins=self.edges)[0]


def histogram(values: FloatArray, bars: int = 50) -> Histogram | None:
    """Evenly wide bars over the finite values [N]; None without any."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not len(finite):
        return None
    low, high = finite.min(), finite.max()
    is_too_narrow = high - low <= bars * np.spacing(max(abs(low), abs(high)))  # edges would coincide
    counts, edges = np.histogram(finite, bins=bars, range=(low - 0.5, high + 0.5) if is_too_narrow else None)
    return Histogram(edges, counts)


@dataclass(frozen=True, eq=False)
class Plane:
    """The two directions in which codes vary most: mean [Z], axes [2, Z], share [2] of all variance."""

    mean: FloatArray
    axes: FloatArray
    share: FloatArray

    def points(self, codes: FloatArray) -> FloatArray:
        """codes [N, Z] -> [N, 2]; NaN where a frame is not evaluated."""
        return (codes - self.mean) @ self.axes.T


def principal_plane(sets: Sequence[FloatArray]) -> Plane | None:
    """The plane of all codes [N, Z] of one or more sets together; None with fewer than two codes."""
    codes = np.concatenate([codes[np.isfinite(codes).all(axis=1)] for codes in sets]).astype(np.float64)
    if len(codes) < 2:
        return None
    mean = codes.mean(axis=0)
    centred = codes - mean
    _, variances, rows = np.linalg.svd(centred.T @ centred, hermitian=True)
    axes = rows[:2] * np.where(rows[:2].sum(axis=1, keepdims=True) < 0, -1, 1)  # or its sign is arbitrary
    return Plane(mean, axes, variances[:2] / max(float(variances.sum()), 1e-12))


def inside(points: FloatArray, polygon: FloatArray) -> IntArray:
    """The points [N, 2] that a lasso polygon [K, 2] encloses (even-odd), as indices; it closes itself.

    Every edge only tests the points at its height, so long lassos around many points stay fast.
    """
    if len(polygon) < 3:
        return np.zeros(0, dtype=np.int64)
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    near = near[np.argsort(points[near, 1], kind="stable")]
    x, y = points[near, 0], points[near, 1]
    is_inside = np.zeros(len(near), dtype=bool)
    ends = np.roll(polygon, -1, axis=0)
    spans = np.searchsorted(y, np.sort(np.stack([polygon[:, 1], ends[:, 1]]), axis=0))
    for (x0, y0), (x1, y1), start, stop in zip(polygon, ends, *spans, strict=True):
        if stop > start:
            is_inside[start:stop] ^= x[start:stop] < x0 + (y[start:stop] - y0) / (y1 - y0) * (x1 - x0)
    return np.sort(near[is_inside])


def nearest(points: FloatArray, at: tuple[float, float], unit: tuple[float, float], most: float = 12.0) -> int | None:
    """The point [N, 2] nearest to a click; None if none is within `most` px.

    unit: size of a pixel along x and y in data coordinates.
    """
    squared = (((points - at) / unit) ** 2).sum(axis=1)
    if not np.isfinite(squared).any():
        return None
    found = int(np.nanargmin(squared))
    return found if squared[found] <= most**2 else None


def rank_correlation(first: FloatArray, second: FloatArray) -> float | None:
    """Spearman's correlation of two values of each of N frames, equal ones sharing their mean rank.

    None for fewer than three frames, and where all values of one are equal.
    """
    if len(first) < 3:
        return None
    ranks = np.stack([_ranks(first), _ranks(second)])
    if (np.ptp(ranks, axis=1) == 0).any():
        return None
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(values: FloatArray) -> FloatArray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[places.reshape(-1)]
