"""One type scale and one grid in the whole window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLayout,
    QMessageBox,
    QSplitter,
    QStatusBar,
    QTabBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer_app.resources import resource
from explorer_app.shell import appearance
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets import theme
from explorer_app.widgets.icons import IconColours, give_icon
from explorer_app.widgets.tab_style import underline_tabs

_OF_QT = ("QMainWindowLayout", "QDockWidgetLayout", "QStackedLayout")
_LAID_OUT_BY_QT = (QDialogButtonBox, QStatusBar, QMessageBox)


def _layouts(root: QWidget) -> Iterator[tuple[str, list[int]]]:
    """The layouts of the program, by name, with their gaps and margins."""
    for layout in root.findChildren(QLayout):
        owner = layout.parentWidget()
        is_ours = owner is not None and type(owner).__module__.partition(".")[0] in ("explorer_app", "PySide6")
        if is_ours and layout.metaObject().className() not in _OF_QT and not isinstance(owner, _LAID_OUT_BY_QT):
            margins = layout.contentsMargins()
            around = [margins.left(), margins.top(), margins.right(), margins.bottom()]
            yield f"{type(layout).__name__} of {type(owner).__name__}", _gaps(layout) + around


def _gaps(layout: QLayout) -> list[int]:
    if isinstance(layout, QGridLayout | QFormLayout):
        return [layout.horizontalSpacing(), layout.verticalSpacing()]
    return [layout.spacing()]


@pytest.fixture
def all_views(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> MainWindow:
    open_and_wait(model_path, store_path)
    for workspace in ("Explore", "Inspect", "Train"):
        window.workspaces.go(workspace)
        qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    return window


def test_gaps_and_margins_are_on_one_grid(all_views: MainWindow) -> None:
    dialogs = all_views.training_dialogs
    dialogs.new_run()
    dialogs.simulate()
    dialogs.import_data()
    found = list(_layouts(all_views))
    assert len(found) > 60
    off = {(name, *sizes) for name, sizes in found if any(size % theme.UNIT for size in sizes)}
    assert off == set()
    handles = {splitter.handleWidth() for splitter in all_views.findChildren(QSplitter)}
    assert not [width for width in handles if width % theme.UNIT]
    for dialog in dialogs.jobs:
        dialog.close()
    dialogs.train.close()


def test_text_has_three_sizes(all_views: MainWindow) -> None:
    body = QApplication.font()
    scale = {round(font.pointSizeF(), 2) for font in (theme.title(body), body, theme.caption(body))}
    assert len(scale) == 3
    fixed = {widget for widget in all_views.findChildren(QWidget) if QFont(widget.font()).fixedPitch()}
    sizes = {round(widget.font().pointSizeF(), 2) for widget in set(all_views.findChildren(QWidget)) - fixed}
    assert sizes <= scale


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_raised_tab_is_underlined_and_others_are_not(qtbot: QtBot, qapp: QApplication, scheme: str) -> None:
    bar = QTabBar()
    qtbot.addWidget(bar)
    underline_tabs(bar)
    palette = appearance.palette_of(is_dark=scheme == "dark")
    bar.setPalette(palette)
    for title in ("One", "Two"):
        bar.addTab(title)
    bar.show()
    shown, link = bar.grab().toImage(), palette.color(QPalette.ColorRole.Link)
    places = [bar.tabRect(index).center().x() for index in range(2)]
    lines = [shown.pixelColor(x, bar.tabRect(0).bottom()) == link for x in places]
    assert lines == [True, False]
    assert len(qapp.findChildren(type(bar.style()))) == 1


def _darkness(button: QToolButton) -> int:
    image = button.icon().pixmap(16, 16).toImage()
    inked = [image.pixelColor(x, y) for x in range(16) for y in range(16) if image.pixelColor(x, y).alpha() > 200]
    return max(colour.lightness() for colour in inked)


def test_icons_follow_the_colours_of_the_window(qtbot: QtBot, qapp: QApplication) -> None:
    window, button = QWidget(), QToolButton()
    button.setParent(window)
    qtbot.addWidget(window)
    before = qapp.palette()
    qapp.setPalette(appearance.palette_of(is_dark=False))
    try:
        IconColours(window)
        give_icon(button, "play")
        assert _darkness(button) < 100
        qapp.setPalette(appearance.palette_of(is_dark=True))
        qtbot.waitUntil(lambda: _darkness(button) > 200, timeout=WAIT_MS)
    finally:
        qapp.setPalette(before)


@pytest.mark.parametrize("path", sorted(resource("icons").glob("*.svg")), ids=lambda path: path.stem)
def test_every_icon_is_drawn(qtbot: QtBot, path: Path) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    give_icon(button, path.stem)
    assert not button.icon().isNull()
    image = button.icon().pixmap(16, 16).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(16) for y in range(16))
