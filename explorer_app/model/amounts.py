"""Durations, sizes and speeds in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """As one would say it: "40 s", "3 min", "2.5 h", "3 days"."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def memory(count: int | None) -> str:
    """Bytes in MB or GB; a dash where they are not known."""
    if count is None:
        return "–"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def speed(frames_per_s: float) -> str:
    return f"{frames_per_s:,.0f} frames/s" if frames_per_s >= 10 else f"{frames_per_s:.1f} frames/s"
