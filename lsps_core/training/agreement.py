"""What all processes of a run must agree on: their weights, and which of them has a number that is not finite."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, nn

from lsps_core.training.errors import TrainingError
from lsps_core.training.process_group import ProcessGroup

STEPS_OF_NOTHING = 100
"""After so many steps of a stage its weights must have changed."""


def weights_digest(model: nn.Module) -> Tensor:
    """SHA-256 of all parameters as int64 [4], on the CPU."""
    whole = hashlib.sha256()
    for parameter in model.parameters():
        whole.update(parameter.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return torch.frombuffer(bytearray(whole.digest()), dtype=torch.int64)


def check_alike(model: nn.Module, group: ProcessGroup, step: int) -> None:
    """TrainingError, in all processes, if their weights differ: gradients are averaged, so that is a fault."""
    if group.size == 1:
        return
    digests = group.gather(weights_digest(model))
    others = (digests != digests[0]).any(dim=1).nonzero().flatten().tolist()
    if others:
        raise TrainingError(
            f"the weights of process {others[0]} differ from those of process 0 at step {step}, which was not saved",
            "check that all processes run the same version on the same kind of device, and resume",
        )


def check_learning(model: nn.Module, before: Tensor, stage: str) -> None:
    """TrainingError if the steps of a stage left all weights as they were. before: `weights_digest` at its start."""
    if torch.equal(weights_digest(model), before):
        raise TrainingError(
            f"the first {STEPS_OF_NOTHING} steps of the {stage} stage changed no weight: more would not either",
            "{resume} with weights of its terms above 0{change}",
            field=f"{stage}.learning_rate",
        )


def failing_process(group: ProcessGroup, terms: dict[str, float]) -> tuple[int, dict[str, float]]:
    """The first process with a term that is not finite, and its terms; process 0 if only a gradient is not finite."""
    values = group.gather(torch.tensor(list(terms.values()), dtype=torch.float64))
    is_bad = ~values.isfinite().all(dim=1)
    rank = int(is_bad.int().argmax())
    return rank, dict(zip(terms, values[rank].tolist(), strict=True))
