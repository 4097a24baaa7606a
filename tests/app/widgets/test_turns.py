"""Steps of work in the GUI thread, one per turn of the event loop."""

from __future__ import annotations

from functools import partial

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from explorer_app.widgets.turns import Turns

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def done() -> list[int]:
    return []


def test_the_first_step_runs_now_and_the_others_in_later_turns(qtbot: QtBot, done: list[int]) -> None:
    parent = QObject()
    Turns(parent).start(partial(done.append, step) for step in range(3))
    assert done == [0]
    qtbot.waitUntil(lambda: done == [0, 1, 2], timeout=WAIT_MS)


def test_new_steps_replace_those_that_have_not_run(qtbot: QtBot, done: list[int]) -> None:
    parent = QObject()
    turns = Turns(parent)
    turns.start(partial(done.append, step) for step in (1, 2, 3))
    turns.start(partial(done.append, step) for step in (10, 11))
    qtbot.waitUntil(lambda: 11 in done, timeout=WAIT_MS)
    assert done == [1, 10, 11]


def test_finish_runs_the_rest_at_once_and_nothing_twice(qtbot: QtBot, done: list[int]) -> None:
    parent = QObject()
    turns = Turns(parent)
    turns.start(partial(done.append, step) for step in (1, 2, 3))
    turns.finish()
    assert done == [1, 2, 3]
    qtbot.wait(20)
    assert done == [1, 2, 3]
