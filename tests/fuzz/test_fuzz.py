"""A small share of the fuzzing, and every finding so far, in a process that a crash does not take along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import READERS
from readers import Reader

FUZZ = Path(__file__).with_name("fuzz.py")
INPUTS = 25
"""Of each reader: with the start of the process a few seconds."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="its processes are forked, with a limit of memory")
def test_mutated_files_are_read_or_refused() -> None:
    command = [sys.executable, str(FUZZ), "--all", "--inputs", str(INPUTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert done.stdout.count("\n") >= 20


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_a_file_that_nothing_changed_is_read(reader: Reader, tmp_path: Path) -> None:
    made, folder = tmp_path / "made", tmp_path / "read"
    made.mkdir()
    folder.mkdir()
    reader.prepare(folder)
    path = folder / reader.file
    for content in reader.make(made):
        path.write_bytes(content)
        reader.read(path)
