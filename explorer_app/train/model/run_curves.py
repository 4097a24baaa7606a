"""The events.jsonl of a training run as series to plot. Free of Qt and torch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.files import parse_json, require_file

FloatArray = npt.NDArray[np.float64]
POINTS = 2000
"""Number of points in a plot; longer series are averaged down to it."""
_REMEMBERED_BYTES = 256
_LARGEST = 1e30
"""A larger value counts as not finite: Qt crashes when it draws 1e308."""


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
    end_message: str = ""

    @property
    def best_mm(self) -> tuple[float, int] | None:
        """The smallest error of P and its step; None before the first."""
        series = self.validation.get("P")
        if series is None or not np.isfinite(series.values).any():
            return None
        at = int(np.nanargmin(series.values))
        return float(series.values[at]), int(series.steps[at])


class EventsFile:
    """Follows events.jsonl while another process appends to it, or replaces it to resume from an earlier step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode, self._at, self._before = 0, 0, b""

    def read(self) -> tuple[bool, list[dict[str, Any]]]:
        """The events since the last read; and True if everything read before is no longer valid."""
        try:
            require_file(self._path)
            with self._path.open("rb") as file:
                return self._read(file)
        except FileNotFoundError:
            is_gone, self._at, self._before = self._at > 0, 0, b""
            return is_gone, []

    def _read(self, file: Any) -> tuple[bool, list[dict[str, Any]]]:
        status = os.fstat(file.fileno())
        file.seek(max(0, self._at - len(self._before)))
        is_other = status.st_ino != self._inode or status.st_size < self._at
        if is_other or file.read(len(self._before)) != self._before:  # inode numbers are reused
            is_other, self._at, self._before = self._at > 0, 0, b""
            file.seek(0)
        self._inode = status.st_ino
        data = file.read()
        whole = data[: data.rfind(b"\n") + 1]  # the rest is a partial line
        self._at += len(whole)
        self._before = (self._before + whole)[-_REMEMBERED_BYTES:]
        return is_other, list(_parsed(whole))


def _parsed(lines: bytes) -> Iterable[dict[str, Any]]:
    for line in lines.splitlines():
        with suppress(ValueError):  # a partial line of a killed process
            event = parse_json(line)
            if isinstance(event, dict) and "kind" in event:
                yield event


class RunHistory:
    """Builds `Curves` from events."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
        self._previews: list[tuple[int, str]] = []
        self._notes: list[str] = []
        self._facts: dict[str, Any] = {}

    def take(self, events: Iterable[dict[str, Any]]) -> None:
        """Incomplete and unknown events are ignored."""
        for event in events:
            with suppress(KeyError, TypeError, ValueError, AttributeError, OverflowError):
                self._facts["last_time"] = _finite(event["time"]) or 0.0
                getattr(self, f"_take_{event['kind']}", _ignore)(event)

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

    def _take_started(self, event: dict[str, Any]) -> None:
        step = step_number(event["step"])
        names = {"step": step, "total_steps": step_number(event["total_steps"]), "device": str(event["device"])}
        self._rewind(step)
        self._facts |= names | {"started_time": float(event["time"]), "end_reason": "", "end_message": ""}
        self._facts |= {"eta_s": None, "frames_per_s": None}

    def _take_step(self, event: dict[str, Any]) -> None:
        step, stage = step_number(event["step"]), str(event["stage"])
        for name, value in event["terms"].items():
            self._add(("term", stage, name), step, value)
        self._add(("speed",), step, event["frames_per_s"])
        self._facts |= {"stage": stage, "stage_step": step_number(event["stage_step"]), "step": step}
        self._facts |= {"eta_s": _finite(event["eta_s"]), "frames_per_s": _finite(event["frames_per_s"])}

    def _take_validation(self, event: dict[str, Any]) -> None:
        what = "reconstruction" if event["stage"] == "pose" else "P"
        self._add(("validation", what), step_number(event["step"]), event["mean_error_mm"])

    def _take_preview(self, event: dict[str, Any]) -> None:
        self._previews.append((step_number(event["step"]), Path(str(event["path"])).name))

    def _take_checkpoint(self, event: dict[str, Any]) -> None:
        self._facts["checkpoint"] = Path(str(event["path"])).name

    def _take_note(self, event: dict[str, Any]) -> None:
        self._notes.append(str(event["message"]))

    def _take_end(self, event: dict[str, Any]) -> None:
        self._facts |= {"end_reason": str(event["reason"]), "end_message": str(event.get("message", "")), "eta_s": None}

    def _add(self, key: tuple[str, ...], step: int, value: float | None) -> None:
        number = float("nan") if value is None else float(value)
        steps, values = self._series.setdefault(key, ([], []))
        if steps and steps[-1] == step:  # repeated for the same step
            steps.pop(), values.pop()
        steps.append(step)
        values.append(number if abs(number) < _LARGEST else float("nan"))

    def _rewind(self, step: int) -> None:
        """Remove later steps: the run resumes from this one."""
        for steps, values in self._series.values():
            while steps and steps[-1] > step:
                steps.pop(), values.pop()
        self._previews = [preview for preview in self._previews if preview[0] <= step]


def step_number(value: Any) -> int:
    """A step count for Qt and NumPy; ValueError for an impossible one."""
    step = int(value)
    if not 0 <= step < 2**31:
        raise ValueError(f"{step} is not a valid step count")
    return step


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(float(value)) else None


def _ignore(_event: dict[str, Any]) -> None:
    pass


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
    margin = max(0.05 * (high - low), 1e-3 * abs(high), 1e-9)
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
