"""Frames that are played: in order, at their rate, one undo step, the hand followed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from app_helpers import FRAME_COUNT, WAIT_MS
from made_recordings import hand, write_db3
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer_app.model.image_data import ImageData
from explorer_app.model.latent import LatentCode
from explorer_app.session.playback import Playback
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import SR305
from lsps_core.data import hand_search

Open = Callable[..., None]
FRAMES = 6


def wall() -> np.ndarray:
    return np.full((480, 640), 11000, np.uint16)


@pytest.fixture(scope="session")
def moving_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hand that moves to the right, and is gone in the third frame."""
    images = [hand(10 * index) if index != 2 else wall() for index in range(FRAMES)]
    return write_db3(tmp_path_factory.mktemp("recording") / "moving.db3", images, camera=SR305, seconds=0.02)


@pytest.fixture
def playback(window: MainWindow) -> Playback:
    return window.explore.playback


def _until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


def _play_to_the_end(qtbot: QtBot, window: MainWindow) -> list[int]:
    """The frames that were on screen."""
    shown: list[int] = []
    window.session.frame_changed.connect(lambda: shown.append(window.session.view.index))
    window.explore.playback.toggle()
    _until(qtbot, lambda: not window.explore.playback.is_playing)
    _until(qtbot, lambda: not window.background.is_busy)
    return shown


def test_frames_are_shown_in_order_to_the_last(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path, playback: Playback
) -> None:
    open_and_wait(model_path, store_path)
    playback.set_speed(0.1)
    shown = _play_to_the_end(qtbot, window)
    assert shown == sorted(shown)
    assert shown[-1] == FRAME_COUNT - 1
    session = window.session
    assert session.is_at_code
    assert session.view.index == session.index == FRAME_COUNT - 1
    assert session.encoding.routes is not None


def test_what_is_played_is_one_undo_step_and_one_visit(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path, playback: Playback
) -> None:
    open_and_wait(model_path, store_path)
    stack, before = window.session.undo_stack, window.session.latent
    count, visits = stack.count(), len(tuple(window.session.history))
    playback.set_speed(0.1)
    _play_to_the_end(qtbot, window)
    assert window.session.latent != before
    assert stack.count() == count + 1
    assert len(tuple(window.session.history)) == visits + 1
    stack.undo()
    assert window.session.latent == before


def test_a_frame_is_never_shown_without_its_skeleton(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path, playback: Playback
) -> None:
    open_and_wait(model_path, store_path)
    bare: list[int] = []

    def look() -> None:
        if window.session.encoding is None:
            bare.append(window.session.view.index)

    window.session.frame_changed.connect(look)
    playback.set_speed(0.1)
    _play_to_the_end(qtbot, window)
    assert not bare


def test_routes_are_not_computed_while_frames_are_played(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path, playback: Playback
) -> None:
    open_and_wait(model_path, store_path)
    before = window.background.routing.computed_count
    playback.set_loop(True)
    playback.toggle()
    _until(qtbot, lambda: playback.rate > 0)
    assert window.background.routing.computed_count == before
    reconstruction = window.strip.pictures.reconstruction
    assert reconstruction.placeholder == "Shown when the frames stop"
    assert reconstruction.is_empty
    playback.pause()
    _until(qtbot, lambda: window.session.encoding is not None and window.session.encoding.routes is not None)


def test_a_range_is_played_in_a_loop(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, store_path: Path, playback: Playback
) -> None:
    open_and_wait(store_path)
    transport = window.strip.transport
    window.session.set_index(1)
    transport.begin.trigger()
    window.session.set_index(3)
    transport.end.trigger()
    assert (playback.range.first, playback.range.last) == (1, 3)
    assert transport.scrubber.accessibleDescription() == "plays 2 to 4"
    transport.loop.setChecked(True)
    shown: list[int] = []
    window.session.frame_changed.connect(lambda: shown.append(window.session.view.index))
    transport.play.trigger()
    _until(qtbot, lambda: len(shown) > 12)
    assert set(shown) <= {1, 2, 3}
    assert any(later < earlier for earlier, later in pairwise(shown))
    transport.play.trigger()
    assert not playback.is_playing
    transport.end.trigger()
    transport.end.trigger()
    window.session.set_index(1)
    transport.begin.trigger()
    assert playback.range.first == 0


def test_an_edit_of_the_latent_pauses(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path, playback: Playback
) -> None:
    open_and_wait(model_path, store_path)
    playback.set_loop(True)
    playback.toggle()
    _until(qtbot, lambda: playback.rate > 0)
    edited = LatentCode().with_value(0, 1.25)
    window.session.set_latent(edited, "edit")
    assert not playback.is_playing
    assert window.session.latent == edited


def test_other_data_stops_it(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, store_path: Path, playback: Playback
) -> None:
    open_and_wait(store_path)
    playback.set_loop(True)
    playback.toggle()
    _until(qtbot, lambda: playback.rate > 0)
    window.background.open_store(store_path, 2)
    _until(qtbot, lambda: not playback.is_playing)
    assert not window.session.is_playing
    assert playback.range.is_whole
    assert playback.range.is_loop


def test_the_hand_is_followed_lost_and_found_again(
    moving_path: Path, open_recording: Callable[[Path], ImageData]
) -> None:
    data = open_recording(moving_path)
    views = [data.view(0)]
    for index in range(1, FRAMES):
        views.append(data.view(index, views[-1]))
    assert ["followed" in view.raw.note for view in views] == [False, True, False, False, True, True]
    assert views[2].raw.note == "no hand found; using the nearest object"
    right = SR305.unproject(np.array([320 + 10 * (FRAMES - 1), 210.0, 500]))[0]
    assert views[-1].frame.center_mm[0] == pytest.approx(right, abs=6)


def test_a_hand_that_is_not_there_is_a_tag_and_not_a_message(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, moving_path: Path
) -> None:
    open_and_wait(model_path, moving_path)
    session, tag = window.session, window.strip.transport.no_hand
    messages: list[str] = []
    session.message.connect(messages.append)
    assert not tag.isVisible()
    session.set_playing(True)
    latent = session.latent
    for index, is_shown in ((2, True), (3, False)):
        session.set_index(index)
        _until(qtbot, lambda index=index: session.view.index == index)
        assert tag.isVisible() == is_shown
        assert (session.latent == latent) == is_shown
    session.set_playing(False)
    assert not messages


def test_a_followed_hand_is_not_searched_in_the_whole_image(
    moving_path: Path, monkeypatch: pytest.MonkeyPatch, open_recording: Callable[[Path], ImageData]
) -> None:
    data = open_recording(moving_path)
    first = data.view(0)
    sizes: list[tuple[int, ...]] = []
    read = hand_search.read
    monkeypatch.setattr(hand_search, "read", lambda depth, *rest: sizes.append(depth.shape) or read(depth, *rest))
    data.view(1, first)
    assert [max(size) <= 130 for size in sizes] == [True]
    data.view(1)
    assert sizes[-1] == (1, 480, 640)


@pytest.fixture
def open_recording() -> Callable[[Path], ImageData]:
    from explorer_app.model.open_data import open_recording

    return lambda path: open_recording(path).data


def test_a_single_frame_has_nothing_to_play(
    window: MainWindow, open_and_wait: Open, tmp_path: Path, playback: Playback
) -> None:
    path = write_db3(tmp_path / "one.db3", [hand()], camera=SR305)
    open_and_wait(path)
    assert not playback.can_play
    assert not window.strip.transport.play_button.isVisible()
    playback.toggle()
    assert not playback.is_playing


def test_the_transport_shows_time_and_rate(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, moving_path: Path, playback: Playback
) -> None:
    open_and_wait(moving_path)
    transport = window.strip.transport
    window.session.set_index(1)
    assert transport.time.text() == "0.02 s"
    transport.loop.setChecked(True)
    qtbot.mouseClick(transport.play_button, Qt.MouseButton.LeftButton)
    _until(qtbot, lambda: "of 50 frames/s" in transport.time.text())
    transport.speed.setCurrentIndex(transport.speed.findData(0.5))
    _until(qtbot, lambda: "of 25 frames/s" in transport.time.text())
    qtbot.mouseClick(transport.play_button, Qt.MouseButton.LeftButton)
    assert not playback.is_playing
