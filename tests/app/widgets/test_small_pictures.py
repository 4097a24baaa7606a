"""Small pictures: made a few at a time in a thread, kept up to a limit, and not asked for again where they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from app_helpers import WAIT_MS
from PySide6.QtGui import QColor, QImage, QPalette
from pytestqt.qtbot import QtBot

from explorer_app.widgets.pictures.depth_image import DepthLook
from explorer_app.widgets.pictures.small_pictures import SmallPictures
from explorer_app.workers.latest import LatestWins

pytestmark = pytest.mark.usefixtures("qapp")
PALETTE = QPalette(QColor(240, 240, 240))
UNREADABLE = 13


class Squares(SmallPictures[int, QImage]):
    """Those of a number; 13 cannot be made."""

    def __init__(self, worker: LatestWins) -> None:
        def add_worker(_name: str, made: Callable[[Any, Any], None], failed: Callable[[Any, str], None]) -> LatestWins:
            worker.answered.connect(made)
            worker.failed.connect(failed)
            return worker

        super().__init__(add_worker, "squares", batch=2, limit=4, parent=None)
        self.batches: list[list[int]] = []
        self.offset = 1

    def work(self, keys: list[int]) -> Callable[[], list[QImage]]:
        offset = self.offset

        def make() -> list[QImage]:
            self.batches.append(keys)
            if UNREADABLE in keys:
                raise ValueError("13 cannot be read")
            return [QImage(key + offset, 4, QImage.Format.Format_RGB32) for key in keys]

        return make

    def draw(self, value: QImage, _look: DepthLook) -> QImage:
        return value


@pytest.fixture
def squares() -> Iterator[Squares]:
    worker = LatestWins("squares")
    yield Squares(worker)
    worker.close()


def width(squares: Squares, key: int) -> int | None:
    pixmap = squares.pixmap(key, PALETTE)
    return pixmap.width() if pixmap is not None else None


def test_they_are_made_in_batches_in_the_order_in_which_they_are_wanted(qtbot: QtBot, squares: Squares) -> None:
    squares.want([5, 3, 1])
    assert width(squares, 5) is None
    qtbot.waitUntil(lambda: width(squares, 1) == 2, timeout=WAIT_MS)
    assert squares.batches == [[5, 3], [1]]
    squares.want([3, 5])
    assert squares.batches == [[5, 3], [1]]


def test_two_askers_have_both_theirs(qtbot: QtBot, squares: Squares) -> None:
    squares.want([1], "one")
    squares.want([2], "other")
    qtbot.waitUntil(lambda: (width(squares, 1), width(squares, 2)) == (2, 3), timeout=WAIT_MS)


def test_those_nobody_wants_are_dropped_beyond_the_limit(qtbot: QtBot, squares: Squares) -> None:
    for keys in ([1, 2], [3, 4], [5, 6]):
        squares.want(keys)
        qtbot.waitUntil(lambda keys=keys: all(width(squares, key) for key in keys), timeout=WAIT_MS)
    squares.want([6])
    assert [width(squares, key) for key in (1, 2, 3, 4, 5)] == [None] * 5
    assert width(squares, 6) == 7


def test_one_that_fails_is_said_once_and_the_others_follow(qtbot: QtBot, squares: Squares) -> None:
    lines: list[str] = []
    squares.failed.connect(lines.append)
    squares.want([UNREADABLE, 2, 3])
    qtbot.waitUntil(lambda: width(squares, 3) == 4, timeout=WAIT_MS)
    squares.want([UNREADABLE, 2, 3, 4])
    qtbot.waitUntil(lambda: width(squares, 4) == 5, timeout=WAIT_MS)
    assert lines == ["13 cannot be read"]


def test_what_was_being_made_when_they_were_forgotten_is_not_taken(qtbot: QtBot, squares: Squares) -> None:
    squares.want([1])
    squares.forget()
    assert not squares.has_wanted
    squares.offset = 20
    squares.want([1])
    qtbot.waitUntil(lambda: width(squares, 1) is not None, timeout=WAIT_MS)
    assert width(squares, 1) == 21
