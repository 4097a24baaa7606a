"""All that the plots of the failures draw: of the frames in the table, of those selected, and of reference codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.inspect.model.plot_statistics import (
    Histogram,
    SuccessCurve,
    Trace,
    along_sequence,
    histogram,
    per_joint_mm,
    principal_plane,
    success_curve,
)

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Codes = Mapping[str, FloatArray]
Projection = Callable[[list[FloatArray]], list[FloatArray]]

MOST_DRAWN = 5_000
_MOST_FITTED = 4000


@dataclass(frozen=True, eq=False)
class Series:
    """Of n evaluated frames [n], ascending, and the columns of them that the plots are about [n each].

    measure: "error", or "disagreement" where nothing is annotated. worst_joint [n], -1 where there is none. points
    [m, 2] are the codes of drawn [m] of the frames, as places; references are codes of other data by name.
    """

    frames: IntArray
    measure: str
    measured_mm: FloatArray
    worst_mm: FloatArray
    worst_joint: IntArray
    latent_distance: FloatArray
    joints: tuple[str, ...]
    success: SuccessCurve | None
    joint_mm: FloatArray
    trace: Trace
    errors: Histogram | None
    distances: Histogram | None
    drawn: IntArray
    points: FloatArray
    references: Mapping[str, FloatArray] = field(default_factory=dict)

    def places_of(self, frames: IntArray) -> IntArray:
        """Where those of `frames`, ascending, that are among these stand."""
        if not len(self.frames):
            return np.zeros(0, dtype=np.int64)
        places = np.searchsorted(self.frames, frames).clip(max=len(self.frames) - 1)
        found: IntArray = places[self.frames[places] == frames]
        return found


@dataclass(frozen=True, eq=False)
class Highlight:
    """The selected frames in each plot: places [k], curve, bars and peaks of the trace's columns, NaN where none is."""

    places: IntArray
    success: SuccessCurve | None
    joint_mm: FloatArray
    peaks: FloatArray
    errors: IntArray
    distances: IntArray
    points: FloatArray


def series(table: FailureTable, references: Codes | None = None, project: Projection | None = None) -> Series:
    """Of the rows of the table; takes some tenths of a second for 250 000."""
    results = table.results
    frames = np.sort(table.rows)
    frames = frames[results.is_done[frames]]
    means, errors_mm = table.numbers("mean_mm")[frames], results.errors_mm[frames]
    is_scored = bool(np.isfinite(means).any())
    measured = means if is_scored else table.numbers("disagreement_mm")[frames]
    distance = table.numbers("latent_distance")[frames]
    worst = table.numbers("worst_mm")[frames]
    places = np.linspace(0, len(frames) - 1, min(len(frames), MOST_DRAWN)).astype(np.int64)
    sets = [results.pose_latent[frames[places]], *(references or {}).values()]
    points, *others = (project or principal_points)(sets)
    return Series(
        frames=frames,
        measure="error" if is_scored else "disagreement",
        measured_mm=measured,
        worst_mm=worst,
        worst_joint=worst_joints(errors_mm),
        latent_distance=distance,
        joints=results.about.joints,
        success=success_curve(worst),
        joint_mm=per_joint_mm(errors_mm),
        trace=along_sequence(measured, results.groups[frames]),
        errors=histogram(measured),
        distances=histogram(distance),
        drawn=places,
        points=points,
        references=dict(zip(references or {}, others, strict=True)),
    )


def worst_joints(errors_mm: FloatArray) -> IntArray:
    """errors_mm [n, J] -> the joint of the largest error [n], -1 where none is annotated."""
    known = np.where(np.isfinite(errors_mm), errors_mm, -1)
    if not known.size:
        return np.full(len(known), -1, dtype=np.int64)
    return np.where(known.max(axis=1) >= 0, known.argmax(axis=1), -1)


def highlight(series: Series, table: FailureTable) -> Highlight:
    """What the selection of the table looks like in every plot."""
    places = series.places_of(table.selection)
    is_selected = np.zeros(len(series.frames), dtype=bool)
    is_selected[places] = True
    errors_mm = table.results.errors_mm[series.frames[places]]
    return Highlight(
        places=places,
        success=success_curve(series.worst_mm[places]),
        joint_mm=per_joint_mm(errors_mm),
        peaks=_peaks(series, is_selected),
        errors=_counts(series.errors, series.measured_mm[places]),
        distances=_counts(series.distances, series.latent_distance[places]),
        points=series.points[is_selected[series.drawn]],
    )


def _peaks(series: Series, is_selected: BoolArray) -> FloatArray:
    trace = series.trace
    if not len(trace.order):
        return np.zeros(0)
    values = np.where(is_selected, series.measured_mm, np.nan)[trace.order]
    return np.fmax.reduceat(values, trace.edges[:-1])


def _counts(bars: Histogram | None, values: FloatArray) -> IntArray:
    if bars is None:
        return np.zeros(0, dtype=np.int64)
    return np.histogram(values[np.isfinite(values)].astype(np.float64), bins=bars.edges)[0]


def principal_points(sets: list[FloatArray]) -> list[FloatArray]:
    """Codes [N, 20] of one or more sets -> [N, 2] each, in the plane in which they vary most."""
    plane = principal_plane(sets)
    if plane is None:
        return [np.zeros((len(codes), 2)) for codes in sets]
    return [plane.points(codes) for codes in sets]


def umap_points(sets: list[FloatArray]) -> list[FloatArray]:
    """The same by UMAP, fitted to some thousand of them: minutes. ValueError where it is not installed."""
    try:
        from umap import UMAP
    except ImportError as error:
        raise ValueError("UMAP is not installed; install umap-learn, or look at principal components") from error
    whole = np.concatenate(sets)
    is_known = np.isfinite(whole).all(axis=1)
    fitted = np.flatnonzero(is_known)
    if len(fitted) < 5:
        return principal_points(sets)
    fitted = fitted[np.linspace(0, len(fitted) - 1, min(len(fitted), _MOST_FITTED)).astype(np.int64)]
    points = np.full((len(whole), 2), np.nan)
    points[is_known] = UMAP(n_neighbors=min(15, len(fitted) - 1)).fit(whole[fitted]).transform(whole[is_known])
    return np.split(points, np.cumsum([len(codes) for codes in sets])[:-1])
