"""What a training run tells the world: one JSON object a line, on stdout and in the run's `events.jsonl`.

A run that was killed goes on from its last checkpoint. So `started` with step s takes back all that was told of steps
above s, and what is then told again of step s itself (its validation, what was saved) replaces what was told before.
`events.jsonl` is rewritten accordingly before `started` is added, and put in place at once. Who follows the file reads
it from its beginning again where its inode changed or it became shorter, and a line only when its line break is there.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line. `time` is in seconds since 1970."""

    kind: str
    time: float = field(default_factory=time.time)

    def line(self) -> str:
        """The event as JSON without a line break; values that are not finite become null, as JSON has none."""
        return json.dumps(_finite(asdict(self)), allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """A run began or went on. total_steps counts all stages; step is how many of them are already done."""

    kind: str = "started"
    step: int
    total_steps: int
    device: str
    parameters: int


@dataclass(frozen=True, kw_only=True)
class Stepped(Event):
    """terms: unweighted loss terms of the last step. step counts over all stages, stage_step within its own."""

    kind: str = "step"
    stage: str
    stage_step: int
    step: int
    terms: dict[str, float]
    frames_per_s: float
    eta_s: float


@dataclass(frozen=True, kw_only=True)
class Validated(Event):
    """Mean joint error of held-out frames of `domain`: in the pose stage of the VAE's reconstruction, else of P."""

    kind: str = "validation"
    stage: str
    step: int
    mean_error_mm: float
    best_error_mm: float
    domain: str


@dataclass(frozen=True, kw_only=True)
class Saved(Event):
    """A checkpoint or a preview sheet was written; `kind` tells which."""

    stage: str
    step: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Noted(Event):
    """Something that the run's user should know, in one line: changed settings, a checkpoint that cannot be read."""

    kind: str = "note"
    message: str


@dataclass(frozen=True, kw_only=True)
class Ended(Event):
    """reason: "finished", "stopped" or "failed" (then `message` says why)."""

    kind: str = "end"
    step: int
    reason: str
    message: str = ""


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
