"""The one-euro filter: smooth where a signal is slow, quick where it is fast.

Casiez, Roussel & Vogel 2012, "1 € filter: a simple speed-based low-pass filter for noisy input in interactive systems".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CUTOFF_HZ = 1.5
"""Of a signal at rest: a still hand's codes jitter from frame to frame."""
SPEED_HZ = 0.5
"""More of the cutoff for each unit a second."""
_SPEED_CUTOFF_HZ = 1.0


def one_euro(
    values: npt.NDArray[np.floating],
    times_s: npt.NDArray[np.float64],
    cutoff_hz: float = CUTOFF_HZ,
    speed_hz: float = SPEED_HZ,
) -> npt.NDArray[np.float64]:
    """values [N, ...] at times_s [N] -> the same, smoothed; each number by itself. It begins again after a NaN."""
    smooth = np.array(values, dtype=np.float64)
    speed = np.zeros(smooth.shape[1:])
    for place in range(1, len(smooth)):
        step_s = max(float(times_s[place] - times_s[place - 1]), 1e-6)
        before, here = smooth[place - 1], smooth[place]
        is_start = np.isnan(before) | np.isnan(here)
        share = _share(_SPEED_CUTOFF_HZ, step_s)
        speed = np.where(is_start, 0.0, share * (here - before) / step_s + (1 - share) * speed)
        share = _share(cutoff_hz + speed_hz * np.abs(speed), step_s)
        smooth[place] = np.where(is_start, here, share * here + (1 - share) * before)
    return smooth


def _share(cutoff_hz: npt.NDArray[np.float64] | float, step_s: float) -> npt.NDArray[np.float64] | float:
    """Of the new value in an exponential average with this cutoff."""
    turn = 2 * np.pi * cutoff_hz * step_s
    return turn / (turn + 1)
