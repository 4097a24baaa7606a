"""A run as a Slurm job: before the limit of time it saves and goes back into the queue; the next job resumes it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot
from run_helpers import LONG, prepare_run

from explorer_app.shell.main_window import MainWindow
from explorer_app.train.model.slurm import slurm_script
from lsps_core.runs.layout import RunLayout

ROOT = Path(__file__).resolve().parents[3]
WAIT_S = 300


def test_the_menu_copies_the_selected_run(
    qtbot: QtBot, window: MainWindow, small_stores: dict[str, Path], tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.train.message, timeout=WAIT_MS) as said:
        window.training_dialogs.slurm_asked.emit()
    assert "no run to copy" in said.args[0]
    run = prepare_run(tmp_path / "my run; rm", small_stores, *LONG)
    window.train.list_run(run)
    window.workspaces.go("Train")
    qtbot.waitUntil(lambda: window.train.monitor.view is not None, timeout=WAIT_MS)
    window.training_dialogs.slurm_asked.emit()
    text = QGuiApplication.clipboard().text()
    assert text == slurm_script(run)
    assert f"run='{run}'" in text
    assert "#SBATCH --job-name=lsps-my-run-rm\n" in text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Slurm is of Linux")
def test_a_job_that_is_told_to_end_saves_and_the_next_one_resumes(
    small_stores: dict[str, Path], tmp_path: Path
) -> None:
    run = prepare_run(tmp_path / "run", small_stores, *LONG)
    (tmp_path / "job.sh").write_text(slurm_script(run))
    programs = tmp_path / "bin"
    programs.mkdir()
    fakes = {"srun": 'exec "$@"', "scontrol": f'[ $1 = show ] && echo localhost || echo "$@" >> {tmp_path}/queue'}
    fakes["python"] = f'exec {sys.executable} "$@"'
    for name, body in fakes.items():
        (programs / name).write_text(f"#!/bin/bash\n{body}\n")
        (programs / name).chmod(0o755)
    starts = [_run_until_told_to_end(run, tmp_path, programs, turn) for turn in (1, 2)]
    assert starts[0] == 0
    assert starts[1] > 0
    assert (tmp_path / "queue").read_text() == "requeue 7\nrequeue 7\n"


def _run_until_told_to_end(run: Path, folder: Path, programs: Path, turn: int) -> int:
    """The step that a job starts from; it is told to end after some steps, and must have saved the last."""
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environment |= {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n1", "SLURM_NNODES": "1"}
    job = subprocess.Popen(["bash", folder / "job.sh"], env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    events = RunLayout(run).events
    deadline = time.monotonic() + WAIT_S
    while _kinds(events).count("step") < 3 * turn and time.monotonic() < deadline:
        time.sleep(0.1)
    job.terminate()
    job.wait(WAIT_S)
    lines = events.read_text().splitlines()
    assert '"reason": "stopped"' in lines[-1]
    assert '"kind": "checkpoint"' in lines[-2]
    started = [line for line in lines if '"kind": "started"' in line]
    assert len(started) == turn
    return int(started[-1].partition('"step": ')[2].partition(",")[0])


def _kinds(events: Path) -> list[str]:
    if not events.exists():
        return []
    return [line.partition('"kind": "')[2].partition('"')[0] for line in events.read_text().splitlines()]
