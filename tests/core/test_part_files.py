"""Unfinished files of killed processes go with the next write; those of other machines and of living ones stay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsps_core import part_files
from lsps_core.camera import NYU
from lsps_core.config.training import TrainConfig
from lsps_core.data.store import FrameWriter
from lsps_core.files import write_whole
from lsps_core.training.run import Run

KILLED = """
import os, signal, sys
from pathlib import Path
from lsps_core.files import beside
with beside(Path(sys.argv[1])) as part:
    part.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def _unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setattr(part_files, "_seen", set())


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def part(machine: str, process: int, name: str = "a.json") -> str:
    return f".{name}.{machine}-{process}-00112233.part"


def test_the_next_write_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.json")], check=False)
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    write_whole(tmp_path / "b.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


def test_only_files_of_dead_processes_of_this_machine_go(tmp_path: Path, dead: int) -> None:
    machine = part_files._machine()
    other = f"{int(machine, 16) ^ 1:08x}"
    kept = [
        part(machine, os.getpid()),
        part(machine, os.getppid()),
        part(other, dead),
        ".a.json.00112233.part",
        "a.part",
    ]
    kept += [f".a.{machine}-{dead}-00112233.part.h5", part(machine, dead)[1:], f".a.{machine}-{dead}-0011223.part"]
    for name in (*kept, part(machine, dead), part(machine, dead, "line\nbreak.h5")):
        (tmp_path / name).touch()
    FrameWriter(tmp_path / "new.h5", domain="real", camera=NYU)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_resuming_a_run_leaves_the_files_of_an_evaluation_in_it(tmp_path: Path, dead: int) -> None:
    run = Run.create(tmp_path / "run", TrainConfig(synthetic_path="s.h5", real_path="r.h5"))
    folder = run.path / "evaluations"
    folder.mkdir()
    alive, left = part(part_files._machine(), os.getpid()), part(part_files._machine(), dead)
    for name in (alive, left, ".a.json.abc.part"):
        (folder / name).touch()
    run.rewind(0)
    assert [path.name for path in folder.iterdir()] == [alive]


def test_a_long_name_has_an_unfinished_file_too(tmp_path: Path) -> None:
    name = "é" * 127
    write_whole(tmp_path / name, "{}")
    assert [path.name for path in tmp_path.iterdir()] == [name]
