"""Errors that end a training run, in one line each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lsps_core import checkpoint
from lsps_core.errors import LspsError


class TrainingError(LspsError):
    """A run cannot continue as configured; its last checkpoint is kept."""


class NonFiniteError(TrainingError):
    """A loss term or a gradient was not a finite number."""


class MemoryShortageError(TrainingError):
    """A step did not fit into memory."""


def is_out_of_memory(error: BaseException) -> bool:
    """torch raises OutOfMemoryError on accelerators only; on the CPU only the message identifies it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in ("not enough memory", "can't allocate memory"))


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
