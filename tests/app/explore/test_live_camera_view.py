"""A camera in the window: the newest frame wins, it is frozen, recorded, and unplugged. The camera is a made-up one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from made_camera import MadeCamera
from made_recordings import hand
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer_app.command_line import parse
from explorer_app.model import open_data
from explorer_app.model.playing.frame_recorder import FrameRecorder
from explorer_app.model.playing.live_data import LiveData
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import SR305
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.recordings.opening import open_recording
from lsps_core.errors import LspsError

Open = Callable[..., None]


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> MadeCamera:
    made = MadeCamera()
    monkeypatch.setattr(open_data, "start_camera", lambda name: made if name == "realsense" else None)
    return made


@pytest.fixture
def live(qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, camera: MadeCamera) -> MainWindow:
    """A window with a model, in which the camera is at work."""
    open_and_wait(model_path)
    window.opener.open_camera("realsense")
    qtbot.waitUntil(lambda: window.explore.playback.rate > 0, timeout=WAIT_MS)
    assert camera.count > 2
    return window


def _until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


def test_the_latent_moves_with_the_hand(qtbot: QtBot, live: MainWindow) -> None:
    latents = set()
    live.session.latent_changed.connect(lambda: latents.add(live.session.latent))
    _until(qtbot, lambda: len(latents) > 2)
    assert live.session.is_at_code
    assert live.session.data.title == "Made camera"
    assert live.session.view.frame.name.removeprefix("Made camera ").isdecimal()
    transport = live.strip.transport
    assert transport.play_button.text() == "Freeze"
    assert transport.time.text().endswith("frames/s")
    assert transport.record.isVisible()
    for widget in (transport.previous, transport.next, transport.position, transport.loop, transport.speed):
        assert not widget.isVisible()


def test_a_frozen_frame_stays_and_gets_its_routes(qtbot: QtBot, live: MainWindow, camera: MadeCamera) -> None:
    session = live.session
    live.explore.playback.pause()
    _until(qtbot, lambda: not live.background.is_busy)
    count, view = camera.count, session.view
    assert session.encoding.routes is not None
    assert np.array_equal(session.data.view(0).raw.depth_mm, view.raw.depth_mm, equal_nan=True)
    assert camera.count == count
    assert live.strip.transport.play_button.text() == "Resume"
    qtbot.mouseClick(live.strip.transport.play_button, Qt.MouseButton.LeftButton)
    _until(qtbot, lambda: camera.count > count + 2)


def test_what_is_recorded_opens_again(qtbot: QtBot, live: MainWindow, tmp_path: Path) -> None:
    lines: list[str] = []
    live.session.done.connect(lines.append)
    recording = live.explore.recording
    recording.start(tmp_path / "a.db3")
    assert live.strip.transport.record.button.text() == "Stop recording"
    shown: list[int] = []
    live.session.frame_changed.connect(lambda: shown.append(1))
    _until(qtbot, lambda: len(shown) > 4)
    qtbot.mouseClick(live.strip.transport.record.button, Qt.MouseButton.LeftButton)
    _until(qtbot, lambda: bool(lines))
    found = open_recording(tmp_path / "a.db3")
    assert lines == [f"a.db3 recorded, {len(found)} frames"]
    assert len(found) >= 4
    assert (found.camera, found.unit_mm) == (SR305, 0.125)
    assert found.times_s[0] == 0
    assert all(any((frame.counts == hand(shift)).all() for shift in (0, 4, 8)) for frame in found.frames())


def test_a_covered_camera_goes_on_and_says_so(qtbot: QtBot, live: MainWindow, camera: MadeCamera) -> None:
    messages: list[str] = []
    live.session.message.connect(messages.append)
    camera.state = "covered"
    _until(qtbot, live.strip.transport.no_hand.isVisible)
    camera.state = "hand"
    _until(qtbot, lambda: not live.strip.transport.no_hand.isVisible() and live.session.encoding is not None)
    assert live.explore.playback.is_playing
    assert not messages


def test_an_unplugged_camera_is_one_line_and_the_window_lives(
    qtbot: QtBot, live: MainWindow, camera: MadeCamera, open_and_wait: Open, store_path: Path
) -> None:
    camera.state = "unplugged"
    _until(qtbot, lambda: live.messages.text == "Made camera delivers no images; plug it in again")
    assert not live.explore.playback.is_playing
    camera.state = "hand"
    live.explore.playback.toggle()
    _until(qtbot, lambda: live.explore.playback.rate > 0)
    open_and_wait(store_path)
    assert live.session.data.title == "frames.h5"
    assert live.strip.transport.next.isVisible()
    assert not live.strip.transport.record.isVisible()


def test_other_data_closes_the_camera_and_ends_its_recording(
    qtbot: QtBot, live: MainWindow, camera: MadeCamera, open_and_wait: Open, store_path: Path, tmp_path: Path
) -> None:
    live.explore.recording.start(tmp_path / "a.db3")
    shown: list[int] = []
    live.session.frame_changed.connect(lambda: shown.append(1))
    _until(qtbot, lambda: len(shown) > 2)
    open_and_wait(store_path)
    assert camera.is_closed.wait(10)
    _until(qtbot, (tmp_path / "a.db3").exists)
    assert not live.explore.recording.is_running


def test_a_camera_that_cannot_be_opened_is_one_line(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_name: str) -> None:
        raise LspsError("no RealSense camera is connected", "plug one in, and open it again")

    monkeypatch.setattr(open_data, "start_camera", refuse)
    window.opener.open_camera("realsense")
    _until(qtbot, lambda: window.messages.text.startswith("no RealSense camera"))
    assert window.session.data is None


def test_a_camera_without_any_frame_is_closed(camera: MadeCamera) -> None:
    camera.state = "unplugged"
    with pytest.raises(LspsError, match="delivers no images"):
        open_data.open_camera("realsense")
    assert camera.is_closed.wait(10)


def test_the_command_line_opens_a_camera() -> None:
    assert parse(["--camera-live", "realsense"]).live_camera == "realsense"
    assert parse([]).live_camera == ""
    with pytest.raises(SystemExit):
        parse(["--camera-live", "webcam"])


def test_a_recorder_without_frames_or_without_a_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LspsError, match="no frame came"):
        FrameRecorder(tmp_path / "a.db3").finish()
    with pytest.raises(LspsError, match="no frame with a hand came"):
        FrameRecorder(tmp_path / "a.h5").finish()
    store = FrameRecorder(tmp_path / "a.h5")
    store.add(MadeCamera().newest(), None)
    with pytest.raises(LspsError, match="no frame with a hand came"):
        store.finish()
    recorder = FrameRecorder(tmp_path / "gone" / "a.db3")
    recorder.add(MadeCamera().newest(), None)
    with pytest.raises(LspsError, match="cannot be written"):
        recorder.finish()


def test_a_left_hand_is_mirrored_as_in_files(camera: MadeCamera) -> None:
    data = LiveData(camera)
    data.view(0)
    data.is_frozen = True
    plain = data.view(0).raw.depth_mm
    data.use_for_all(replace(data.settings, is_mirrored=True))
    assert np.array_equal(data.view(0).raw.depth_mm, plain[:, ::-1], equal_nan=True)


def test_what_the_inspector_changes_holds_for_the_next_frames(qtbot: QtBot, live: MainWindow) -> None:
    """Flipped while it runs: the hand is followed as before, and the Inspector shows what is used."""
    inspector, session = live.explore.inspector, live.session
    live.docks["Inspector"].raise_()
    inspector.reading.mirrored.click()
    _until(qtbot, lambda: session.view is not None and session.view.raw.crop.settings.is_mirrored)
    centers: set[float] = set()
    session.frame_changed.connect(lambda: centers.add(session.view.raw.crop.center_uvd[0]))
    _until(qtbot, lambda: len(centers) > 2)
    assert session.view.raw.crop.settings.is_mirrored
    assert "placed by hand" not in session.view.raw.note
    assert inspector.crop is session.view.raw.crop
    assert inspector.reading.mirrored.isChecked()


def test_a_store_has_the_hand_as_it_was_shown_and_its_times(
    qtbot: QtBot, live: MainWindow, camera: MadeCamera, open_and_wait: Open, tmp_path: Path
) -> None:
    """A left hand's flip, and the times of the frames, also across some without a hand; Play takes them."""
    lines: list[str] = []
    live.session.done.connect(lines.append)
    live.session.data.use_for_all(replace(live.session.data.settings, is_mirrored=True))
    shown: list[int] = []
    live.session.frame_changed.connect(lambda: shown.append(1))
    live.explore.recording.start(tmp_path / "a.h5")
    _until(qtbot, lambda: len(shown) > 4)
    camera.state = "covered"
    _until(qtbot, live.strip.transport.no_hand.isVisible)
    camera.state = "hand"
    _until(qtbot, lambda: not live.strip.transport.no_hand.isVisible() and len(shown) > 12)
    live.explore.recording.stop()
    _until(qtbot, lambda: bool(lines))
    open_and_wait(tmp_path / "a.h5")
    session = live.session
    assert lines == [f"a.h5 recorded, {len(session.data)} frames"]
    used = session.view.frame_camera
    assert used == FrameCamera.flipped(SR305, 640)
    assert session.view.frame.center_mm[0] < 0  # the hand is right of the middle of the image as recorded
    times_s = session.data.times_s
    assert times_s[0] < 1
    assert (np.diff(times_s) * 30).round().min() >= 1
    assert np.diff(times_s).max() > 1.5 / 30
    played = live.explore.playback.range
    assert np.diff(played.times_s) == pytest.approx(np.minimum(np.diff(times_s), 1))
    live.strip.transport.step_on()
    assert live.strip.transport.time.text() == f"{times_s[1]:.2f} s"


def test_a_fit_keeps_its_frame(qtbot: QtBot, live: MainWindow) -> None:
    fitting, session = live.explore.fitting, live.session
    fitting.toggle()
    view = session.view
    _until(qtbot, lambda: fitting.result is not None)
    assert session.view is view
