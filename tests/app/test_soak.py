"""Somebody who presses everything: the window must live through it, tell the truth and not grow.

SOAK_ACTIONS=5000 for the long one.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_helpers import WAIT_MS, write_store
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QListView,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer_app.main_window import MainWindow

ACTIONS = int(os.environ.get("SOAK_ACTIONS", "250"))
GROWTH_MB = 40
"""What the second half may take beyond the first: allocators keep some, a leaked picture a move would be far more."""
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_NAMES = ("Left", "Right", "Up", "Down", "Space", "Tab", "Return", "Delete", "Home", "End", *"REDSKPV5")
KEYS = [getattr(Qt.Key, f"Key_{name}") for name in _NAMES]
_CLOSING_MS = 15


class Somebody:
    """Picks what is visible and enabled, and does with it what one does."""

    def __init__(self, qtbot: QtBot, window: MainWindow, seed: int) -> None:
        self._bot, self._window, self._random = qtbot, window, random.Random(seed)
        self.done: list[str] = []

    def act(self) -> None:
        kinds: list[tuple[int, Callable[[], None]]] = [
            (8, self._use_a_widget),
            (3, self._drag_somewhere),
            (2, self._press_a_key),
            (2, self._undo_or_redo),
            (1, self._change_the_window),
            (1, self._use_the_wheel),
        ]
        weights, acts = zip(*kinds, strict=True)
        self._random.choices(acts, weights)[0]()
        for _ in range(self._random.choice((0, 1, 1, 3))):
            QApplication.processEvents()

    def _note(self, what: str, widget: QWidget | None = None) -> None:
        self.done.append(
            f"{what} {type(widget).__name__} {widget.accessibleName() or widget.toolTip()[:30]}" if widget else what
        )

    def _pick(self, *kinds: type[QWidget]) -> QWidget | None:
        found = [w for kind in kinds for w in self._window.findChildren(kind) if w.isVisible() and w.isEnabled()]
        return self._random.choice(found) if found else None

    def _use_a_widget(self) -> None:
        widget = self._pick(QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QListView, QTabBar)
        if widget is None:
            return
        self._note("use", widget)
        if isinstance(widget, QAbstractSlider):
            widget.setValue(self._random.randint(widget.minimum(), max(widget.minimum(), widget.maximum())))
        elif isinstance(widget, QAbstractSpinBox):
            widget.stepBy(self._random.randint(-3, 3))
        elif isinstance(widget, QComboBox) and widget.count():
            widget.setCurrentIndex(self._random.randrange(widget.count()))
            widget.activated.emit(widget.currentIndex())
        elif isinstance(widget, QTabBar) and widget.count():
            widget.setCurrentIndex(self._random.randrange(widget.count()))
        else:
            target = widget.viewport() if isinstance(widget, QListView) else widget
            self._bot.mouseClick(target, LEFT, pos=self._place(target))

    def _drag_somewhere(self) -> None:
        widget = self._random.choice([self._window.skeleton.stage, self._window.pictures, self._pick(QWidget)])
        if widget is None or not widget.isVisible() or isinstance(widget, QDockWidget):
            return
        self._note("drag", widget)
        button = RIGHT if self._random.random() < 0.1 else LEFT
        self._bot.mousePress(widget, button, pos=self._place(widget))
        for _ in range(3):
            self._bot.mouseMove(widget, self._place(widget))
        self._bot.mouseRelease(widget, button, pos=self._place(widget))

    def _press_a_key(self) -> None:
        key = self._random.choice(KEYS)
        widget = QApplication.focusWidget() or self._window
        self._note(f"key {key.name}", widget)
        self._bot.keyClick(widget, key)

    def _undo_or_redo(self) -> None:
        self._note("undo or redo")
        stack = self._window.session.undo_stack
        (stack.undo if self._random.random() < 0.6 else stack.redo)()

    def _change_the_window(self) -> None:
        self._note("window")
        what = self._random.randrange(4)
        if what == 0:
            self._window.resize(self._random.randint(900, 1500), self._random.randint(700, 1000))
        elif what == 1:
            self._window.reset_layout()
        elif what == 2:
            self._random.choice(list(self._window.docks.values())).raise_()
        else:
            dock = self._random.choice(list(self._window.docks.values()))
            dock.setVisible(not dock.isVisible())

    def _use_the_wheel(self) -> None:
        widget = self._pick(QWidget)
        if widget is not None:
            self._note("hover", widget)
            self._bot.mouseMove(widget, self._place(widget))

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(self._random.randrange(max(widget.width(), 1)), self._random.randrange(max(widget.height(), 1)))


@pytest.fixture
def closing() -> Iterator[None]:
    """Menus and dialogs that open are closed, since nobody is there to answer them."""

    def close() -> None:
        for widget in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
            if widget is not None:
                widget.close()

    timer = QTimer()
    timer.timeout.connect(close)
    timer.start(_CLOSING_MS)
    yield
    timer.stop()


def _resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.timeout(300 + ACTIONS)
@pytest.mark.usefixtures("closing")
def test_random_actions_leave_a_window_that_works(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, tmp_path: Path
) -> None:
    open_and_wait(model_path, write_store(tmp_path / "frames.h5", 40))
    somebody, session = Somebody(qtbot, window, seed=1), window.session
    can_measure = sys.platform.startswith("linux")
    middle_mb = 0.0
    for number in range(ACTIONS):
        somebody.act()
        assert window.isVisible(), somebody.done[-5:]
        if number == ACTIONS // 2 and can_measure:
            middle_mb = _resident_mb()
    if session.is_editing:
        session.end_edit()
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert (session.pose == session.model.decode_pose(session.latent)).all()
    before = session.latent
    session.sample(12345)
    qtbot.waitUntil(lambda: session.pictures is not None and session.pictures.latent == session.latent, timeout=WAIT_MS)
    assert session.latent != before
    if can_measure:
        assert _resident_mb() < middle_mb + GROWTH_MB
