"""The walk panel as a user meets it: keyframes, scrubbing, playing, and export without blocking."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from app_helpers import WAIT_MS, clear_session
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent

from explorer_app.explore.model.walk_export import ExportOptions
from explorer_app.explore.walk import export_bar
from explorer_app.explore.walk.export_bar import ExportBar, ExportDialog
from explorer_app.model.latent import LatentCode
from explorer_app.model.walk import WalkPlan
from explorer_app.session.session import Session
from explorer_app.shell.main_window import MainWindow

CODES = tuple(LatentCode().with_value(axis, 1.5) for axis in range(3))
LINEAR = WalkPlan(CODES, path="linear", ending="once", seconds=0.1)


@pytest.fixture
def window(qtbot, shared_window, model_path):
    """With the tiny model, no walk and no history."""
    if shared_window.session.model is None:
        shared_window.open_paths([model_path])
        qtbot.waitUntil(lambda: not shared_window.background.is_busy, timeout=WAIT_MS)
    clear_session(shared_window)
    return shared_window


@pytest.fixture
def panel(qtbot, window):
    window.docks["Walk"].raise_()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)  # before that its keys are nobody's
    return window.walk


@pytest.fixture
def settle(qtbot, window):
    def wait() -> None:
        qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)

    return wait


def drop_at_the_end(row_view, data) -> None:
    """As Qt delivers it when the mouse lets go behind the last keyframe."""
    place = row_view.viewport().rect().center() + QPoint(100, 0)
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    row_view.dropEvent(QDropEvent(QPointF(place), copy, data, left, Qt.KeyboardModifier.NoModifier))


def test_without_keyframes_there_is_nothing_to_play(panel):
    assert not panel.play.isEnabled()
    assert not panel.exporting.button.isEnabled()


def test_keyframes_come_from_the_button_and_the_strip(qtbot, panel, window):
    session = window.session
    session.set_latent(CODES[0], "a")
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    session.set_latent(CODES[1], "b")
    history = panel.history.model()
    drop_at_the_end(panel.keyframes, history.mimeData([history.index(1)]))
    assert session.walk.keyframes == CODES[:2]
    assert panel.keyframes.model().rowCount() == 2
    assert panel.play.isEnabled()
    qtbot.mouseClick(panel.clear, Qt.MouseButton.LeftButton)
    assert session.walk.keyframes == ()
    session.undo_stack.undo()
    assert session.walk.keyframes == CODES[:2]


def test_keyframes_are_reordered_by_drag_and_by_key_and_removed(qtbot, panel, window):
    window.session.set_walk(WalkPlan(CODES))
    row = panel.keyframes
    data = row.model().mimeData([row.model().index(2)])
    assert row.model().dropMimeData(data, Qt.DropAction.CopyAction, 0, 0, row.rootIndex())
    assert window.session.walk.keyframes == (CODES[2], CODES[0], CODES[1])
    row.setFocus()
    row.setCurrentIndex(row.model().index(0))
    qtbot.keyClick(row, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert window.session.walk.keyframes == (CODES[0], CODES[2], CODES[1])
    assert row.currentIndex().row() == 1
    qtbot.keyClick(row, Qt.Key.Key_Delete)
    assert window.session.walk.keyframes == (CODES[0], CODES[1])


def test_a_random_walk_has_its_seed_and_goes_on(qtbot, panel, window):
    panel.count.setValue(4)
    panel.seed.setValue(7)
    qtbot.mouseClick(panel.random, Qt.MouseButton.LeftButton)
    assert window.session.walk.keyframes == tuple(window.session.model.sample(seed) for seed in range(7, 11))
    qtbot.mouseClick(panel.random, Qt.MouseButton.LeftButton)
    assert panel.seed.value() == 11
    assert window.session.walk.keyframes[0] == window.session.model.sample(11)


def test_controls_show_the_plan_and_change_it(panel, window):
    session = window.session
    session.set_walk(WalkPlan(CODES, path="spline", space="depth", ending="ping-pong", seconds=2.5))
    shown = [combo.currentData() for combo in (panel.path, panel.space, panel.ending)]
    assert shown == ["spline", "depth", "ping-pong"]
    assert panel.seconds.value() == 2.5
    panel.path.setCurrentIndex(panel.path.findData("linear"))
    panel.ending.setCurrentIndex(panel.ending.findData("once"))
    panel.seconds.setValue(3.0)
    assert session.walk == WalkPlan(CODES, path="linear", space="depth", ending="once", seconds=3.0)


def test_new_walks_lead_through_hands_but_for_depth_latents(panel, window, settle):
    session, hands = window.session, panel.path.findData("hands")
    assert panel.path.currentText() == "Through hands"
    session.set_walk(replace(session.walk, keyframes=CODES, ending="once"))
    settle()
    panel.player.seek(0.5)
    settle()
    shown, straight = np.array(session.latent.values), (np.array(CODES[0].values) + np.array(CODES[1].values)) / 2
    assert np.abs(shown - straight).max() > 1e-3
    panel.space.setCurrentIndex(panel.space.findData("depth"))
    assert (session.walk.path, session.walk.space) == ("spherical", "depth")
    assert not panel.path.model().item(hands).isEnabled()
    assert "no poses between" in panel.path.model().item(hands).toolTip()
    panel.space.setCurrentIndex(panel.space.findData("pose"))
    assert panel.path.model().item(hands).isEnabled()
    settle()


def test_scrubbing_moves_the_latent_as_one_edit(panel, window, settle):
    session = window.session
    session.set_walk(LINEAR)
    settle()
    before = session.undo_stack.count()
    scrubber = panel.scrubber
    scrubber.setSliderDown(True)
    for tick in (50, 100, 150):
        scrubber.setValue(tick)
    assert session.latent.values[:2] == pytest.approx((0.375, 1.125), abs=1e-5)
    scrubber.setSliderDown(False)
    assert session.undo_stack.count() == before + 1
    settle()
    assert session.pictures.latent == session.latent
    session.undo_stack.undo()
    assert session.latent == LatentCode()


def test_arrow_keys_scrub_too(qtbot, panel, window, settle):
    window.session.set_walk(LINEAR)
    settle()
    panel.scrubber.setFocus()
    qtbot.keyClick(panel.scrubber, Qt.Key.Key_PageUp)
    assert window.session.latent == CODES[1]
    assert panel.position.text() == "2.00 of 3"
    qtbot.keyClick(panel.scrubber, Qt.Key.Key_Right)
    assert panel.player.head.position == pytest.approx(1.05)


def test_a_click_on_a_keyframe_goes_there(qtbot, panel, window, settle):
    window.session.set_walk(LINEAR)
    settle()
    place = panel.keyframes.visualRect(panel.keyframes.model().index(2)).center()
    qtbot.mouseClick(panel.keyframes.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.session.latent == CODES[2]
    assert panel.scrubber.value() == panel.scrubber.maximum()


def test_space_plays_to_the_end_where_it_stays(qtbot, panel, window, settle):
    window.session.set_walk(LINEAR)
    settle()
    seen = []
    window.session.latent_changed.connect(lambda: seen.append(window.session.latent))
    panel.history.setFocus()
    qtbot.keyClick(panel.history, Qt.Key.Key_Space)
    assert panel.play.text() == "Pause"
    qtbot.waitUntil(lambda: not panel.player.is_playing, timeout=WAIT_MS)
    assert seen[-1] == window.session.latent == CODES[2]
    settle()
    assert window.session.undo_stack.undoText() == "walk"
    window.session.undo_stack.undo()
    assert window.session.latent == LatentCode()


def test_a_loop_plays_on_until_it_is_paused_or_somebody_moves_a_slider(qtbot, panel, window, settle):
    session = window.session
    session.set_walk(replace(LINEAR, ending="loop"))
    settle()
    passed = []
    panel.player.position_changed.connect(lambda: passed.append(panel.player.head.position))
    qtbot.mouseClick(panel.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(b < a for a, b in pairwise(passed)), timeout=WAIT_MS)
    qtbot.mouseClick(panel.play, Qt.MouseButton.LeftButton)
    assert not panel.player.is_playing
    qtbot.mouseClick(panel.play, Qt.MouseButton.LeftButton)
    elsewhere = LatentCode().with_value(9, -1.0)
    session.set_latent(elsewhere, "slider")
    assert not panel.player.is_playing
    settle()
    assert session.latent == elsewhere


def test_in_depth_space_the_pictures_are_blends_and_stay(panel, window, settle):
    session, model = window.session, window.session.model
    session.set_walk(replace(LINEAR, space="depth"))
    settle()
    panel.scrubber.setValue(100)
    settle()
    half = model.depth_latents(CODES[:2]).mean(axis=0, keepdims=True)
    (expected,) = model.decode_depth_latents(half)
    assert session.pictures.is_blend
    np.testing.assert_allclose(session.pictures.synthetic, expected.synthetic, atol=1e-2)
    np.testing.assert_allclose(session.latent.values, expected.latent.values, atol=1e-4)
    assert session.undo_stack.undoText() == "walk"
    session.undo_stack.undo()
    settle()
    assert session.latent == LatentCode()
    assert not session.pictures.is_blend


def test_playing_in_depth_space_ends_at_the_last_keyframes_picture(qtbot, panel, window, settle):
    window.session.set_walk(replace(LINEAR, space="depth"))
    settle()
    panel.player.toggle()
    qtbot.waitUntil(lambda: not panel.player.is_playing, timeout=WAIT_MS)
    settle()
    expected = window.session.model.decode(CODES[2])
    np.testing.assert_allclose(window.session.pictures.real, expected.real, atol=1e-2)
    assert window.session.undo_stack.undoText() == "walk"


def test_a_walk_that_was_left_does_not_come_back(panel, window, settle):
    """A blend that is still being decoded belongs to nobody once a slider was moved."""
    window.session.set_walk(replace(LINEAR, space="depth"))
    settle()
    panel.player.seek(0.5)
    elsewhere = LatentCode().with_value(9, -1.0)
    window.session.set_latent(elsewhere, "slider")
    settle()
    assert window.session.latent == elsewhere
    assert not window.session.pictures.is_blend


def test_export_writes_says_so_and_gives_the_button_back(qtbot, panel, window, tmp_path):
    window.session.set_walk(LINEAR)
    path = tmp_path / "walk.npz"
    with qtbot.waitSignal(window.session.done, timeout=WAIT_MS) as said:
        panel.exporting.export(ExportOptions(".npz", frames_per_segment=3), path)
        assert not panel.exporting.button.isVisible()
    assert said.args == ["walk.npz written, 7 frames"]
    qtbot.waitUntil(lambda: not panel.exporting.file_export.is_running, timeout=WAIT_MS)
    assert panel.exporting.button.isVisibleTo(panel)
    assert window.statusBar().folder.isVisible()
    with np.load(path) as arrays:
        np.testing.assert_allclose(arrays["latents"][3], window.session.model.scale.to_latent(CODES[1]), atol=1e-5)


def test_cancel_ends_an_export_without_a_trace(qtbot, panel, window, tmp_path, monkeypatch):
    window.session.set_walk(LINEAR)
    may_go_on = threading.Event()
    plain = export_bar.export_walk

    def slow(model, plan, options, path, report):
        def wait(done: int, in_all: int) -> None:
            may_go_on.wait(WAIT_MS / 1000)
            report(done, in_all)

        return plain(model, plan, options, path, wait)

    monkeypatch.setattr(export_bar, "export_walk", slow)
    panel.exporting.export(ExportOptions(".gif", frames_per_segment=5), tmp_path / "walk.gif")
    qtbot.mouseClick(panel.exporting.progress.stop, Qt.MouseButton.LeftButton)
    may_go_on.set()
    qtbot.waitUntil(lambda: not panel.exporting.file_export.is_running, timeout=WAIT_MS)
    assert list(tmp_path.iterdir()) == []


def test_closing_the_window_ends_play_and_export(qtbot, model_path, tmp_path):
    window = MainWindow("cpu")
    qtbot.addWidget(window)
    window.open_paths([model_path])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    panel = window.walk
    window.session.set_walk(replace(LINEAR, ending="loop"))
    panel.exporting.export(ExportOptions(".gif", frames_per_segment=500), tmp_path / "walk.gif")
    panel.player.toggle()
    window.close()
    assert not panel.player.is_playing
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(qtbot, panel, window, tmp_path):
    window.session.set_walk(LINEAR)
    with qtbot.waitSignal(window.session.message, timeout=WAIT_MS) as said:
        panel.exporting.export(ExportOptions(".mp4"), tmp_path / "missing" / "walk.mp4")
    assert "cannot be written" in said.args[0]
    qtbot.waitUntil(lambda: not panel.exporting.file_export.is_running, timeout=WAIT_MS)


def test_the_dialog_shows_what_matters_and_refuses_nothing_to_draw(qtbot):
    dialog = ExportDialog(ExportOptions(), LINEAR)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.frames_per_segment.setValue(10)
    dialog.frames_per_second.setValue(20)
    assert dialog.summary.text() == "21 frames, 1.1 s, 768 × 256 px"
    assert not dialog.domain.isVisible()
    for box in dialog.views.values():
        box.setChecked(False)
    assert "tick one" in dialog.summary.text()
    dialog.format.setCurrentIndex(dialog.format.findData(".h5"))
    assert dialog.domain.isVisible()
    assert not dialog.views["real"].isVisible()
    with qtbot.waitSignal(dialog.chosen, timeout=WAIT_MS) as chosen:
        dialog.buttons.button(dialog.buttons.StandardButton.Save).click()
    assert (chosen.args[0].suffix, chosen.args[0].frames_per_segment) == (".h5", 10)


def test_an_export_takes_no_more_room_than_its_button(qtbot):
    """A dock that became wider would move, and paint, the whole window at once."""
    bar = ExportBar(Session())
    qtbot.addWidget(bar)
    rooms = []
    for is_running in (False, True):
        bar.button.setVisible(not is_running)
        bar.progress.setVisible(is_running)
        bar.layout().activate()
        rooms.append(max(bar.minimumSizeHint().width(), bar.minimumWidth()))
    assert rooms[0] == rooms[1] < 150
