"""Listeners for a run's events: JSON lines, a terminal, TensorBoard."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TextIO

import numpy as np
from PIL import Image
from tqdm import tqdm

from lsps_core.config.training import STAGES
from lsps_core.events import Event, Noted, Saved, Started, Stepped, Validated
from lsps_core.runs.layout import RunLayout

_SHOWN_TERMS = {
    "pose": {"pose_reconstruction": "rec", "pose_kl": "kl"},
    "depth": {"reconstruction": "rec", "mapping_reconstruction": "map", "discriminator": "disc"},
    "posterior": {"posterior": "P", "feature_matching": "match"},
}
"""The terms shown in a line, with their short names; a term of several domains is shown as their mean."""
_BAR = "{percentage:3.0f}%|{bar:12}| {desc}"


class Listener(Protocol):
    """Receives every event; raises OSError if it can accept no more."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None: ...


class Listeners:
    """Forwards events to several listeners. One that raises OSError is dropped; the run continues."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = list(listeners)

    def __call__(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except OSError:
                self._listeners.remove(listener)

    def __enter__(self) -> Listeners:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.close()


class JsonLines:
    """Writes every event as a line of JSON."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        try:
            with tqdm.external_write_mode(file=self._stream):  # keep lines and progress bar apart
                self._stream.write(event.line() + "\n")
                self._stream.flush()
        except OSError:
            self._silence()
            raise

    def close(self) -> None:
        """Nothing is buffered."""

    def _silence(self) -> None:
        """Redirect the stream to the null device, or flushing its buffer would fail again when Python exits."""
        with contextlib.suppress(OSError, ValueError):  # the stream has no descriptor
            descriptor = os.open(os.devnull, os.O_WRONLY)
            os.dup2(descriptor, self._stream.fileno())
            os.close(descriptor)


class ProgressBar:
    """Stage, a few terms, error in mm, frames/s and the time left, if the stream is a terminal; notes always."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Any = None
        self._error = ""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Noted):
            tqdm.write(f"note: {event.message}", file=self._stream)
        elif isinstance(event, Started):
            self._bar = tqdm(
                total=event.total_steps,
                initial=event.step,
                file=self._stream,
                bar_format=_BAR,
                dynamic_ncols=True,
                disable=None,  # if this is not a terminal
            )
        elif isinstance(event, Validated):
            self._error = f"{event.mean_error_mm:.1f} mm (best {event.best_error_mm:.1f})"
        elif isinstance(event, Stepped) and self._bar is not None:
            self._show(event)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show(self, event: Stepped) -> None:
        facts = [f"{event.stage} {STAGES.index(event.stage) + 1}/{len(STAGES)}", self._error]
        left = f"{tqdm.format_interval(event.eta_s)} left" if math.isfinite(event.eta_s) else ""
        facts += [left, f"{event.frames_per_s:.0f} frames/s", _terms_text(event)]
        self._bar.n = event.step
        self._bar.set_description_str(" · ".join(fact for fact in facts if fact), refresh=False)  # the end may be cut
        self._bar.refresh()


class TensorBoard:
    """Writes terms, errors and preview sheets into RUN/tensorboard; ImportError if TensorBoard is not installed."""

    def __init__(self, run_path: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._layout, self._make_writer = RunLayout(run_path), SummaryWriter
        self._writer: SummaryWriter | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):  # not before: a rejected start leaves no files
            self.close()
            self._writer = self._make_writer(str(self._layout.tensorboard), purge_step=event.step + 1)
        elif self._writer is not None:
            self._write(self._writer, event)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _write(self, writer: Any, event: Event) -> None:
        if isinstance(event, Stepped):
            for name, value in event.terms.items():
                writer.add_scalar(f"{event.stage}/{name}", value, event.step)
            writer.add_scalar(f"{event.stage}/frames_per_s", event.frames_per_s, event.step)
        elif isinstance(event, Validated):
            writer.add_scalar(f"{event.stage}/mean_error_mm", event.mean_error_mm, event.step)
        elif isinstance(event, Saved) and event.kind == "preview":
            sheet = np.asarray(Image.open(self._layout.previews / event.path))
            writer.add_image("preview", sheet, event.step, dataformats="HW")


def _terms_text(event: Stepped) -> str:
    by_name: dict[str, list[float]] = {}
    for name, value in event.terms.items():
        by_name.setdefault(name.partition("/")[0], []).append(value)
    shown = _SHOWN_TERMS.get(event.stage, {})
    means = {label: float(np.mean(by_name[name])) for name, label in shown.items() if name in by_name}
    return " ".join(f"{label} {value:.3g}" for label, value in means.items())
