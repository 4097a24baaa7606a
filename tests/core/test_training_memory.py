"""The n-th allocation of a training step fails: one line, the checkpoint stays, and the resumed run has the same bits.

EVERY_ALLOCATION=1 tries every operation of a step; without it a few of each stage.
"""

from __future__ import annotations

import errno
import os
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from training_helpers import events, tiny_config

from lsps_core import checkpoint, cli
from lsps_core.config.training import STAGES, StageConfig
from lsps_core.errors import LspsError, as_lsps_error
from lsps_core.training.errors import MemoryShortageError
from lsps_core.training.run import Run
from lsps_core.training.trainer import Trainer

SAMPLED = 2
"""Operations that fail, of each stage."""
MESSAGE = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes."


class Allocations(TorchDispatchMode):
    """The n-th operation of torch finds no memory."""

    def __init__(self, number: int = 0) -> None:
        super().__init__()
        self.number, self.count = number, 0

    def __torch_dispatch__(self, function: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        if self.count == self.number:
            raise MemoryError if self.number % 2 else RuntimeError(MESSAGE)
        return function(*args, **(kwargs or {}))


def run_with(allocations: dict[str, Allocations], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train or resume a run; the first step of each stage has its allocations."""
    real, waiting = Trainer._try_step, dict(allocations)

    def step(self: Trainer, settings: StageConfig) -> object:
        with waiting.pop(self.stage_name, nullcontext()):
            return real(self, settings)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_try_step", step)
        Trainer(run, run.config()).train()


def numbers(count: int) -> list[int]:
    every = list(range(1, count + 1))
    return every if os.environ.get("EVERY_ALLOCATION") else every[1 :: max(count // SAMPLED, 1)][:SAMPLED]


def test_an_allocation_that_fails_ends_the_run_at_its_checkpoint(stores, tmp_path, monkeypatch):
    config = tiny_config(stores, "pose.steps=2", "depth.steps=2", "posterior.steps=2", "checkpoint_minutes=1000")
    whole, broken = (Run.create(tmp_path / name, config) for name in ("whole", "broken"))
    counted = {stage: Allocations() for stage in STAGES}
    run_with(counted, whole, monkeypatch)
    for done, stage in zip((0, 2, 4), STAGES, strict=True):
        assert counted[stage].count > 50
        for number in numbers(counted[stage].count):
            with pytest.raises(MemoryShortageError, match="out of memory on cpu with " + stage) as caught:
                run_with({stage: Allocations(number)}, broken, monkeypatch)
            assert "\n" not in str(caught.value)
            assert events(broken.path)[-1]["reason"] == "failed"
            assert [int(path.stem) for path in broken.checkpoints()] == [step for step in (2, 4) if step <= done]
    assert Trainer(broken, config).train() == "finished"
    one, other = (checkpoint.load(run.model_path).weights for run in (whole, broken))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(MESSAGE),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("could not create a primitive"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, "Cannot allocate memory", "/a/module"),
    ],
)
def test_any_command_that_runs_out_of_memory_says_so_in_one_line(stores, monkeypatch, capsys, error):
    def fail(_arguments: object) -> None:
        raise error

    monkeypatch.setattr("lsps_core.commands.info.run", fail)
    assert cli.main(["info", str(stores["real"])]) == 2
    line = capsys.readouterr().err.splitlines()
    assert line == ["lsps info: out of memory; close other programs, or use less data or a smaller model"]
    assert isinstance(as_lsps_error(error), LspsError)
    assert as_lsps_error(RuntimeError("shapes do not match")).what == "RuntimeError: shapes do not match"
