from __future__ import annotations

import sys

import psutil
import pytest
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot

from explorer_app.workers import job as job_module
from explorer_app.workers.job import Job
from explorer_app.workers.job_runner import JobRunner
from lsps_core.events import Event, Failed, JobEnded, JobStarted

ENDLESS = """
import signal, sys, time
def stop(*_):
    print('{"kind": "ended", "reason": "stopped", "path": "large.h5"}', flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print('{"kind": "started", "path": "large.h5", "total": 1000000}', flush=True)
print("10 %\\r20 %", file=sys.stderr, flush=True)
while True:
    time.sleep(0.01)
"""
"""A command that takes long, without the second in which torch is imported."""
FAILING = f"import sys; print({Failed(what='no such device').line()!r}, flush=True); sys.exit(2)"
COMMANDS = {"endless": ENDLESS, "failing": FAILING}


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Its arguments."""
    monkeypatch.setattr(job_module, "lsps_command", lambda arguments: [sys.executable, "-c", COMMANDS[arguments[0]]])
    return ["endless"]


def simulate(tmp_path, frames: int) -> list[str]:
    return ["simulate", str(tmp_path / "large.h5"), "--domain", "synthetic", "--frames", str(frames), "--events"]


def test_json_lines_are_events_and_the_end_is_a_fate(qtbot: QtBot, tmp_path) -> None:
    job = Job(simulate(tmp_path, 2))
    events: list[Event] = []
    job.event_read.connect(events.append)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.start()
    assert (told.args[0].how, told.args[0].error) == ("finished", None)
    assert isinstance(events[0], JobStarted)
    assert isinstance(events[-1], JobEnded)
    assert events[-1].frames == 2
    assert not job.is_running


def test_a_refusal_is_an_error_with_its_field(qtbot: QtBot, tmp_path) -> None:
    job = Job([*simulate(tmp_path, 2), "--device", "nonsense"])
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.start()
    fate = told.args[0]
    assert fate.how == "failed"
    assert (fate.error.field, fate.error.settings) == ("device", {"device": "cpu"})
    assert fate.error.what in fate.tail


def test_a_command_without_events_is_said_by_its_last_line(qtbot: QtBot, tmp_path) -> None:
    job = Job(["info", str(tmp_path / "missing.safetensors")])
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.start()
    assert told.args[0].how == "failed"
    assert "missing.safetensors" in str(told.args[0].error)


def test_a_killed_process_is_news_not_the_end(qtbot: QtBot, endless: list[str]) -> None:
    job = Job(endless)
    job.start()
    qtbot.waitUntil(lambda: bool(job.tail), timeout=WAIT_MS)  # its bar is there
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        for process in psutil.Process().children():
            process.kill()
    assert told.args[0].how == "failed"
    assert "killed" in str(told.args[0].error)
    assert "\r" not in job.tail


def test_closing_ends_the_process_silently(qtbot: QtBot, tmp_path) -> None:
    job = Job(simulate(tmp_path, 1_000_000))
    job.start()
    qtbot.waitUntil(lambda: job.is_running, timeout=WAIT_MS)
    with qtbot.assertNotEmitted(job.ended):
        job.close()
    assert not job.is_running
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def runner(qtbot: QtBot, endless: list[str]):
    """Of a command that has begun and takes long."""
    runner = JobRunner()
    with qtbot.waitSignal(runner.event_read, timeout=WAIT_MS):
        runner.start(endless)
    yield runner
    runner.close_down()


def test_a_runner_stops_its_job_and_says_so(qtbot: QtBot, runner: JobRunner) -> None:
    with qtbot.waitSignal(runner.ended, timeout=WAIT_MS) as told:
        runner.stop()
        assert runner.is_stopping
    assert told.args[0].how == "stopped"
    assert runner.is_settled
    assert not runner.is_stopping


def test_a_replaced_job_ends_unheard(qtbot: QtBot, runner: JobRunner) -> None:
    failures: list[Event] = []
    runner.event_read.connect(lambda event: failures.append(event) if isinstance(event, Failed) else None)
    first = runner.job
    with qtbot.waitSignal(runner.ended, timeout=WAIT_MS) as told:
        runner.start(["failing"])
        assert runner.job is not first
    assert told.args[0].how == "failed"
    assert len(failures) == 1
    qtbot.waitUntil(lambda: runner.is_settled, timeout=WAIT_MS)


def test_closing_down_ends_dropped_jobs_as_well(qtbot: QtBot, runner: JobRunner) -> None:
    first = runner.job
    assert first is not None
    runner.drop()
    assert not runner.is_running
    with qtbot.assertNotEmitted(runner.ended):
        runner.close_down()
    assert not first.is_running
    assert runner.is_settled


def test_a_job_has_half_the_cores_and_threads_that_sleep(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    code = "import os, sys; print(os.environ['OMP_NUM_THREADS'], os.environ['OMP_WAIT_POLICY'], file=sys.stderr)"
    monkeypatch.setattr(job_module, "lsps_command", lambda _: [sys.executable, "-c", code])
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    for threads, seen in ((None, "4 PASSIVE"), (7, "7 PASSIVE")):
        job = Job([], threads=threads)
        with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
            job.start()
        assert told.args[0].tail.strip() == seen
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # of the user
    job = Job([])
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.start()
    assert told.args[0].tail.strip() == "3 PASSIVE"
