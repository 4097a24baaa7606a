"""The strip of visited latents, as a user meets it: go back, pin, name, remove, use as keyframe."""

from __future__ import annotations

import pytest
from app_helpers import WAIT_MS, clear_session
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit

from explorer_app.model.latent import LatentCode
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.pictures.colour_choice import colour_choice

CODES = tuple(LatentCode().with_value(axis, 1.5) for axis in range(4))


@pytest.fixture
def window(qtbot, shared_window, model_path):
    """With the tiny model, and nothing visited."""
    if shared_window.session.model is None or shared_window.session.model.path != model_path:
        shared_window.open_paths([model_path])
        settle(qtbot, shared_window)
    clear_session(shared_window)
    return shared_window


@pytest.fixture
def strip(qtbot, window):
    return visited(qtbot, window)


def visited(qtbot, window):
    """Four latents were visited."""
    window.docks["Walk"].raise_()
    for number, code in enumerate(CODES):
        window.session.set_latent(code, f"place {number}")
    settle(qtbot, window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)  # before that its keys are nobody's
    return window.walk.history


def settle(qtbot, window) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def names(strip) -> list[str]:
    return [strip.model().index(row).data() for row in range(strip.model().rowCount())]


def click(qtbot, strip, row: int) -> None:
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=middle(strip, row))


def middle(strip, row: int) -> QPoint:
    return strip.visualRect(strip.model().index(row)).center()


def test_it_lists_visits_with_their_pictures(strip, window):
    assert names(strip) == [f"place {number}" for number in range(4)]
    for code in CODES:
        pixmap = strip.itemDelegate().thumbnails.pixmap(code, window.palette())
        assert (pixmap.width(), pixmap.height()) == (64, 64)


def test_a_click_goes_back_is_undone_and_listed_once(qtbot, strip, window):
    click(qtbot, strip, 1)
    assert window.session.latent == CODES[1]
    assert len(names(strip)) == 4
    window.session.undo_stack.undo()
    assert window.session.latent == CODES[3]


def test_keys_go_along_the_strip_and_not_through_the_frames(qtbot, model_path, store_path):
    window = MainWindow("cpu")  # of its own: in a strip that was clicked the arrow keys still step frames
    qtbot.addWidget(window)
    window.show()
    window.open_paths([model_path])
    settle(qtbot, window)
    strip = visited(qtbot, window)
    window.open_paths([store_path])
    settle(qtbot, window)
    strip.setFocus()
    strip.setCurrentIndex(strip.model().index(2))
    index = window.session.index
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert window.session.latent == CODES[1]
    assert window.session.index == index


def test_pin_rename_and_remove_by_key(qtbot, strip, window):
    strip.setFocus()
    strip.setCurrentIndex(strip.model().index(1))
    qtbot.keyClick(strip, Qt.Key.Key_P)
    assert [entry.is_pinned for entry in window.session.history] == [False, True, False, False]
    qtbot.keyClick(strip, Qt.Key.Key_F2)
    editor = strip.findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, "fist")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(strip)[1] == "fist", timeout=WAIT_MS)  # Qt takes the name over a moment later
    assert next(entry.name for entry in window.session.history if entry.is_pinned) == "fist"
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Delete)
    assert names(strip) == ["place 0", "place 2", "place 3"]


def test_k_makes_a_keyframe_which_can_be_undone(qtbot, strip, window):
    strip.setFocus()
    strip.setCurrentIndex(strip.model().index(2))
    qtbot.keyClick(strip, Qt.Key.Key_K)
    assert window.session.walk.keyframes == (CODES[2],)
    window.session.undo_stack.undo()
    assert window.session.walk.keyframes == ()


def test_what_somebody_else_changes_is_shown(strip, window):
    entry = next(iter(window.session.history))
    window.session.history.rename(entry.number, "renamed elsewhere")
    window.session.history_changed.emit()
    assert names(strip)[0] == "renamed elsewhere"


def test_another_model_has_other_pictures(qtbot, strip, window, other_model_path):
    thumbnails = strip.itemDelegate().thumbnails
    before = thumbnails.pixmap(CODES[0], window.palette()).toImage()
    window.open_paths([other_model_path])
    settle(qtbot, window)
    after = thumbnails.pixmap(CODES[0], window.palette()).toImage()
    assert before != after


def test_pictures_take_the_chosen_colours(strip, window):
    thumbnails = strip.itemDelegate().thumbnails
    before = thumbnails.pixmap(CODES[0], window.palette()).toImage()
    try:
        colour_choice.choose("magma")
        assert thumbnails.pixmap(CODES[0], window.palette()).toImage() != before
    finally:
        colour_choice.choose("viridis")
    assert thumbnails.pixmap(CODES[0], window.palette()).toImage() == before


def test_the_newest_is_scrolled_into_view(qtbot, strip, window):
    for step in range(40):
        window.session.set_latent(LatentCode().with_value(5, step / 20), f"step {step}")
    settle(qtbot, window)
    last = strip.model().rowCount() - 1
    assert strip.viewport().rect().contains(middle(strip, last))


def test_the_frame_is_around_what_is_shown_and_nowhere_else(qtbot, strip, window):
    def framed() -> list[int]:
        image = strip.viewport().grab().toImage()
        accent = strip.palette().highlight().color()
        corners = [strip.visualRect(strip.model().index(row)) for row in range(strip.model().rowCount())]
        return [
            row for row, area in enumerate(corners) if image.pixelColor(area.center().x(), area.top() + 4) == accent
        ]

    assert framed() == [3]
    click(qtbot, strip, 1)
    assert framed() == [1]
    window.session.preview_latent(LatentCode().with_value(7, 2.0))
    assert framed() == []


@pytest.mark.parametrize("action", ["pin_action", "remove_action", "use_action", "rename_action"])
def test_actions_on_a_visit_that_is_gone_do_nothing_to_others(qtbot, strip, window, action):
    click(qtbot, strip, 2)
    window.docks["Frame"].raise_()  # behind another tab the strip does not follow
    settle(qtbot, window)
    history = window.session.history
    for entry in list(history):
        history.remove(entry.number)
    window.session.history_changed.emit()
    getattr(strip, action).trigger()
    assert len(history) == 0
    assert window.session.walk.keyframes == ()


def test_a_name_typed_for_a_visit_that_is_gone_is_dropped(strip, window):
    first = strip.model().index(0)
    history = window.session.history
    history.remove(next(iter(history)).number)
    assert not strip.model().setData(first, "late")
    assert "late" not in [entry.name for entry in history]


def test_rename_while_renaming_goes_on_with_it(qtbot, strip, qtlog):
    click(qtbot, strip, 1)
    strip.rename_action.trigger()
    strip.rename_action.trigger()
    assert strip.findChild(QLineEdit) is not None
    assert not [record for record in qtlog.records if "editing failed" in record.message]
