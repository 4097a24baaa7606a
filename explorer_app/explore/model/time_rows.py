"""The rows of the time view: which curves of a sequence are shown over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explorer_app.explore.model.one_euro import one_euro
from explorer_app.explore.model.second_sequence import places_beside
from explorer_app.explore.model.sequence import FrameSequence

CODES, JOINT, ERROR, RESIDUAL, TYPICALITY = "Codes", "Joint", "Error", "Residual", "Typicality"
DISAGREEMENT = "Disagreement"
UNITS = {CODES: "σ", JOINT: "mm", ERROR: "mm", RESIDUAL: "mm", DISAGREEMENT: "mm", TYPICALITY: ""}
MEASURED = {RESIDUAL: "residual_mm", DISAGREEMENT: "disagreement_mm"}
"""Rows that are computed when they are asked for: their arrays of `FrameSequence`."""
_ARRAYS = {ERROR: "error_mm", TYPICALITY: "typicality", **MEASURED}
_AXES = ("x", "y", "z")
_JOINT_SPEED_HZ = 0.01
"""Of the one-euro filter: joints move in mm, codes in σ."""

Values = npt.NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """rows: which ones, in this order. joint: of the skeleton. is_smooth: codes and joints by the one-euro filter."""

    rows: tuple[str, ...] = (CODES, JOINT, ERROR, TYPICALITY)
    joint: int = 0
    is_smooth: bool = False


@dataclass(frozen=True, eq=False)
class TimeRow:
    """Curves of one unit: values [N, K], and a name for each of the K.

    second [N, K]: the same of a second model or sequence; None without one, or if it has nothing of the kind.
    """

    title: str
    values: Values
    names: tuple[str, ...]
    second: Values | None = None


def rows_of(sequence: FrameSequence, choice: RowChoice, second: FrameSequence | None = None) -> list[TimeRow]:
    """Those of the chosen rows that have any value; with smoothing tens of ms for ten thousand frames."""
    rows = [_row(sequence, choice, name, second) for name in choice.rows]
    return [row for row in rows if _is_known(row.values) or (row.second is not None and _is_known(row.second))]


def _row(sequence: FrameSequence, choice: RowChoice, name: str, second: FrameSequence | None) -> TimeRow:
    values, other = _values(sequence, choice, name, sequence), None
    if second is not None and _is_comparable(second, choice, name, sequence):
        places = places_beside(sequence, second)
        other = np.where((places >= 0)[:, None], _values(second, choice, name, sequence)[places], np.nan)
    return TimeRow(_title(sequence, choice, name), values, _names(sequence, name), other)


def _is_comparable(second: FrameSequence, choice: RowChoice, name: str, first: FrameSequence) -> bool:
    """Codes of two models mean different things; a joint may not be there."""
    if name == CODES:
        return second.model.scale.fingerprint == first.model.scale.fingerprint
    return name != JOINT or first.model.skeleton.joints[choice.joint] in second.model.skeleton.joints


def _values(sequence: FrameSequence, choice: RowChoice, name: str, first: FrameSequence) -> Values:
    """[N, K] of a sequence, which is `first` or a comparable one."""
    if name == CODES:
        return _smoothed(sequence.codes, sequence, choice)
    if name == JOINT:
        joints = sequence.model.skeleton.joints
        values = sequence.joints_mm[:, joints.index(first.model.skeleton.joints[choice.joint])]
        # one place for two models of the same frames, so that they can be compared; each its own for other frames
        mean = _mean(first.joints_mm[:, choice.joint] if sequence.data is first.data else values)
        return _smoothed(values - mean, sequence, choice, _JOINT_SPEED_HZ)
    array: Values = getattr(sequence, _ARRAYS[name])
    return array[:, None]


def _names(sequence: FrameSequence, name: str) -> tuple[str, ...]:
    codes = tuple(f"z{axis + 1}" for axis in range(sequence.codes.shape[1]))
    return {CODES: codes, JOINT: _AXES}.get(name, (name,))


def _title(sequence: FrameSequence, choice: RowChoice, name: str) -> str:
    joint = sequence.model.skeleton.joints[choice.joint]
    what = {
        JOINT: f"{joint}, from its mean",
        RESIDUAL: "Residual" if sequence.is_fitted else "Residual of the read hand",
    }
    unit = f", {UNITS[name]}" if UNITS[name] else ""
    is_smooth = choice.is_smooth and name in (CODES, JOINT)
    return f"{what.get(name, name)}{unit}{', smoothed (one-euro)' if is_smooth else ''}"


def _is_known(values: Values) -> bool:
    return bool(np.isfinite(values).any())


def _mean(values: Values) -> Values:
    known = values[np.isfinite(values).all(axis=1)]
    return known.mean(axis=0) if len(known) else np.zeros(values.shape[1])


def _smoothed(values: Values, sequence: FrameSequence, choice: RowChoice, *speed_hz: float) -> Values:
    if not choice.is_smooth:
        return values
    return one_euro(values, sequence.times_s, speed_hz=speed_hz[0]) if speed_hz else one_euro(values, sequence.times_s)
