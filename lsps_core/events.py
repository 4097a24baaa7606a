"""Events of a process: one JSON object a line, written by `Event.line` and read by `parse`. No torch.

Training writes its events to stdout and to the run's `events.jsonl`; `lsps failures --json`, `simulate --events`,
`import --events` and `train --estimate` write theirs to stdout. Fields that are None by default are left out where they
are None; numbers that are not finite become null, as JSON has none.

A killed run resumes from its last checkpoint. So `started` with step s revokes all events of steps above s, and a
repeated event of step s itself (its validation, what was saved) replaces the earlier one.
`events.jsonl` is rewritten accordingly before `started` is added, and replaced atomically. A reader that follows the
file starts over if its inode changed or it became shorter, and reads a line only when it is complete.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from lsps_core.errors import LspsError, as_lsps_error
from lsps_core.files import parse_json
from lsps_core.typed_json import Count, Finite, Size, arguments


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line."""

    kind: str

    def line(self) -> str:
        """The event as JSON without a line break."""
        values = {f.name: _finite(getattr(self, f.name)) for f in dataclasses.fields(self)}
        left_out = {f.name for f in dataclasses.fields(self) if f.default is None}
        known = {key: value for key, value in values.items() if value is not None or key not in left_out}
        return json.dumps(known, allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class RunEvent(Event):
    """With its time, in seconds since 1970: a training run's, and errors."""

    time: float = field(default_factory=time.time)


@dataclass(frozen=True, kw_only=True)
class Started(RunEvent):
    """A run started or resumed. total_steps counts all stages; step is the number of steps already done."""

    kind: str = "started"
    step: Count
    total_steps: Count
    device: str
    parameters: Size


@dataclass(frozen=True, kw_only=True)
class Stepped(RunEvent):
    """terms: unweighted loss terms of the last step. step counts over all stages, stage_step within its own."""

    kind: str = "step"
    stage: str
    stage_step: Count
    step: Count
    terms: dict[str, float]
    frames_per_s: float
    eta_s: float


@dataclass(frozen=True, kw_only=True)
class Validated(RunEvent):
    """Mean joint error of held-out frames of `domain`: in the pose stage of the VAE's reconstruction, else of P."""

    kind: str = "validation"
    stage: str
    step: Count
    mean_error_mm: float
    best_error_mm: float
    domain: str


@dataclass(frozen=True, kw_only=True)
class Saved(RunEvent):
    """A checkpoint or a preview sheet was written, as given by `kind`."""

    kind: Literal["checkpoint", "preview"]
    stage: str
    step: Count
    path: str


@dataclass(frozen=True, kw_only=True)
class Noted(RunEvent):
    """A message to the user, in one line: changed settings, a checkpoint that cannot be read."""

    kind: str = "note"
    message: str


@dataclass(frozen=True, kw_only=True)
class _WithReason(Event):
    """what, remedy, field, settings: as in `LspsError`; message: the same in the words of the command line."""

    message: str = ""
    what: str | None = None
    remedy: str | None = None
    field: str | None = None
    settings: dict[str, str] | None = None

    @property
    def error(self) -> LspsError:
        """The error; without a remedy in events of older versions, which have only a message."""
        what = self.message if self.what is None else self.what
        return LspsError(what, self.remedy or "", field=self.field or "", settings=self.settings)


@dataclass(frozen=True, kw_only=True)
class Ended(_WithReason, RunEvent):
    """A run ended; "failed" comes with the error."""

    kind: str = "end"
    step: Count
    reason: Literal["finished", "stopped", "failed"]


@dataclass(frozen=True, kw_only=True)
class Failed(_WithReason, RunEvent):
    """A process ended with an error: the last line that it writes."""

    kind: str = "error"


@dataclass(frozen=True, kw_only=True)
class JobStarted(Event):
    """total: frames to evaluate, simulate or import. path: of the output."""

    kind: str = "started"
    path: str
    total: Count
    device: str | None = None


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """done, total: frames. frames_per_s: recent rate; 0 while unknown. part: of an evaluation, poses before routes."""

    kind: str = "progress"
    done: Count
    total: Count
    frames_per_s: Finite
    part: Literal["poses", "routes"] | None = None


@dataclass(frozen=True, kw_only=True)
class PartStarted(Event):
    """Part `index` of `count`, counted from 1, of a job. run: folder of the run that it trains, else None."""

    kind: str = "part"
    name: str
    index: Count
    count: Count
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class BlockWritten(Event):
    """Frames start..stop of an evaluation are in the file at `path`."""

    kind: str = "block"
    path: str
    start: Count
    stop: Count


@dataclass(frozen=True, kw_only=True)
class Skipped(Event):
    """lines: file and reason of each image that an import skipped; possibly only the first ones."""

    kind: str = "skipped"
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JobEnded(Event):
    """frames: written. skipped: not usable. resumed: done by an earlier, interrupted process. note: of the result."""

    kind: str = "ended"
    reason: Literal["finished", "stopped"]
    path: str
    frames: Count | None = None
    skipped: Count | None = None
    resumed: Count | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class StageEstimated(Event):
    """steps: the remaining ones. peak_bytes: of the GPU's memory, or of the whole process on a CPU; None if unknown."""

    kind: str = "stage"
    stage: str
    steps: Count
    seconds_per_step: Finite
    peak_bytes: Size | None
    seconds: Finite


@dataclass(frozen=True, kw_only=True)
class RunEstimated(Event):
    """All stages together. free_bytes: on the device before; None if unknown."""

    kind: str = "estimate"
    device: str
    seconds: Finite
    peak_bytes: Size | None
    free_bytes: Size | None


@dataclass(frozen=True, kw_only=True)
class Unknown(Event):
    """An event of another version, with an unknown kind or fields. step: its `step`, or else 0."""

    step: Count = 0


_KINDS: dict[str, tuple[type[Event], ...]] = {
    "started": (Started, JobStarted),
    "step": (Stepped,),
    "validation": (Validated,),
    "checkpoint": (Saved,),
    "preview": (Saved,),
    "note": (Noted,),
    "end": (Ended,),
    "error": (Failed,),
    "progress": (Progress,),
    "block": (BlockWritten,),
    "part": (PartStarted,),
    "skipped": (Skipped,),
    "ended": (JobEnded,),
    "stage": (StageEstimated,),
    "estimate": (RunEstimated,),
}


def error_fields(error: BaseException) -> dict[str, Any]:
    """The fields of `Failed` and `Ended` for an error."""
    found = as_lsps_error(error)
    known = {"what": found.what, "remedy": found.remedy, "field": found.field, "settings": found.settings}
    return {"message": str(found), **{key: value or None for key, value in known.items()}}


def parse(line: str | bytes) -> Event | None:
    """The event of a line; `Unknown` for one of another version, None for other text. Never raises.

    Integers are checked against their range. A float that is null or not finite is NaN.
    """
    try:
        value = parse_json(line)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return None
    for event_class in _KINDS.get(value["kind"], ()):
        try:
            return event_class(**arguments(event_class, value))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    try:
        return Unknown(**arguments(Unknown, value))
    except (KeyError, TypeError, ValueError, OverflowError):
        return Unknown(kind=value["kind"])


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
