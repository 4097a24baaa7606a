from __future__ import annotations

import threading

import pytest
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot

from explorer_app.workers.task import Task


def test_progress_and_the_answer_arrive_in_this_thread(qtbot: QtBot) -> None:
    seen: list[tuple[int, int, str]] = []

    def work(progress):
        for done in range(3):
            progress(done + 1, 3)
        return threading.current_thread().name

    task = Task("test", work)
    task.progressed.connect(lambda done, total: seen.append((done, total, threading.current_thread().name)))
    with qtbot.waitSignal(task.finished, timeout=WAIT_MS) as answer:
        pass
    assert answer.args == ["lsps-test"]
    assert seen == [(done, 3, threading.main_thread().name) for done in (1, 2, 3)]
    assert not task.is_running


def test_a_failure_is_one_line(qtbot: QtBot) -> None:
    def work(_progress):
        raise ValueError("first line\nsecond line")

    task = Task("test", work)
    with qtbot.waitSignals([task.failed, task.ended], timeout=WAIT_MS):
        pass
    assert not task.is_running


@pytest.mark.parametrize("is_closed", [False, True])
def test_it_can_be_stopped(qtbot: QtBot, is_closed: bool) -> None:
    cleaned = []
    begun = threading.Event()

    def work(progress):
        try:
            while True:
                begun.set()
                progress(0, 1)
        finally:
            cleaned.append(True)

    task = Task("test", work)
    assert begun.wait(WAIT_MS / 1000)
    if is_closed:
        with qtbot.assertNotEmitted(task.ended, wait=20):
            assert task.close()
    else:
        with qtbot.waitSignal(task.cancelled, timeout=WAIT_MS):
            task.cancel()
    assert cleaned == [True]
