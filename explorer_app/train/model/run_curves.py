"""The events.jsonl of a training run as series to plot. Free of Qt and torch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.errors import LspsError
from lsps_core.events import Ended, Event, Noted, RunEvent, Saved, Started, Stepped, Validated

FloatArray = npt.NDArray[np.float64]
POINTS = 2000
"""Number of points in a plot; longer series are averaged down to it."""
_LARGEST = 1e30
"""A larger value counts as not finite: Qt crashes when it draws 1e308."""
_MARGIN, _LEAST_SPAN, _LEAST_LOG_SPAN = 0.09, 0.1, 0.1
"""Above and below the curves, and of the whole y axis: a single value would be shown to its last digit."""


@dataclass(frozen=True, eq=False)
class Series:
    """steps [N], ascending, and values [N]; NaN where a value was not finite."""

    steps: FloatArray
    values: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Curves:
    """A snapshot of a run's curves. Steps count over all stages."""

    terms: dict[str, dict[str, Series]] = field(default_factory=dict)
    """by stage, then by term"""
    validation: dict[str, Series] = field(default_factory=dict)
    """mean errors in mm, by what was measured: "reconstruction" in the pose stage, then "P" """
    speed: Series = field(default_factory=lambda: Series(np.empty(0), np.empty(0)))
    """frames/s"""
    previews: tuple[tuple[int, str], ...] = ()
    """step and file name"""
    checkpoint: str = ""
    """file name of the newest one"""
    notes: tuple[str, ...] = ()
    stage: str = ""
    stage_step: int = 0
    step: int = 0
    total_steps: int = 0
    eta_s: float | None = None
    frames_per_s: float | None = None
    device: str = ""
    last_time: float = 0.0
    """time of the last event, in seconds since 1970"""
    started_time: float = 0.0
    end_reason: str = ""
    """ "finished", "stopped", "failed"; empty while it runs, and after a kill"""
    end_error: LspsError | None = None
    """of a run that failed"""

    @property
    def best_mm(self) -> tuple[float, int] | None:
        """The smallest error of P and its step; None before the first."""
        series = self.validation.get("P")
        if series is None or not np.isfinite(series.values).any():
            return None
        at = int(np.nanargmin(series.values))
        return float(series.values[at]), int(series.steps[at])


class RunHistory:
    """Builds `Curves` from events."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
        self._previews: list[tuple[int, str]] = []
        self._notes: list[str] = []
        self._facts: dict[str, Any] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Events that are not of a training run are ignored."""
        for event in events:
            if isinstance(event, RunEvent):
                self._facts["last_time"] = _finite(event.time) or 0.0
            match event:
                case Started():
                    self._take_started(event)
                case Stepped():
                    self._take_step(event)
                case Validated():
                    what = "reconstruction" if event.stage == "pose" else "P"
                    self._add(("validation", what), event.step, event.mean_error_mm)
                case Saved(kind="preview"):
                    self._previews.append((event.step, Path(event.path).name))
                case Saved():
                    self._facts["checkpoint"] = Path(event.path).name
                case Noted():
                    self._notes.append(event.message)
                case Ended():
                    error = event.error if event.reason == "failed" else None
                    self._facts |= {"end_reason": event.reason, "end_error": error, "eta_s": None}

    def curves(self) -> Curves:
        terms: dict[str, dict[str, Series]] = {}
        validation = {}
        for key, columns in self._series.items():
            series = _thinned(*columns)
            if key[0] == "term":
                terms.setdefault(key[1], {})[key[2]] = series
            elif key[0] == "validation":
                validation[key[1]] = series
        speed = _thinned(*self._series.get(("speed",), ([], [])))
        previews, notes = tuple(self._previews), tuple(self._notes)
        return Curves(terms=terms, validation=validation, speed=speed, previews=previews, notes=notes, **self._facts)

    def _take_started(self, event: Started) -> None:
        self._rewind(event.step)
        self._facts |= {"step": event.step, "total_steps": event.total_steps, "device": event.device}
        self._facts |= {"started_time": _finite(event.time) or 0.0, "end_reason": "", "end_error": None}
        self._facts |= {"eta_s": None, "frames_per_s": None}

    def _take_step(self, event: Stepped) -> None:
        for name, value in event.terms.items():
            self._add(("term", event.stage, name), event.step, value)
        self._add(("speed",), event.step, event.frames_per_s)
        self._facts |= {"stage": event.stage, "stage_step": event.stage_step, "step": event.step}
        self._facts |= {"eta_s": _finite(event.eta_s), "frames_per_s": _finite(event.frames_per_s)}

    def _add(self, key: tuple[str, ...], step: int, value: float) -> None:
        steps, values = self._series.setdefault(key, ([], []))
        if steps and steps[-1] == step:  # repeated for the same step
            steps.pop(), values.pop()
        steps.append(step)
        values.append(value if abs(value) < _LARGEST else float("nan"))

    def _rewind(self, step: int) -> None:
        """Remove later steps: the run resumes from this one."""
        for steps, values in self._series.values():
            while steps and steps[-1] > step:
                steps.pop(), values.pop()
        self._previews = [preview for preview in self._previews if preview[0] <= step]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _thinned(steps: list[int], values: list[float]) -> Series:
    """At most about POINTS points: each the mean of its neighbours, NaN if none of them is finite."""
    every = -(-len(steps) // POINTS)
    x, y = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if every <= 1:
        return Series(x, y)
    starts = np.arange(0, len(x), every)
    is_there = np.isfinite(y)
    counts = np.add.reduceat(is_there.astype(np.float64), starts)
    sums = np.add.reduceat(np.where(is_there, y, 0), starts)
    ends = np.minimum(starts + every, len(x)) - 1
    return Series(x[ends], np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def smoothed(values: FloatArray, width: int) -> FloatArray:
    """values [N] -> means over `width` neighbours each [N], fewer at the ends; NaNs neither count nor are filled."""
    if width <= 1 or len(values) == 0:
        return values
    is_there = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(is_there, values, 0))])
    counts = np.concatenate([[0], np.cumsum(is_there)])
    low = np.maximum(np.arange(len(values)) - width // 2, 0)
    high = np.minimum(np.arange(len(values)) + (width + 1) // 2, len(values))
    means = (sums[high] - sums[low]) / np.maximum(counts[high] - counts[low], 1)
    return np.where(is_there, means, np.nan)


def shown_range(curves: Iterable[FloatArray], clip: bool, log: bool) -> tuple[float, float] | None:
    """The range of the y axis, log10 if `log`; `clip` leaves out the most extreme 2 % of the values.

    None if there is nothing to show.
    """
    whole = np.concatenate([np.empty(0), *curves])
    whole = whole[np.isfinite(whole) & ((whole > 0) | (not log))]
    if len(whole) == 0:
        return None
    low, high = np.percentile(whole, (1, 99)) if clip else (whole.min(), whole.max())
    if log:
        low, high = np.log10(low), np.log10(high)
    least = _LEAST_LOG_SPAN if log else _LEAST_SPAN * abs(high)
    margin = max(_MARGIN * (high - low), (least - (high - low)) / 2, 1e-9)
    return float(low - margin), float(high + margin)


def parse_baselines(text: str) -> list[tuple[str, float]]:
    """ "DeepPrior++ 12.3, Pose-REN 11.8" -> names and mm; ValueError names an invalid part."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.rpartition(" ")
        try:
            value = float(number.removesuffix("mm"))
        except ValueError as error:
            raise ValueError(f"baseline {part!r} has no number; write a name and mm, as in DeepPrior++ 12.3") from error
        if not 0 < value < 1000:
            raise ValueError(f"baseline {part!r} must be between 0 and 1000 mm")
        found.append((name.strip() or "baseline", value))
    return found
