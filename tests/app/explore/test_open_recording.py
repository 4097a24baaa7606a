"""Recordings in the window: opened with their own camera, browsed, saved and restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from made_bag import write_bag
from made_recordings import hand, write_db3
from pytestqt.qtbot import QtBot

from explorer_app.command_line import check_for_screenshot, parse
from explorer_app.model.open_data import open_images, open_recording
from explorer_app.model.opening import ImageSettings
from explorer_app.model.saved_session import SavedSession
from explorer_app.session.snapshot import snapshot
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import NYU, SR305

Open = Callable[..., None]
FRAMES = 6


@pytest.fixture(scope="session")
def recording_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hand that moves to the right."""
    path = tmp_path_factory.mktemp("recording") / "hand.db3"
    return write_db3(path, [hand(10 * index) for index in range(FRAMES)], camera=SR305)


def test_a_recording_opens_with_its_own_camera_and_unit(
    window: MainWindow, open_and_wait: Open, recording_path: Path
) -> None:
    open_and_wait(recording_path)
    data, view = window.session.data, window.session.view
    assert window.image_dialog is None
    assert (data.title, len(data), view.frame.name) == ("hand.db3", FRAMES, "hand.db3 1")
    assert (data.settings.camera, data.settings.unit_mm) == (SR305, 0.125)
    assert view.raw.depth_mm[240, 320] == 500
    assert np.abs(view.frame.center_mm[:2] - SR305.unproject(np.array([320, 210, 500.0]))[:2]).max() < 30


def test_a_bag_opens_like_any_recording(window: MainWindow, open_and_wait: Open, tmp_path: Path) -> None:
    open_and_wait(write_bag(tmp_path / "hand.bag", [hand(), hand(10)], camera=SR305))
    data = window.session.data
    assert (data.title, len(data), data.settings.camera, data.settings.unit_mm) == ("hand.bag", 2, SR305, 0.125)
    assert data.times_s == pytest.approx([0, 1 / 30])


def test_its_frames_are_browsed(qtbot: QtBot, window: MainWindow, open_and_wait: Open, recording_path: Path) -> None:
    open_and_wait(recording_path)
    first = window.session.view.frame.center_mm[0]
    window.session.set_index(FRAMES - 1)
    qtbot.waitUntil(lambda: window.session.view.index == FRAMES - 1, timeout=WAIT_MS)
    assert window.session.view.frame.center_mm[0] - first == pytest.approx(50 * 500 / SR305.fx, abs=3)


def test_given_settings_replace_those_of_the_recording(recording_path: Path) -> None:
    data = open_recording(recording_path, 2, ImageSettings(camera=NYU, unit_mm=0.25)).data
    assert (data.settings.camera, data.settings.unit_mm) == (NYU, 0.25)
    assert data.view(2).raw.depth_mm[240, 340] == 1000


def test_a_session_with_a_recording_is_restored(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, recording_path: Path, tmp_path: Path
) -> None:
    open_and_wait(recording_path)
    window.session.set_index(3)
    qtbot.waitUntil(lambda: window.session.view.index == 3, timeout=WAIT_MS)
    snapshot(window.session).save(tmp_path / "a.lsps.json")
    saved = SavedSession.load(tmp_path / "a.lsps.json")
    opened = open_images(saved.data_paths, saved.images, saved.index)
    assert opened.first.index == 3
    assert opened.first.frame.center_mm == pytest.approx(window.session.view.frame.center_mm)


def test_a_damaged_recording_is_one_line(window: MainWindow, open_and_wait: Open, tmp_path: Path) -> None:
    path = tmp_path / "bad.db3"
    path.write_bytes(b"SQLite format 3\0" + bytes(200))
    open_and_wait(path)
    assert window.messages.text.startswith(f"{path} is cut off or damaged")
    assert window.session.data is None


def test_a_screenshot_of_a_recording_needs_no_camera(recording_path: Path) -> None:
    assert check_for_screenshot(parse([str(recording_path), "--screenshot", "o.png"])).recording == recording_path
