from __future__ import annotations

from app_helpers import WAIT_MS
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from explorer_app.workers.job import Job


def test_json_lines_are_events_and_the_end_is_told(qtbot: QtBot, model_path) -> None:
    job = Job(["info", str(model_path), "--json"])
    events: list[dict] = []
    job.event_read.connect(events.append)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.start()
    assert told.args == [0, ""]
    assert len(events) == 1
    assert events[0]["skeleton"]
    assert not job.is_running


def test_a_refusal_is_its_last_line(qtbot: QtBot, tmp_path) -> None:
    job = Job(["info", str(tmp_path / "missing.safetensors")])
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.start()
    status, why = told.args
    assert status == 2
    assert "missing.safetensors" in why
    assert why == job.last_line


def test_a_killed_process_is_news_not_the_end(qtbot: QtBot, tmp_path) -> None:
    job = Job(["simulate", str(tmp_path / "large.h5"), "--domain", "synthetic", "--frames", "1000000"])
    job.start()
    qtbot.waitUntil(lambda: bool(job.tail), timeout=WAIT_MS)  # its bar is there
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.findChild(QProcess).kill()
    assert told.args[0] == -1
    assert "killed" in told.args[1]
    assert "\r" not in job.tail


def test_closing_ends_the_process_silently(qtbot: QtBot, tmp_path) -> None:
    job = Job(["simulate", str(tmp_path / "large.h5"), "--domain", "synthetic", "--frames", "1000000"])
    job.start()
    qtbot.waitUntil(lambda: job.is_running, timeout=WAIT_MS)
    with qtbot.assertNotEmitted(job.ended):
        job.close()
    assert not job.is_running
    assert list(tmp_path.iterdir()) == []
