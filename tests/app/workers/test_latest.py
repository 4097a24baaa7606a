from __future__ import annotations

import os
import sys
import threading

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from explorer_app.error_words import line_of
from explorer_app.workers.latest import LatestWins


class Receiver(QObject):
    """Keeps what it is given, and in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[object, object]] = []
        self.failures: list[tuple[object, str]] = []
        self.threads: set[QThread] = set()

    @Slot(object, object)
    def take(self, stamp: object, answer: object) -> None:
        self.answers.append((stamp, answer))
        self.threads.add(QThread.currentThread())

    @Slot(object, str)
    def fail(self, stamp: object, line: str) -> None:
        self.failures.append((stamp, line))


def _worker() -> tuple[LatestWins, Receiver]:
    worker, receiver = LatestWins("test"), Receiver()
    worker.answered.connect(receiver.take)
    worker.failed.connect(receiver.fail)
    return worker, receiver


def test_of_many_quick_requests_few_are_computed_and_the_last_is_answered(qtbot: QtBot) -> None:
    worker, receiver = _worker()
    gate = threading.Event()
    for number in range(200):
        worker.ask(number, lambda number=number: gate.wait() and number * number)
    assert worker.is_busy
    gate.set()
    qtbot.waitUntil(lambda: not worker.is_busy, timeout=WAIT_MS)
    assert receiver.answers[-1] == (199, 199 * 199)
    assert worker.computed_count <= 2
    worker.close()


def test_the_thread_is_started_by_the_first_request(qtbot: QtBot) -> None:
    worker, receiver = _worker()
    count = threading.active_count()
    with qtbot.waitSignal(worker.settled, timeout=WAIT_MS):
        worker.ask(1, threading.active_count)
    assert receiver.answers == [(1, count + 1)]
    assert worker.close()


def test_a_worker_that_was_never_asked_closes_at_once() -> None:
    worker, receiver = _worker()
    assert worker.close()
    worker.ask(1, lambda: "too late")
    assert not worker.is_busy
    assert receiver.answers == []


def test_answers_arrive_in_the_owners_thread(qtbot: QtBot) -> None:
    worker, receiver = _worker()
    worker.ask("where", threading.get_ident)
    qtbot.waitUntil(lambda: bool(receiver.answers), timeout=WAIT_MS)
    assert receiver.threads == {QThread.currentThread()}
    assert receiver.answers[0][1] != threading.get_ident()
    worker.close()


def test_an_exception_is_one_line_and_the_thread_lives_on(qtbot: QtBot) -> None:
    worker, receiver = _worker()

    def fail() -> None:
        raise ValueError("first line\nsecond line")

    with qtbot.waitSignal(worker.settled, timeout=WAIT_MS):
        worker.ask(1, fail)
    with qtbot.waitSignal(worker.settled, timeout=WAIT_MS):
        worker.ask(2, lambda: "fine")
    assert receiver.failures == [(1, "first line")]
    assert receiver.answers == [(2, "fine")]
    worker.close()


def test_nothing_is_given_out_after_closing(qtbot: QtBot) -> None:
    worker, receiver = _worker()
    began, gate = threading.Event(), threading.Event()
    worker.ask(1, lambda: began.set() or gate.wait())
    assert began.wait(WAIT_MS / 1000)
    threading.Timer(0.05, gate.set).start()
    assert worker.close()
    worker.ask(2, lambda: "too late")
    qtbot.wait(50)
    assert receiver.answers == []
    assert not worker.is_busy


def test_a_thread_that_does_not_end_is_told_of(qtbot: QtBot) -> None:  # noqa: ARG001
    worker, _ = _worker()
    began, gate = threading.Event(), threading.Event()
    worker.ask(1, lambda: began.set() or gate.wait())
    assert began.wait(WAIT_MS / 1000)
    assert not worker.close(timeout_s=0.01)
    gate.set()
    assert worker.close()


def test_unforeseen_errors_say_their_kind() -> None:
    assert line_of(ValueError("what\nmore")) == "what"
    assert line_of(RuntimeError("what")) == "RuntimeError: what"
    assert line_of(LookupError()) == "LookupError: no reason given"
    assert line_of(MemoryError()).startswith("out of memory; close other programs")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is the whole process's")
def test_the_worker_gives_way_to_the_window(qtbot):
    worker = LatestWins("nice")
    with qtbot.waitSignal(worker.answered, timeout=WAIT_MS) as answered:
        worker.ask(None, lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert answered.args[1] >= max(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), 5)
    assert worker.close()
