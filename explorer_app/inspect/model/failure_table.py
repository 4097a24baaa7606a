"""The table of failures: every evaluated frame with its errors, sorted, filtered and selected at once for all rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.model.tags import parts_of
from lsps_core.data.protocol import DIVISIONS as ALL_DIVISIONS

if TYPE_CHECKING:
    from lsps_core.evaluation.frame_results import FrameResults

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint32]

NUMBERS = ("mean_mm", "worst_mm", "disagreement_mm", "latent_distance", "typicality", "residual_mm")
DIVISIONS = tuple(division for division in ALL_DIVISIONS if division != "person")  # a simulated person is the group
"""Columns of text that only stores have which divide their frames by these."""
DIVIDED = "any division"
"""In place of a column: some column of DIVISIONS that is shown group by group."""
MOST_SHOWN_GROUPS = 60
"""Of a division that is shown group by group; a data set may have thousands of sequences."""
COLUMNS = (
    *("index", "name", "group", "mean_mm", "worst_mm", "worst_joint", "residual_mm", "disagreement_mm"),
    *("latent_distance", "typicality", *DIVISIONS, "tag"),
)
OPTIONAL = ("residual_mm", "typicality")
"""Columns of numbers that results may not have: residuals need a fit, typicality a model with a fitted prior."""
_AT_ONCE = 16_384
"""Codes whose typicality is computed before other changes of the table get their turn: about 1 s."""
_NAMES_AT_ONCE = 1 << 13
_LAST = np.uint32(0xFFFFFFFF)
How = Literal["replace", "add", "remove"]


class _Texts:
    """A text column as numbers of the same order; the empty text comes last."""

    def __init__(self, texts: npt.NDArray[Any]) -> None:
        self.known, codes = np.unique(texts, return_inverse=True)
        self.codes = codes.reshape(-1).astype(np.int32)

    def text(self, row: int) -> str:
        return str(self.known[self.codes[row]])

    @property
    def keys(self) -> tuple[Keys, BoolArray]:
        return (self.codes + 1).astype(np.uint32), self._is_in([""])

    def is_any_of(self, texts: Collection[str]) -> BoolArray:
        return self._is_in(list(texts))

    def has_any_of(self, parts: Collection[str]) -> BoolArray:
        """Texts of several parts, such as "blur, wrist", with one of these among them; "" is a text of none."""
        found = [text for text in map(str, self.known) if set(parts_of(text) or [""]) & set(parts)]
        return self._is_in(found)

    def _is_in(self, texts: list[str]) -> BoolArray:
        return np.isin(self.known, np.array(texts, dtype=np.str_))[self.codes]


class FailureTable:
    """Rows over the frames of `results`, N of them; 250 000 are sorted or filtered in some tens of milliseconds.

    rows: the filtered frames in the order of the view. selection: selected frames, ascending, with or without a row.
    Creating a table is slower than using it: create it in a thread.
    """

    def __init__(self, results: FrameResults) -> None:
        self.results = results
        count = len(results.names)
        nothing = _Texts(np.full(count, "", dtype=np.str_))
        self._texts = {"name": _Texts(results.names), "group": _Texts(results.groups), "tag": nothing}
        for division in DIVISIONS:
            given = results.divisions.get(division)
            self._texts[division] = nothing if given is None else _Texts(given)
        parts = [results.names[start : start + _NAMES_AT_ONCE] for start in range(0, max(count, 1), _NAMES_AT_ONCE)]
        self._lower_names = np.concatenate([np.char.lower(part) for part in parts])  # the window waits for each part
        self._joints = _Texts(np.array([*results.about.joints, ""], dtype=np.str_))
        self._columns = {name: np.full(count, np.nan, dtype=np.float32) for name in NUMBERS}
        self._worst_joint = np.full(count, -1, dtype=np.int64)
        self._order: IntArray = np.arange(count)
        self._is_selected = np.zeros(count, dtype=bool)
        self.filters = Filters()
        self.rows: IntArray = self._order
        self.refresh(0, count)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_fits(self) -> bool:
        """Whether the poses are fitted, so that there are residuals."""
        return self.results.residual_mm is not None

    def refresh(self, start: int, stop: int) -> None:
        """Frames start..stop of the results have changed, as a running evaluation fills them in."""
        results, span = self.results, slice(start, stop)
        errors = results.errors_mm[span]
        is_labelled = np.isfinite(errors)
        counts = is_labelled.sum(axis=1)
        is_scored = counts > 0
        total = np.where(is_labelled, errors, 0).sum(axis=1, dtype=np.float64)
        worst = np.where(is_labelled, errors, -1)
        self._columns["mean_mm"][span] = np.where(is_scored, total / np.maximum(counts, 1), np.nan)
        self._columns["worst_mm"][span] = np.where(is_scored, worst.max(axis=1), np.nan)
        self._worst_joint[span] = np.where(is_scored, worst.argmax(axis=1), -1)
        self._columns["disagreement_mm"][span] = results.disagreement_mm[span]
        self._columns["latent_distance"][span] = results.latent_distance[span]
        if results.residual_mm is not None:
            self._columns["residual_mm"][span] = results.residual_mm[span]
        self._filter()

    def numbers(self, column: str) -> npt.NDArray[np.float32]:
        """One of NUMBERS for every frame [N], NaN without a value."""
        return self._columns[column]

    def value(self, frame: int, column: str) -> Any:
        """The value of a column for a frame: int, text, or a number that may be NaN."""
        if column in self._columns:
            return float(self._columns[column][frame])
        if column == "index":
            return frame
        if column == "worst_joint":
            joint = self._worst_joint[frame]
            return self.results.about.joints[joint] if joint >= 0 else ""
        return self._texts[column].text(frame)

    @property
    def groups(self) -> list[str]:
        """The existing groups, in alphabetical order."""
        return self.known("group")

    @property
    def dividing(self) -> list[str]:
        """The divisions of several groups, but not of more than bars or images can show one after another."""
        return [name for name in DIVISIONS if 1 < len(self._texts[name].known) <= MOST_SHOWN_GROUPS]

    def is_of(self, column: str, text: str) -> BoolArray:
        """The frames with this text in a column of text, as a mask [N]."""
        texts = self._texts[column]
        return texts.has_any_of([text]) if column == "tag" else texts.is_any_of([text])

    def known(self, column: str, frames: IntArray | None = None) -> list[str]:
        """The existing texts of a column of text, of all frames or of some, in alphabetical order."""
        texts = self._texts[column]
        return list(map(str, texts.known if frames is None else texts.known[np.unique(texts.codes[frames])]))

    def has(self, column: str) -> bool:
        """Whether the results have anything in a column; divisions need a store with them."""
        if column == "typicality":
            return not np.isnan(self._columns[column]).all()
        if column == "residual_mm":
            return self.has_fits
        if column == DIVIDED:
            return bool(self.dividing)
        return column not in DIVISIONS or column in self.results.divisions

    @property
    def lacks_typicality(self) -> bool:
        """Whether `fill_typicality` has more to do."""
        return bool(self._without_typicality().any())

    def fill_typicality(self, measure: Callable[[FloatArray], FloatArray]) -> None:
        """Fill in that of some thousand evaluated frames. measure: pose latents [n, 20] -> their typicality [n].

        It is computed from the stored codes, so that results from before there was a fitted prior have it as well.
        """
        frames = np.flatnonzero(self._without_typicality())[:_AT_ONCE]
        self._columns["typicality"][frames] = measure(self.results.pose_latent[frames])
        self._filter()

    def _without_typicality(self) -> BoolArray:
        return self.results.is_done & np.isnan(self._columns["typicality"])

    @property
    def tags(self) -> list[str]:
        """The existing tags, each by itself, with "" if a frame has none."""
        return sorted({part for text in self.known("tag") for part in parts_of(text) or [""]})

    def set_tags(self, tags: Mapping[int, str]) -> None:
        """Set the tags of these frames, and remove all others."""
        width = max(map(len, tags.values()), default=1)
        texts = np.full(len(self._order), "", dtype=f"<U{max(width, 1)}")
        texts[list(tags)] = list(tags.values())
        self._texts = self._texts | {"tag": _Texts(texts)}  # a copy of this table keeps its own
        self._filter()

    def sort(self, column: str, is_descending: bool = False) -> None:
        """Stable sort by a column; frames without a value come last in both directions."""
        keys, is_missing = self._keys(column)
        keys = np.where(is_missing, _LAST, ~keys if is_descending else keys)[self._order]
        # key and index packed into one number: sorting numbers is many times as fast as argsort
        packed = keys.astype(np.uint64) << np.uint64(32) | np.arange(len(keys), dtype=np.uint64)
        packed.sort()
        self._order = self._order[(packed & np.uint64(_LAST)).astype(np.int64)]
        self._filter_order()

    def _keys(self, column: str) -> tuple[Keys, BoolArray]:
        """Integers from 1 with the order of the column [N], and a mask of missing values [N]."""
        if column in self._columns:
            values = self._columns[column] + np.float32(0)  # -0 becomes 0
            bits = values.view(np.uint32)
            return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)), np.isnan(values)
        if column == "index":
            return np.arange(1, len(self._order) + 1, dtype=np.uint32), np.zeros(len(self._order), dtype=bool)
        if column == "worst_joint":
            keys, is_missing = self._joints.keys
            return keys[self._worst_joint], is_missing[self._worst_joint]  # -1 is the empty text
        return self._texts[column].keys

    def set_filters(self, filters: Filters) -> None:
        """Show the frames that pass `filters`, in their current order; ValueError for an unknown column."""
        unknown = set(filters.ranges) - set(NUMBERS)
        if unknown:
            raise ValueError(f"there is no numeric column {sorted(unknown)[0]!r}; use one of {', '.join(NUMBERS)}")
        self.filters = filters
        self._filter()

    def _filter(self) -> None:
        filters, is_shown = self.filters, np.ones(len(self._order), dtype=bool)
        for column, (low, high) in filters.ranges.items():
            values = self._columns[column]
            is_shown &= (values >= low) & (values <= high)
        if filters.groups is not None:
            is_shown &= self._texts["group"].is_any_of(filters.groups)
        if filters.tags is not None:
            is_shown &= self._texts["tag"].has_any_of(filters.tags)
        if filters.only is not None:
            is_only = np.zeros_like(is_shown)
            is_only[list(filters.only)] = True
            is_shown &= is_only
        for division, names in filters.divisions.items():
            is_shown &= self._texts[division].is_any_of(names)
        residual_mm = self._columns["residual_mm"]
        if filters.above_percentile is not None and self.has_fits:
            known = residual_mm[np.isfinite(residual_mm)]
            is_shown &= residual_mm > (np.percentile(known, filters.above_percentile) if len(known) else np.inf)
        if filters.text:
            is_shown &= np.char.find(self._lower_names, filters.text.lower()) >= 0
        self._is_shown = is_shown
        self._filter_order()

    def _filter_order(self) -> None:
        self.rows = self._order[self._is_shown[self._order]]
        self._places: IntArray | None = None

    def place_of(self, frame: int) -> int | None:
        """The row of a frame, None without one."""
        if self._places is None:
            self._places = np.full(len(self._order), -1, dtype=np.int64)
            self._places[self.rows] = np.arange(len(self.rows))
        place = int(self._places[frame])
        return place if place >= 0 else None

    @property
    def selection(self) -> IntArray:
        return np.flatnonzero(self._is_selected)

    def is_selected(self, frame: int) -> bool:
        return bool(self._is_selected[frame])

    def select(self, frames: Collection[int] | IntArray, how: How = "replace") -> bool:
        """Select these frames, or add them to those selected, or remove them; returns whether anything changed."""
        before = self._is_selected.copy()
        if how == "replace":
            self._is_selected[:] = False
        self._is_selected[np.asarray(frames if isinstance(frames, np.ndarray) else list(frames), dtype=np.int64)] = (
            how != "remove"
        )
        return not np.array_equal(before, self._is_selected)

    def selected_rows(self) -> IntArray:
        """The selected frames that have a row, in the order of the view."""
        return self.rows[self._is_selected[self.rows]]
