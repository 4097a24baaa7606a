"""Commands by name and by key: the palette, and keys that act only where one sees what they change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar, QWidget
from pytestqt.qtbot import QtBot

from explorer_app.model.latent import LatentCode
from explorer_app.shell.help.command_palette import CommandPalette, found
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.menus import add_action, entries, filled_on_show

Open = Callable[..., None]
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def bar(qtbot: QtBot) -> QMenuBar:
    bar = QMenuBar()
    qtbot.addWidget(bar)
    return bar


def palette_of(window: MainWindow, qtbot: QtBot) -> CommandPalette:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    return next(palette for palette in window.findChildren(CommandPalette) if palette.isVisible())


def names(palette: CommandPalette) -> list[str]:
    return [palette.list.topLevelItem(row).text(0) for row in range(palette.list.topLevelItemCount())]


def test_words_are_found_in_any_order_and_starts_come_first(bar: QMenuBar) -> None:
    menu = bar.addMenu("&View")
    for title in ("Reset la&yout", "&Layout of docks …", "Dark && light"):
        add_action(menu, title, int)
    everything = entries(bar)
    assert [entry.path for entry in everything] == [
        "View ▸ Reset layout",
        "View ▸ Layout of docks",
        "View ▸ Dark & light",
    ]
    assert [entry.name for entry in found("layout", everything)] == ["Layout of docks", "Reset layout"]
    assert [entry.name for entry in found("out  RES", everything)] == ["Reset layout"]
    assert found("nothing", everything) == []


def test_entries_of_a_menu_that_is_filled_on_opening_are_found_and_run(qtbot: QtBot, bar: QMenuBar) -> None:
    seen: list[int] = []

    def fill(menu: QMenu) -> None:
        add_action(menu, "one.h5", lambda: seen.append(1))

    filled_on_show(bar.addMenu("&File"), "Open &recent", fill)
    assert entries(bar) == []
    host = QWidget()
    qtbot.addWidget(host)
    palette = CommandPalette(bar, host)
    palette.show()
    assert names(palette) == ["File ▸ Open recent ▸ one.h5"]
    bar.actions()[0].menu().actions()[0].menu().aboutToShow.emit()  # which deletes the action that was found
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert seen == [1]
    assert not palette.isVisible()


def test_the_palette_runs_what_is_typed(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path
) -> None:
    palette = palette_of(window, qtbot)
    assert "Edit ▸ Undo" in names(palette)
    qtbot.keyClicks(palette.text, "undo")
    assert palette.list.currentItem() is None  # nothing to undo yet: grey
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert palette.isVisible()
    qtbot.keyClick(palette.text, Qt.Key.Key_Escape)
    open_and_wait(model_path)
    window.session.set_latent(LatentCode().with_value(0, 1.0), "moved")
    palette = palette_of(window, qtbot)
    qtbot.keyClicks(palette.text, "undo")
    assert names(palette)[0] == "Edit ▸ Undo"
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert window.session.latent == LatentCode()
    palette = palette_of(window, qtbot)
    qtbot.keyClicks(palette.text, "view train")
    qtbot.keyClick(palette.text, Qt.Key.Key_Down)
    qtbot.keyClick(palette.text, Qt.Key.Key_Up)
    place = palette.list.visualItemRect(palette.list.topLevelItem(0)).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, NO_MODIFIER, place)
    assert window.workspaces.current == "Train"


def test_both_usual_keys_redo(qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path) -> None:
    open_and_wait(model_path)
    moved = LatentCode().with_value(0, 1.0)
    for keys in ("Ctrl+Y", "Ctrl+Shift+Z"):
        window.session.set_latent(moved, "moved")
        window.session.undo_stack.undo()
        assert window.session.latent == LatentCode()
        qtbot.keySequence(window, keys)
        assert window.session.latent == moved
        window.session.undo_stack.undo()


def test_keys_act_only_where_one_sees_what_they_change(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path
) -> None:
    open_and_wait(model_path)
    window.workspaces.go("Train")
    qtbot.keyClick(window, Qt.Key.Key_R)
    assert window.session.latent == LatentCode()
    assert window.statusBar().currentMessage() == "R: Sample prior acts in Explore and Inspect"
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.workspaces.current == "Inspect"
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.session.latent != LatentCode(), timeout=WAIT_MS)
    window.workspaces.go("Explore")
    window.failures_panel.selection_actions.tag.setEnabled(True)  # as with a selection
    qtbot.keyClick(window, Qt.Key.Key_T)
    assert window.statusBar().currentMessage() == "T: Tag acts in Inspect"
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def test_f11_switches_full_screen(qtbot: QtBot, window: MainWindow) -> None:
    before = window.isFullScreen()
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen() != before
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen() == before


def wheel_over(widget: QWidget) -> None:
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        NO_MODIFIER,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_the_wheel_changes_a_field_only_while_it_has_the_focus(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path
) -> None:
    open_and_wait(model_path)
    window.activateWindow()
    seed, order = window.latent.seed, window.latent.header.order
    window.latent.sliders[0].setFocus()
    for field in (seed, order, window.latent.rows[0].field):
        wheel_over(field)
        assert not field.hasFocus()
    assert (seed.value(), order.currentIndex(), window.session.latent) == (0, 0, LatentCode())
    seed.setFocus()
    qtbot.waitUntil(seed.hasFocus, timeout=WAIT_MS)
    wheel_over(seed)
    assert seed.value() == 1


def test_arrow_keys_step_frames_after_a_click_and_belong_to_the_view_after_tab(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    view = window.skeleton.view
    for widget in (view, window.walk.history):
        before = window.session.index
        widget.setFocus(Qt.FocusReason.MouseFocusReason)
        qtbot.keyClick(widget, Qt.Key.Key_Right)
        assert window.session.index == before + 1
    orbit = window.skeleton.control.orbit
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert window.session.index == before + 1
    assert window.skeleton.control.orbit != orbit
