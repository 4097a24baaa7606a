from __future__ import annotations

from app_helpers import WAIT_MS
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QTabBar, QToolButton
from pytestqt.qtbot import QtBot

from explorer_app.shell.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


def test_dock_tabs_can_be_clicked_but_not_dragged(qtbot: QtBot, window: MainWindow) -> None:
    bar = next(bar for bar in window.findChildren(QTabBar) if "Gallery" in [bar.tabText(i) for i in range(bar.count())])
    titles = [bar.tabText(index) for index in range(bar.count())]
    for start in range(bar.count()):  # without the filter this ends the process
        qtbot.mousePress(bar, LEFT, pos=bar.tabRect(start).center())
        for x, y in ((300, 5), (10, 5), (60, 200), (-50, -100)):
            qtbot.mouseMove(bar, QPoint(x, y))
        qtbot.mouseRelease(bar, LEFT, pos=QPoint(-50, -100))
    assert [bar.tabText(index) for index in range(bar.count())] == titles
    assert not any(dock.isFloating() for dock in window.docks.values())
    gallery = titles.index("Gallery")
    qtbot.mouseClick(bar, LEFT, pos=bar.tabRect(gallery).center())
    assert bar.currentIndex() == gallery


def _bar_of(window: MainWindow, title: str) -> tuple[QTabBar, int]:
    for bar in window.findChildren(QTabBar):
        titles = [bar.tabText(index) for index in range(bar.count())]
        if title in titles:
            return bar, titles.index(title)
    raise AssertionError(f"no tab {title}")


def test_a_title_is_shown_once(qtbot: QtBot, window: MainWindow) -> None:
    def height(title: str) -> int:
        return window.docks[title].titleBarWidget().height()

    qtbot.waitUntil(lambda: height("Frame") == 0, timeout=WAIT_MS)
    assert height("Pose latent") > 10
    others = [window.docks[title] for title in ("Inspector", "Gallery", "Walk", "Time")]
    for dock in others:
        dock.close()
    qtbot.waitUntil(lambda: height("Frame") > 10, timeout=WAIT_MS)  # now no tab names it
    others[0].show()
    qtbot.waitUntil(lambda: height("Frame") == 0, timeout=WAIT_MS)


def test_a_tab_takes_its_panel_out_of_the_window_and_closes_it(qtbot: QtBot, window: MainWindow) -> None:
    walk, gallery = window.docks["Walk"], window.docks["Gallery"]
    bar, place = _bar_of(window, "Walk")
    qtbot.mouseDClick(bar, LEFT, pos=bar.tabRect(place).center())
    qtbot.waitUntil(walk.isFloating, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: walk.titleBarWidget().height() > 10, timeout=WAIT_MS)
    buttons = walk.titleBarWidget().findChildren(QToolButton)
    buttons[0].click()
    assert not walk.isFloating()
    bar, place = _bar_of(window, "Gallery")
    qtbot.mousePress(bar, Qt.MouseButton.RightButton, pos=bar.tabRect(place).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.actions()[1].trigger()
    menu.close()
    assert gallery.isHidden()
