"""The input of the failure plots: the frames in the table, and codes of other data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from explorer_app.inspect.model.failure_table import NUMBERS, FailureTable
from explorer_app.inspect.model.plot_statistics import principal_plane

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
Codes = Mapping[str, FloatArray]
Projection = Callable[[list[FloatArray]], list[FloatArray]]

_MOST_FITTED = 4000


def principal_points(sets: list[FloatArray]) -> list[FloatArray]:
    """Codes [N, 20] of one or more sets -> [N, 2] each, in the plane of their largest variance."""
    plane = principal_plane(sets)
    if plane is None:
        return [np.zeros((len(codes), 2)) for codes in sets]
    return [plane.points(codes) for codes in sets]


def umap_points(sets: list[FloatArray]) -> list[FloatArray]:
    """The same by UMAP, fitted to some thousand of them: takes minutes. ValueError if it is not installed."""
    try:
        from umap import UMAP
    except ImportError as error:
        raise ValueError("UMAP is not installed; install umap-learn, or use principal components") from error
    whole = np.concatenate(sets)
    is_known = np.isfinite(whole).all(axis=1)
    fitted = np.flatnonzero(is_known)
    if len(fitted) < 5:
        return principal_points(sets)
    fitted = fitted[np.linspace(0, len(fitted) - 1, min(len(fitted), _MOST_FITTED)).astype(np.int64)]
    points = np.full((len(whole), 2), np.nan)
    points[is_known] = UMAP(n_neighbors=min(15, len(fitted) - 1)).fit(whole[fitted]).transform(whole[is_known])
    return np.split(points, np.cumsum([len(codes) for codes in sets])[:-1])


class PlotFrames:
    """The n evaluated frames among the rows of a failure table. Create it, and read its arrays, in a thread.

    frames [n]: their numbers, ascending; a *place* is an index into them. measure: "error", or "disagreement" where no
    frame is annotated; measured_mm [n]: its values. references: codes [m, Z] of other data by name. project: codes to
    the plane.
    """

    def __init__(
        self, table: FailureTable, references: Codes | None = None, project: Projection = principal_points
    ) -> None:
        self._table = table
        frames = np.sort(table.rows)
        self.frames: IntArray = frames[table.results.is_done[frames]]
        self.references: Codes = references or {}
        self.project = project
        means = self.numbers("mean_mm")
        is_scored = bool(np.isfinite(means).any())
        self.measure = "error" if is_scored else "disagreement"
        self.measured_mm = means if is_scored else self.numbers("disagreement_mm")

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def joints(self) -> tuple[str, ...]:
        """The names of the J joints that are scored."""
        return self._table.results.about.joints

    @cached_property
    def groups(self) -> npt.NDArray[np.str_]:
        """The group of each frame [n]."""
        return self._table.results.groups[self.frames]

    @cached_property
    def divisions(self) -> dict[str, npt.NDArray[np.str_]]:
        """The group of each frame [n] by view, camera and so on, where the store divides its frames by these."""
        given = self._table.results.divisions
        return {division: given[division][self.frames] for division in self._table.dividing}

    def has(self, column: str) -> bool:
        """Whether a frame has a value in a column of the table."""
        is_number = column in NUMBERS
        return self._table.has(column) and not (is_number and np.isnan(self.numbers(column)).all())

    def numbers(self, column: str) -> FloatArray:
        """A column of numbers of the table [n], NaN where a frame has none."""
        return self._table.numbers(column)[self.frames]

    def errors_mm(self, places: IntArray | slice = slice(None)) -> FloatArray:
        """The error of every joint [n, J], NaN where it is not annotated; of some places, or of all."""
        return self._table.results.errors_mm[self.frames[places]]

    def pose_latent(self, places: IntArray | slice = slice(None)) -> FloatArray:
        """The pose latents [n, Z] of some places, or of all."""
        return self._table.results.pose_latent[self.frames[places]]

    def places_of(self, frames: IntArray) -> IntArray:
        """The places of the frames of `frames`, ascending, that are among these."""
        if not len(self.frames):
            return np.zeros(0, dtype=np.int64)
        places = np.searchsorted(self.frames, frames).clip(max=len(self.frames) - 1)
        found: IntArray = places[self.frames[places] == frames]
        return found

    def selected_places(self) -> IntArray:
        """The places of the frames that are selected in the table now."""
        return self.places_of(self._table.selection)
