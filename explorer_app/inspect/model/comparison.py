"""The open model's results against those of another model, or published predictions, on the same frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.inspect.model.plot_statistics import SuccessCurve, success_curve
from explorer_app.model.wording import model_name

if TYPE_CHECKING:
    from explorer_app.inspect.model.stored_results import Found
    from explorer_app.model.hand.model import HandModel
    from lsps_core.evaluation.about import About
    from lsps_core.evaluation.frame_results import FrameResults

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]

MOST_ROWS = 500


@dataclass(frozen=True, eq=False)
class Comparison:
    """Over the frame_count frames for which both have errors of the same joints: curves, and the largest differences.

    frames [K], own_mm, other_mm [K]: frames and mean errors, the largest difference of these first.
    """

    own_name: str
    other_name: str
    frame_count: int
    own: SuccessCurve
    other: SuccessCurve
    own_mean_mm: float
    other_mean_mm: float
    frames: IntArray
    own_mm: FloatArray
    other_mm: FloatArray


def compare(table: FailureTable, other_errors_mm: FloatArray, other_name: str) -> Comparison:
    """other_errors_mm [N, J], NaN without a value; ValueError if the two have no frame in common."""
    own_errors = table.results.errors_mm
    is_known = np.isfinite(own_errors) & np.isfinite(other_errors_mm)
    common = np.flatnonzero(is_known.any(axis=1))
    own, other = (np.where(is_known, errors, np.nan)[common] for errors in (own_errors, other_errors_mm))
    own_curve, other_curve = success_curve(np.nanmax(own, axis=1)), success_curve(np.nanmax(other, axis=1))
    if own_curve is None or other_curve is None:
        raise ValueError(f"{other_name} and this evaluation have no annotated frame in common")
    own_mm, other_mm = np.nanmean(own, axis=1), np.nanmean(other, axis=1)
    largest = np.argsort(-np.abs(own_mm - other_mm), kind="stable")[:MOST_ROWS]
    return Comparison(
        own_name=_name(table.results.about),
        other_name=other_name,
        frame_count=len(common),
        own=own_curve,
        other=other_curve,
        own_mean_mm=float(np.nanmean(own)),
        other_mean_mm=float(np.nanmean(other)),
        frames=common[largest],
        own_mm=own_mm[largest],
        other_mm=other_mm[largest],
    )


def _name(about: About) -> str:
    name, reading = model_name(Path(about.model)), about.reading.words
    return f"{name} ({reading})" if reading else name


def with_results(table: FailureTable, path: Path) -> Comparison:
    """With another results file; ValueError, in one line, if it is of other frames or joints."""
    from lsps_core.evaluation import frame_results

    return _with(table, frame_results.load(path))


def _with(table: FailureTable, other: FrameResults) -> Comparison:
    own, its = table.results.about, other.about
    if (own.data_digest, own.frame_count) != (its.data_digest, its.frame_count):
        raise ValueError(f"the results of {its.model} are of {its.data}, not of {own.data}; evaluate it on this data")
    if own.joints != its.joints:
        raise ValueError(f"{its.model} was scored by {its.protocol}, this model by {own.protocol}; not comparable")
    return compare(table, other.errors_mm, _name(its))


def with_predictions(table: FailureTable, path: Path, data_path: Path, model: HandModel) -> Comparison:
    """With a file of `u v d` predictions; ValueError, in one line, if the frames of its lines are ambiguous."""
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation import pairing, protocols, published

    with FrameStore(data_path) as store:
        protocol = protocols.of_store(store, model.skeleton)
        labels = published.labels_of(store, protocol)
    scored = pairing.compare(labels, published.read(path, protocol), protocol)
    errors_mm = np.full_like(table.results.errors_mm, np.nan)
    errors_mm[scored.places] = scored.errors_mm
    return compare(table, errors_mm, scored.method)


def look_for(
    table: FailureTable, path: Path, data_path: Path, folder: Path, device: str, is_bundled: bool
) -> Comparison | Found:
    """With another model read like this one, if it was already evaluated so; else the path for its results."""
    from explorer_app.inspect.model import stored_results
    from explorer_app.model.hand.model import HandModel

    model = HandModel.load(path, device)
    found = stored_results.find(model, data_path, folder, is_bundled, table.results.about.reading)
    if found.table is not None and stored_results.is_complete(found.table):
        return _with(table, found.table.results)
    return found
