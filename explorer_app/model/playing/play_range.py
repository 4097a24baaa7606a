"""What is played of a sequence, and which frame is due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
_LONGEST_GAP_S = 1.0
"""A recording that was paused for longer is played as if it had been for a second."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PlayRange:
    """The frames from `first` to `last`, both played.

    times_s [N]: of all frames, not decreasing. speed: 1 is as recorded.
    """

    times_s: npt.NDArray[np.float64]
    first: int
    last: int
    speed: float = 1.0
    is_loop: bool = False

    @classmethod
    def of_all(cls, times_s: npt.NDArray[np.float64]) -> PlayRange:
        """Without its long pauses."""
        steps = np.minimum(np.diff(times_s, prepend=times_s[:1]), _LONGEST_GAP_S)
        return cls(times_s=np.cumsum(steps), first=0, last=len(times_s) - 1)

    @property
    def is_whole(self) -> bool:
        return self.first == 0 and self.last == len(self.times_s) - 1

    @property
    def rate(self) -> float:
        """Frames per second, as recorded; 0 for a single frame."""
        seconds = float(self.times_s[self.last] - self.times_s[self.first])
        return (self.last - self.first) / seconds if seconds > 0 else 0.0

    def contains(self, index: int) -> bool:
        return self.first <= index <= self.last

    def moved(self, time_s: float, elapsed_s: float) -> tuple[float, bool]:
        """A time after so many seconds on the clock, and whether the end is reached; a loop has no end."""
        start, end = float(self.times_s[self.first]), float(self.times_s[self.last])
        time_s += elapsed_s * self.speed
        if time_s <= end:
            return max(time_s, start), False
        if not self.is_loop:
            return end, True
        period = end - start + (1 / self.rate if self.rate else 1.0)  # the last frame is shown as long as the others
        return start + (time_s - start) % period, False

    def frame_at(self, time_s: float) -> int:
        """The last frame that is not later."""
        found = int(np.searchsorted(self.times_s, time_s, side="right")) - 1
        return min(max(found, self.first), self.last)
