"""Faults at every step of a save, one by one: openings, writes, flushes and renamings of files that Python opens.

What other libraries write themselves is in `test_full_disks.py`, and by hand in `tests/benchmarks/kill_saves.py`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Save = Callable[[Path, int], object]
"""Writes a file of that path, whose content differs from version to version."""
MOST_STEPS = 200


class Fault:
    """The n-th opening to write, write, flush or renaming fails."""

    def __init__(self, number: int, code: int) -> None:
        self.number, self.code, self.count = number, code, 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.number:
            raise OSError(self.code, os.strerror(self.code))

    def before(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.step()
            return real(*arguments, **options)

        return call

    def open(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if not any(letter in mode for letter in "wxa+"):
                return real(file, mode, *arguments, **options)
            self.step()
            return FaultyFile(real(file, mode, *arguments, **options), self)

        return call


class FaultyFile:
    """An open file whose writes are steps."""

    def __init__(self, file: Any, fault: Fault) -> None:
        self._file, self._fault = file, fault

    def write(self, data: Any) -> int:
        self._fault.step()
        return int(self._file.write(data))

    def __enter__(self) -> FaultyFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def faulty(patch: pytest.MonkeyPatch, fault: Fault) -> None:
    patch.setattr(io, "open", fault.open(io.open))  # of Path.open
    patch.setattr(os, "fsync", fault.before(os.fsync))
    patch.setattr(os, "replace", fault.before(os.replace))  # of Path.replace


def check_every_step(path: Path, save: Save, code: int, *, others: str = "", is_named: bool = False) -> int:
    """The number of steps at which the save could fail: each leaves the old file, and the next save succeeds.

    others: a pattern of files that may be beside it. is_named: the error names the file; else its caller does.
    """
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
        beside = [each.name for each in path.parent.iterdir() if not (others and each.match(others))]
        assert beside == [path.name]
        if failure is not None:
            assert path.read_bytes() == before
            assert "\n" not in str(failure)
            assert os.strerror(code) in str(failure)
            assert path.name in str(failure) or not (is_named or isinstance(failure, ValueError))
        save(path, number + 1)
        assert path.read_bytes() != before
        if fault.count < number:
            return number - 1
    raise AssertionError("it never ends")
