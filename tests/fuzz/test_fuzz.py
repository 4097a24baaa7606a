"""A small share of the fuzzing, and every finding so far, in a process that a crash does not take along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")
INPUTS = 25
"""Of each reader: with the start of the process a few seconds."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="its processes are forked, with a limit of memory")
def test_mutated_files_are_read_or_refused() -> None:
    command = [sys.executable, str(FUZZ), "--all", "--inputs", str(INPUTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert done.stdout.count("\n") >= 20
