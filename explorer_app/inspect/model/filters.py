"""Which rows a failure table shows, and in what order: as values, and as JSON for views that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Conditions for the rows; defaults let all frames through.

    groups, tags: any of them; "" is a frame without. divisions: any of these groups, by one of DIVISIONS. text: part of
    its name, in any case of letters. ranges: lowest and highest value of a numeric column, both included; a frame
    without a value is never in the range.
    above_percentile: of all residuals, 0 to 100; frames with a larger one are probably wrong. None for all frames.
    only: these frames; None for all.
    """

    groups: frozenset[str] | None = None
    text: str = ""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    tags: frozenset[str] | None = None
    divisions: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    above_percentile: float | None = None
    only: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """Filters, without single frames, and the column that the rows are sorted by."""

    filters: Filters
    column: str
    is_descending: bool

    def to_json(self) -> dict[str, Any]:
        filters = self.filters
        return {
            "text": filters.text,
            "groups": _listed(filters.groups),
            "tags": _listed(filters.tags),
            "ranges": {column: list(ends) for column, ends in filters.ranges.items()},
            "divisions": {name: _listed(groups) for name, groups in filters.divisions.items()},
            "above_percentile": filters.above_percentile,
            "sort": [self.column, self.is_descending],
        }

    @classmethod
    def of(cls, filters: Filters, column: str, is_descending: bool) -> SavedView:
        return cls(filters=replace(filters, only=None), column=column, is_descending=is_descending)

    @classmethod
    def from_json(cls, value: Any) -> SavedView:
        """The inverse of `to_json`; ValueError if it is not one."""
        try:
            percentile = value["above_percentile"]
            filters = Filters(
                text=str(value["text"]),
                groups=_frozen(value["groups"]),
                tags=_frozen(value["tags"]),
                ranges={str(column): (float(low), float(high)) for column, (low, high) in value["ranges"].items()},
                divisions={str(name): _frozen(groups) or frozenset() for name, groups in value["divisions"].items()},
                above_percentile=None if percentile is None else min(max(float(percentile), 0.0), 100.0),
            )
            column, is_descending = value["sort"]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"it is not a view of failures ({error!r})") from error
        return cls(filters=filters, column=str(column), is_descending=bool(is_descending))


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _frozen(names: Any) -> frozenset[str] | None:
    return None if names is None else frozenset(map(str, names))
