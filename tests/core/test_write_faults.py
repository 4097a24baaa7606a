"""A fault at every step of a save, one by one: the old or the new file is there, and the next save succeeds."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lsps_core import checkpoint
from lsps_core.camera import NYU
from lsps_core.checkpoint import Checkpoint
from lsps_core.config.training import TrainConfig
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.evaluation import published
from lsps_core.files import write_whole
from lsps_core.training.run import Run

Save = Callable[[Path, int], object]
MOST_STEPS = 50


def save_store(path: Path, version: int) -> None:
    with FrameWriter(path, domain="real", camera=NYU, image_size=16, overwrite=True) as writer:
        depth, center = np.full((2, 16, 16), version, np.uint16), np.full((2, 3), 500.0)
        writer.append(depth_mm=depth, center_mm=center, half_mm=100.0, names=["a", "b"])


def save_config(path: Path, version: int) -> None:
    Run(path.parent).write_config(TrainConfig(synthetic_path="s.h5", real_path="r.h5", seed=version))


SAVES: dict[str, Save] = {
    "a.json": lambda path, version: write_whole(path, str(version)),
    "a.txt": lambda path, version: published.write(path, np.full((2, 3, 3), version)),
    "a.h5": save_store,
    "config.json": save_config,
}


class Fault:
    """The n-th opening to write, flush or renaming fails."""

    def __init__(self, number: int, code: int) -> None:
        self.number, self.code, self.count = number, code, 0

    def __call__(self, real: Callable[..., Any], is_counted: Callable[..., bool] = lambda *_, **__: True) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.count += is_counted(*arguments, **options)
            if is_counted(*arguments, **options) and self.count == self.number:
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **options)

        return call


def opens_to_write(_: Any, mode: str = "r", *__: Any, **___: Any) -> bool:
    return any(letter in mode for letter in "wxa+")


def faulty(patch: pytest.MonkeyPatch, fault: Fault) -> None:
    patch.setattr(io, "open", fault(io.open, opens_to_write))  # of Path.open
    patch.setattr(os, "fsync", fault(os.fsync))
    patch.setattr(os, "replace", fault(os.replace))  # of Path.replace


def check_every_step(path: Path, save: Save, code: int) -> int:
    """The number of steps at which the save could fail."""
    save(path, 1)
    for number in range(1, MOST_STEPS):
        before = path.read_bytes()
        fault, failure = Fault(number, code), None
        with pytest.MonkeyPatch.context() as patch:
            faulty(patch, fault)
            try:
                save(path, number + 1)
            except (OSError, ValueError) as error:
                failure = error
        assert [each.name for each in path.parent.iterdir()] == [path.name]
        if failure is not None:
            assert path.read_bytes() == before
            assert "\n" not in str(failure)
            assert os.strerror(code) in str(failure)
            assert isinstance(failure, OSError) or path.name in str(failure)  # whoever saves a text names it
        save(path, number + 1)
        assert path.read_bytes() != before
        if fault.count < number:
            return number - 1
    raise AssertionError("it never ends")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES], ids=errno.errorcode.get)
@pytest.mark.parametrize("name", SAVES)
def test_a_fault_at_every_step_of_a_save(name: str, code: int, tmp_path: Path) -> None:
    assert check_every_step(tmp_path / name, SAVES[name], code) >= 3
    if name == "a.h5":
        with FrameStore(tmp_path / name) as store:
            assert len(store) == 2


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_fault_at_every_step_of_saving_a_model(untrained: Checkpoint, code: int, tmp_path: Path) -> None:
    def save(path: Path, version: int) -> None:
        checkpoint.save(replace(untrained, half_mm=float(version)), path)

    assert check_every_step(tmp_path / "m.safetensors", save, code) >= 3
    checkpoint.load(tmp_path / "m.safetensors").build()
