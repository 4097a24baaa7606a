"""Three workspaces in one window: each has its docks, and remembers how they were left."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QEvent, QObject, QSettings, Qt, QTimer
from pytestqt.qtbot import QtBot

from explorer_app.preferences import Preferences
from explorer_app.shell.appearance import set_theme
from explorer_app.shell.main_window import MainWindow


def is_open(window: MainWindow, title: str) -> bool:
    return not window.docks[title].isHidden()


def test_each_workspace_has_its_own_docks(window: MainWindow):
    assert window.workspaces.current == "Explore"
    assert is_open(window, "Gallery")
    assert not is_open(window, "Failures")
    window.workspaces.go("Inspect")
    assert not is_open(window, "Gallery")
    assert is_open(window, "Failures")
    assert not is_open(window, "Pose latent")  # folded away; the View menu has it
    window.workspaces.go("Train")
    assert not any(is_open(window, title) for title in window.docks)
    window.workspaces.go("Explore")
    assert is_open(window, "Gallery")
    assert is_open(window, "Pose latent")


def test_a_switch_of_a_hidden_window_in_full_screen_shows_with_it(qtbot: QtBot, window: MainWindow):
    window.docks["Walk"].hide()
    window.showFullScreen()
    window.hide()
    window.workspaces.go("Inspect")
    window.docks["Plots"].setVisible(False)
    window.workspaces.go("Train")
    window.workspaces.go("Inspect")
    window.show()
    qtbot.waitExposed(window)
    assert is_open(window, "Failures")
    assert is_open(window, "Plots"), "the layout of a workspace that was never seen is the default"
    assert not is_open(window, "Gallery")
    window.workspaces.go("Explore")
    assert not is_open(window, "Walk")


class Order(QObject):
    """Notes when the watched widget is painted, and when a timer has its turn that runs out during the change."""

    def __init__(self, watched: QObject) -> None:
        super().__init__()
        self.seen: list[str] = []
        watched.installEventFilter(self)

    def turn(self) -> None:
        self.seen.append("turn")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.seen.append("paint")
        return False


@pytest.mark.parametrize("what", ["workspace", "layout", "theme", "state"])
def test_input_is_handled_before_a_changed_window_is_painted(qtbot: QtBot, window: MainWindow, what: str):
    window.show()
    qtbot.waitExposed(window)
    qtbot.wait(50)
    order = Order(window.menuBar())  # of the window itself nothing may be seen
    QTimer.singleShot(3, order, order.turn)
    if what == "workspace":
        window.workspaces.go("Inspect")
    elif what == "layout":
        window.reset_layout()
    elif what == "state":
        window.showMaximized()
    else:
        set_theme("dark")
    try:
        qtbot.waitUntil(lambda: {"turn", "paint"} <= set(order.seen), timeout=WAIT_MS)
    finally:
        set_theme("system")
    assert order.seen[0] == "turn"
    qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)


def test_keys_and_tabs_switch_and_show_each_other(qtbot: QtBot, window: MainWindow):
    workspaces = window.workspaces
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert workspaces.current == "Inspect"
    assert workspaces.tabs.tabText(workspaces.tabs.currentIndex()) == "Inspect"
    assert workspaces.actions["Inspect"].isChecked()
    qtbot.mouseClick(workspaces.tabs, Qt.MouseButton.LeftButton, pos=workspaces.tabs.tabRect(0).center())
    assert workspaces.current == "Explore"
    assert workspaces.actions["Explore"].isChecked()


def test_a_workspace_is_found_as_it_was_left(window: MainWindow):
    window.docks["Walk"].hide()
    window.workspaces.go("Inspect")
    window.docks["Frame"].hide()
    window.workspaces.go("Explore")
    assert not is_open(window, "Walk")
    assert is_open(window, "Frame")
    window.workspaces.go("Inspect")
    assert not is_open(window, "Frame")
    window.reset_layout()
    assert is_open(window, "Frame")
    window.workspaces.go("Explore")
    assert is_open(window, "Walk")


@pytest.mark.parametrize("leaves_from", ["Explore", "Inspect"])
def test_workspaces_are_found_as_they_were_left_by_the_next_start(qtbot: QtBot, tmp_path: Path, leaves_from: str):
    def start() -> MainWindow:
        window = MainWindow("cpu", Preferences(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)))
        qtbot.addWidget(window)
        window.show()
        return window

    first = start()
    first.docks["Walk"].hide()
    first.workspaces.go("Inspect")
    first.docks["Frame"].hide()
    first.workspaces.go(leaves_from)
    first.close()
    second = start()
    assert not is_open(second, "Walk")
    assert not is_open(second, "Failures")
    second.workspaces.go("Inspect")
    assert not is_open(second, "Frame")
    assert is_open(second, "Failures")
    second.close()


def test_a_floating_panel_says_what_it_wrote_and_lets_the_window_close(qtbot: QtBot, window: MainWindow):
    window.workspaces.go("Inspect")
    for dock in window.docks.values():
        dock.setFloating(True)
    window.session.done.emit("5 frames written")
    assert window.statusBar().currentMessage() == "5 frames written"
    with qtbot.captureExceptions() as exceptions:
        window.close()
    assert not exceptions
    assert window.has_ended


def test_switching_does_not_make_the_window_larger(qtbot: QtBot, window: MainWindow) -> None:
    window.train.setMinimumSize(983, 440)  # as with a run: beside the docks of Explore more than there is
    window.resize(1280, 680)
    for name in ("Inspect", "Train", "Explore", "Train", "Inspect", "Train", "Explore"):
        window.workspaces.go(name)
        qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)
        assert (name, window.size().toTuple()) == (name, (1280, 680))


def test_the_panels_at_the_bottom_keep_their_share_of_a_larger_window(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)
    frame, middle = window.docks["Frame"], window.centralWidget()
    height, share = frame.height(), frame.height() / middle.height()
    window.resize(1280, 2 * window.height())
    qtbot.waitUntil(lambda: frame.height() > 1.8 * height, timeout=WAIT_MS)
    assert frame.height() / middle.height() == pytest.approx(share, rel=0.05)
