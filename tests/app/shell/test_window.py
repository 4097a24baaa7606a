from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from app_helpers import FRAME_COUNT, WAIT_MS, pixels, write_store
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.model.opening import ImageSettings
from explorer_app.shell.file_names import file_name
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import NYU, SR305, Camera

pytestmark = pytest.mark.gl
Open = Callable[..., None]
CAMERA = ImageSettings(camera=Camera(fx=475, fy=475, cx=320, cy=240))


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def test_an_empty_window_says_what_to_do(window: MainWindow) -> None:
    assert pixels(window).std() > 0
    assert window.messages.text == ""
    assert not window.latent.sample_button.isEnabled()


def test_a_model_shows_its_mean_hand_at_once(window: MainWindow, open_and_wait: Open, model_path: Path) -> None:
    open_and_wait(model_path)
    assert window.session.pictures.latent == LatentCode()
    assert not window.pictures.real.is_empty
    assert not window.pictures.synthetic.is_empty
    assert len(window.skeleton.figures()) == 1
    assert "tiny" in window.windowTitle()
    status = window.statusBar()
    assert (status.model.text(), status.device.text()) == ("model tiny", "on cpu")
    assert status.decode.text().endswith("ms")
    assert not status.simulated.isHidden()


def test_every_stop_of_a_slider_changes_pictures_and_skeleton(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path
) -> None:
    open_and_wait(model_path)
    seen: list[tuple[bytes, bytes, bytes]] = []
    for ticks in range(-300, 301, 100):
        window.latent.sliders[0].setValue(ticks)
        _settle(qtbot, window)
        shown = window.session.pictures
        assert shown.latent == window.session.latent == LatentCode().with_value(0, ticks / 100)
        seen.append((shown.real.tobytes(), shown.synthetic.tobytes(), window.session.pose.tobytes()))
    for kind in zip(*seen, strict=True):
        assert len(set(kind)) == len(seen)


def test_quick_moves_leave_no_backlog(qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path) -> None:
    open_and_wait(model_path)
    before = window.background.decoding.computed_count
    for move in range(200):
        window.latent.sliders[0].setValue(move - 100 + (move == 100))
        QApplication.processEvents()
    _settle(qtbot, window)
    assert window.session.pictures.latent == LatentCode().with_value(0, 0.99)
    assert window.background.decoding.computed_count - before < 200


def test_stale_answers_are_not_shown(window: MainWindow, model: HandModel, other_model_path: Path) -> None:
    other = HandModel.load(other_model_path, "cpu")
    window.session.set_model(model)
    window.session.set_model(other)
    window.background.decoding.answered.emit((model, LatentCode()), model.decode(LatentCode()))
    assert window.session.pictures is None
    elsewhere = LatentCode().with_value(0, 1.0)
    window.background.decoding.answered.emit((other, elsewhere), other.decode(elsewhere))
    assert window.session.pictures is None
    window.session.begin_edit("held")  # on the way of a held slider, the way is welcome
    window.background.decoding.answered.emit((other, elsewhere), other.decode(elsewhere))
    assert window.session.pictures.latent == elsewhere


def test_a_store_is_stepped_through_and_encoded(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    session, codes = window.session, []
    for index in range(FRAME_COUNT):
        assert session.index == session.view.index == index
        assert session.is_at_code
        assert window.background.reading.computed_count == index  # the first came with the opening
        assert session.pictures.latent == session.encoding.code
        assert len(window.skeleton.figures()) == 2
        assert "simulated" in window.strip.result.text()
        codes.append(session.latent)
        window.strip.step_on()
        _settle(qtbot, window)
    assert len(set(codes)) == FRAME_COUNT
    assert session.index == FRAME_COUNT - 1
    assert not window.strip.transport.next.isEnabled()
    assert not window.strip.simulated.isHidden()


def test_after_an_encode_the_sliders_lead_and_the_input_stays(
    window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    error, view = window.session.error_mm, window.session.view
    window.latent.sliders[0].setValue(300)
    assert not window.session.is_at_code
    assert window.session.view is view
    assert window.session.error_mm != error
    assert window.strip.encode.isEnabled()
    window.strip.encode.click()


def test_steps_encode_only_when_asked_to(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    window.strip.encode_on_step.setChecked(False)
    latent = window.session.latent
    window.strip.step_on()
    _settle(qtbot, window)
    assert window.session.view.index == 1
    assert window.session.encoding is None
    assert window.session.latent == latent
    window.strip.encode.click()
    _settle(qtbot, window)
    assert window.session.is_at_code


def test_another_model_encodes_the_frame_again(
    window: MainWindow, open_and_wait: Open, model_path: Path, other_model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    code = window.session.latent
    open_and_wait(other_model_path)
    assert window.session.model.name == "other"
    assert window.session.is_at_code
    assert window.session.latent != code


def test_an_image_shows_its_cube_its_code_and_its_skeleton(
    window: MainWindow, open_and_wait: Open, model_path: Path, image_path: Path
) -> None:
    open_and_wait(model_path, image_path, settings=CAMERA)
    strip = window.strip.pictures
    assert window.messages.text == ""
    assert not strip.raw.isHidden()
    u0, v0, u1, v1 = window.session.view.raw.box_px
    assert u0 < 320 < u1
    assert v0 < 240 < v1
    assert window.session.is_at_code
    assert not strip.reconstruction.is_empty
    assert not strip.translation.is_empty
    assert len(window.skeleton.figures()) == 1
    assert file_name("skeleton", window.session, ".png") == f"skeleton of {image_path.stem}.png"


def test_real_frames_are_cut_on_the_hand(window: MainWindow, open_and_wait: Open, real_data: Path) -> None:
    open_and_wait(real_data / "sr305" / "20210326-231615_0.png", settings=ImageSettings(camera=SR305, unit_mm=0.125))
    u0, v0, u1, v1 = window.session.view.raw.box_px
    assert u0 < 262 < u1  # the palm; the torso's middle lies right of 350
    assert v0 < 280 < v1
    assert u1 < 400


def test_images_without_a_camera_are_asked_about(
    qtbot: QtBot, window: MainWindow, image_path: Path, model_path: Path
) -> None:
    window.open_paths([model_path, image_path])
    dialog = window.image_dialog
    assert dialog.isVisible()
    qtbot.waitUntil(dialog.open_button.isEnabled, timeout=WAIT_MS)  # the first image is read in a thread
    assert dialog.settings() == ImageSettings(camera=SR305, unit_mm=0.125)
    dialog.preset.setCurrentIndex(dialog.preset.findData("nyu"))
    assert dialog.settings().camera == NYU
    assert dialog.packed.isChecked()
    for field, value in zip((dialog.fx, dialog.fy, dialog.cx, dialog.cy), (475, 475, 320, 240), strict=True):
        field.setValue(value)
    assert dialog.preset.currentData() is None
    dialog.packed.setChecked(False)
    dialog.cube.setValue(250)
    dialog.accept()
    _settle(qtbot, window)
    assert window.session.data.settings == CAMERA
    window.open_paths([image_path])
    assert window.image_dialog.settings() == CAMERA
    window.image_dialog.reject()


def test_files_can_be_dropped(qtbot: QtBot, window: MainWindow, store_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(store_path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, buttons, keys))
    _settle(qtbot, window)
    assert len(window.session.data) == FRAME_COUNT
    assert window.session.encoding is None  # no model yet


def test_closing_while_work_is_under_way_leaves_nothing(window: MainWindow, model_path: Path, tmp_path: Path) -> None:
    window.open_paths([model_path, write_store(tmp_path / "large.h5", 50)])
    window.close()
    assert window.has_ended
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lsps-")]
    assert window.session.model is None


def test_model_info_says_that_only_simulated_data_was_seen(
    window: MainWindow, open_and_wait: Open, model_path: Path
) -> None:
    from explorer_app.shell.help.model_info import ModelInfo

    window.help.show_model_info()
    assert "no model" in window.messages.text
    open_and_wait(model_path)
    window.help.show_model_info()
    info = window.findChild(ModelInfo)
    assert "simulated data only" in info.caution.text()
    assert info.table.rowCount() >= 7
    info.close()
    window.help.show_about()
    QApplication.activeModalWidget().close()


def test_a_screenshot_is_saved_or_its_failure_told(window: MainWindow, tmp_path: Path) -> None:
    assert window.save_screenshot(str(tmp_path / "shot.png"))
    assert (tmp_path / "shot.png").stat().st_size > 2000
    assert not window.save_screenshot(str(tmp_path / "missing" / "shot.png"))
    assert "cannot be written" in window.messages.text


def test_an_untouched_window_has_no_threads(window: MainWindow, open_and_wait: Open, model_path: Path) -> None:
    assert window.isVisible()
    QApplication.processEvents()
    assert not _threads()
    open_and_wait(model_path)
    assert {"lsps-model", "lsps-decode"} <= _threads()


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("lsps-")}


def test_the_first_window_and_every_workspace_fit_a_small_screen(qtbot: QtBot, window: MainWindow) -> None:
    room, least = window.screen().availableSize(), window.minimumSizeHint()
    assert window.width() <= max(least.width(), min(1280, room.width()))
    assert window.height() <= max(least.height(), min(800, room.height() - 40))
    for name in ("Inspect", "Train", "Explore"):
        window.workspaces.go(name)
        qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)
        if name == "Train":
            qtbot.waitUntil(lambda: bool(window.train.monitor.plots), timeout=WAIT_MS)  # they are taller than the rest
        assert window.minimumSizeHint().width() <= 1280
        assert window.minimumSizeHint().height() <= 680  # of 720 px, without a title bar
    _settle(qtbot, window)
