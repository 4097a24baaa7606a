"""Parts of a widget that are painted one by one."""

from __future__ import annotations

from itertools import pairwise

from app_helpers import WAIT_MS
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from explorer_app.widgets.small import paint_in_turns


class Part(QWidget):
    """Notes in `order` that it was painted."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order = order

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._order.append("part")


def shown_parts(qtbot: QtBot) -> tuple[QWidget, list[Part], list[str]]:
    """Three parts side by side, painted before; and what is painted from now on."""
    order: list[str] = []
    owner, parts = QWidget(), [Part(order) for _ in range(3)]
    qtbot.addWidget(owner)
    layout = QHBoxLayout(owner)
    for part in parts:
        layout.addWidget(part)
    owner.resize(300, 100)
    owner.show()
    qtbot.waitExposed(owner)
    qtbot.waitUntil(lambda: len(order) >= 3, timeout=WAIT_MS)
    qtbot.wait(20)
    order.clear()
    return owner, parts, order


def test_other_work_has_its_turn_between_two_parts(qtbot: QtBot):
    owner, parts, order = shown_parts(qtbot)
    beat = QTimer(owner, interval=0)
    beat.timeout.connect(lambda: order.append("turn"))
    beat.start()
    owner.resize(310, 110)
    paint_in_turns(owner, parts)
    qtbot.waitUntil(lambda: order.count("part") >= 3, timeout=WAIT_MS)
    beat.stop()
    assert not any(first == second == "part" for first, second in pairwise(order))


def test_a_part_that_was_deleted_meanwhile_leaves_the_others_painted(qtbot: QtBot):
    owner, parts, order = shown_parts(qtbot)
    paint_in_turns(owner, parts)
    parts.pop(0).setParent(None)
    parts.pop(0).deleteLater()
    qtbot.waitUntil(lambda: parts[0].updatesEnabled() and "part" in order, timeout=WAIT_MS)
