"""The rows of the time view: which curves of a sequence are shown over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explorer_app.explore.model.one_euro import one_euro
from explorer_app.explore.model.sequence import FrameSequence

CODES, JOINT, ERROR, RESIDUAL, TYPICALITY = "Codes", "Joint", "Error", "Residual", "Typicality"
UNITS = {CODES: "σ", JOINT: "mm", ERROR: "mm", RESIDUAL: "mm", TYPICALITY: ""}
_AXES = ("x", "y", "z")
_JOINT_SPEED_HZ = 0.01
"""Of the one-euro filter: joints move in mm, codes in σ."""


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """rows: which ones, in this order. joint: of the skeleton. is_smooth: codes and joints by the one-euro filter."""

    rows: tuple[str, ...] = (CODES, JOINT, ERROR, TYPICALITY)
    joint: int = 0
    is_smooth: bool = False


@dataclass(frozen=True, eq=False)
class TimeRow:
    """Curves of one unit: values [N, K], and a name for each of the K."""

    title: str
    values: npt.NDArray[np.floating]
    names: tuple[str, ...]


def rows_of(sequence: FrameSequence, choice: RowChoice) -> list[TimeRow]:
    """Those of the chosen rows that have any value; with smoothing tens of ms for ten thousand frames."""
    return [row for name in choice.rows if np.isfinite((row := _row(sequence, choice, name)).values).any()]


def _row(sequence: FrameSequence, choice: RowChoice, name: str) -> TimeRow:
    if name == CODES:
        values, names = sequence.codes, tuple(f"z{axis + 1}" for axis in range(sequence.codes.shape[1]))
        return TimeRow(_title(CODES, choice), _smoothed(values, sequence, choice), names)
    if name == JOINT:
        joint, values = sequence.model.skeleton.joints[choice.joint], sequence.joints_mm[:, choice.joint]
        known = values[np.isfinite(values).all(axis=1)]
        mean = known.mean(axis=0) if len(known) else 0.0
        values = _smoothed(values - mean, sequence, choice, _JOINT_SPEED_HZ)
        return TimeRow(_title(f"{joint}, from its mean", choice), values, _AXES)
    single = {ERROR: sequence.error_mm, RESIDUAL: sequence.residual_mm, TYPICALITY: sequence.typicality}[name]
    return TimeRow(f"{name}, mm" if UNITS[name] else name, single[:, None], (name,))


def _title(what: str, choice: RowChoice) -> str:
    unit = UNITS[CODES] if what == CODES else UNITS[JOINT]
    return f"{what}, {unit}{', smoothed (one-euro)' if choice.is_smooth else ''}"


def _smoothed(
    values: npt.NDArray[np.floating], sequence: FrameSequence, choice: RowChoice, *speed_hz: float
) -> npt.NDArray[np.floating]:
    if not choice.is_smooth:
        return values
    return one_euro(values, sequence.times_s, speed_hz=speed_hz[0]) if speed_hz else one_euro(values, sequence.times_s)
