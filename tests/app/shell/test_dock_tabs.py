from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QTabBar
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
