"""Durations, sizes, speeds and large counts in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SIMULATED_ONLY = "Trained on simulated data only: its errors do not apply to a real camera."


def flat(record: Any, prefix: str = "") -> list[tuple[str, str]]:
    """A free record as rows: names of nested groups are joined with a dot; a list has a line each."""
    if isinstance(record, dict) and record:
        return [row for key, value in record.items() for row in flat(value, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(record, float):
        return [(prefix, f"{record:g}")]
    if isinstance(record, list):
        return [(prefix, "\n".join(map(str, record)))]
    return [(prefix, str(record))] if prefix else []


def model_name(path: Path) -> str:
    """A model's name: of its file, or for a checkpoint of a run "my run, step 800"."""
    is_checkpoint = path.stem.isdecimal() and path.parent.name == "checkpoints"
    return f"{path.absolute().parents[1].name}, {step_of(path)}" if is_checkpoint else step_of(path)


def step_of(checkpoint: Path) -> str:
    """ "step 800" of 00000800.safetensors; the name of another file."""
    return f"step {grouped(int(checkpoint.stem))}" if checkpoint.stem.isdecimal() else checkpoint.stem


def duration(seconds: float) -> str:
    """ "under 1 s", "45 s", "12 min", "3 h 05 min", "2 d 4 h"."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def grouped(count: int) -> str:
    """250 000 rather than 250000."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def memory(count: int | None) -> str:
    """Bytes in MB or GB; a dash where they are not known."""
    if count is None:
        return "–"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def speed(frames_per_s: float) -> str:
    return f"{grouped(round(frames_per_s))} frames/s" if frames_per_s >= 10 else f"{frames_per_s:.1f} frames/s"


def typicality(share: float) -> str:
    """The share of training codes that are less typical, in words: "typical, 64 %"."""
    word = "outside the training poses" if share < OUTSIDE else "unusual" if share < UNUSUAL else "typical"
    return f"{word}, {100 * share:.0f} %"


OUTSIDE, UNUSUAL = 0.02, 0.1
"""Shares of training codes. Of held-out poses 2 % and 10 % are below; of codes that are not hands most are."""
