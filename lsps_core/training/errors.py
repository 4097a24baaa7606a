"""Errors that end a training run, in one line each."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lsps_core import checkpoint
from lsps_core.config.training import StageConfig
from lsps_core.errors import LspsError, is_out_of_memory


class TrainingError(LspsError):
    """A run cannot continue as configured; its last checkpoint is kept."""


class NonFiniteError(TrainingError):
    """A loss term or a gradient was not a finite number."""


class MemoryShortageError(TrainingError):
    """A step did not fit into memory."""


def memory_shortage(
    device: str, stage: str, settings: StageConfig, try_step: Callable[[StageConfig], object] | None
) -> MemoryShortageError:
    """The error for a step that does not fit, with the largest batch that does.

    try_step: runs a step of the stage with other settings; None if no other batch can be tried.
    """
    field = f"{stage}.batch_size"
    message = f"out of memory on {device} with {field}={settings.batch_size}"
    size = None
    if try_step is not None:
        size = largest_that_fits(lambda size: try_step(_smaller(settings, size)), settings.batch_size)
    if size is None:
        return MemoryShortageError(message, "resume with a smaller one{change}, or use a smaller model", field=field)
    fitting = {"batch_size": size, "extra_annotated": _smaller(settings, size).extra_annotated}
    proposed = {f"{stage}.{key}": str(value) for key, value in fitting.items()}
    return MemoryShortageError(message, "a step fits with {settings}", field=field, settings=proposed)


def _smaller(settings: StageConfig, batch_size: int) -> StageConfig:
    """The stage with another batch size, and extra frames in proportion."""
    extra = settings.extra_annotated * batch_size // settings.batch_size
    return dataclasses.replace(settings, batch_size=batch_size, extra_annotated=extra)


def largest_that_fits(try_size: Callable[[int], object], too_large: int) -> int | None:
    """The first of too_large / 2, / 4, ... for which `try_size` does not run out of memory; None if 1 does."""
    size = too_large // 2
    while size >= 1:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            try_size(size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return size
        size //= 2
    return None


def save_batch(path: Path, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
    """Save a step's batch for inspection: a safetensors file whose metadata holds the record as JSON."""
    whole = {name: tensor for name, tensor in tensors.items() if tensor.numel()}
    checkpoint.write_tensors(path, whole, {"record": json.dumps(record)})


def not_finite(
    stage: str, stage_step: int, settings: StageConfig, terms: dict[str, float], batch_path: Path, where: str = ""
) -> NonFiniteError:
    """The error for a step whose terms, or whose gradients, are not finite.

    batch_path: where its batch was saved. where: in which process of several, after the numbers.
    """
    bad = [name for name, value in terms.items() if not math.isfinite(value)]
    what = ", ".join(f"{name} is {terms[name]}" for name in bad) or "a gradient is not finite"
    message = f"{what}{where} at step {stage_step} of the {stage} stage; the step changed nothing"
    message += f". Its batch is in {batch_path}"
    field = f"{stage}.learning_rate"
    lower = {field: f"{settings.learning_rate / 2:g}"}
    return NonFiniteError(message, "resume with a lower rate, as in {settings}", field=field, settings=lower)
