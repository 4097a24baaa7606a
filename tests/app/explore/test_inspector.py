"""What the network saw, and moving the cube over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS, unless_open
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer_app.explore.inspector.panel import Inspector
from explorer_app.explore.inspector.parts import InspectorFacts
from explorer_app.explore.model.frame_warnings import count_depth, inspect
from explorer_app.model.crop import Crop, cube_box_px, cube_faces_px
from explorer_app.model.open_data import open_images
from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings
from explorer_app.shell import appearance
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets import theme
from lsps_core.camera import NYU, SIMULATED, Camera
from lsps_core.data.frame_cameras import FrameCamera, FrameCameras
from lsps_core.data.store import FrameWriter

Open = Callable[..., None]
CAMERA = ImageSettings(camera=Camera(fx=475, fy=475, cx=320, cy=240))


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


@pytest.fixture
def window(cleared_window: MainWindow) -> MainWindow:
    return cleared_window


@pytest.fixture
def inspector(window: MainWindow, open_and_wait: Open, model_path: Path, image_path: Path) -> Inspector:
    """The window's inspector, in front, with an image open."""
    window.docks["Inspector"].raise_()
    open_and_wait(*unless_open(window, model_path), image_path, settings=CAMERA)
    return window.findChild(Inspector)


def _wheel(picture: object, notches: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    center = QPointF(picture.rect().center())
    event = QWheelEvent(
        center,
        picture.mapToGlobal(center),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(picture, event)


def test_everything_about_the_cut_is_shown(inspector: Inspector, window: MainWindow) -> None:
    frame = window.session.view.frame
    assert not inspector.raw.is_empty
    assert not inspector.input.is_empty
    assert inspector.cube.d.value() == pytest.approx(frame.center_mm[2], abs=1)
    assert inspector.cube.edge.value() == 250
    assert inspector.reading.settings(CAMERA) == CAMERA
    assert "raw image" in inspector.facts.numbers.text()
    assert inspector.facts.bar.isHidden()


def test_dragging_moves_the_cube_and_what_the_model_makes_of_it(
    qtbot: QtBot, inspector: Inspector, window: MainWindow
) -> None:
    session, picture = window.session, inspector.raw
    before, latent, edits = session.view, session.latent, session.undo_stack.count()
    u, v, d = before.raw.crop.center_uvd
    start = picture.point_of(u, v).toPoint()
    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(picture, start + QPoint(4 * step, 2 * step))
        QApplication.processEvents()
    qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=start + QPoint(20, 10))
    _settle(qtbot, window)
    moved = session.view.raw.crop.center_uvd
    scale = picture.point_of(1, 0).x() - picture.point_of(0, 0).x()
    assert moved == pytest.approx((u + 20 / scale, v + 10 / scale, d), abs=0.01)
    assert inspector.cube.u.value() == pytest.approx(moved[0], abs=0.1)
    assert session.view.index == before.index
    assert session.is_at_code
    assert session.latent != latent
    assert session.undo_stack.count() == edits + 1  # a drag is one edit


def test_the_wheel_changes_depth_and_with_ctrl_size(qtbot: QtBot, inspector: Inspector, window: MainWindow) -> None:
    depth = window.session.view.raw.crop.center_uvd[2]
    _wheel(inspector.raw, 2)
    _settle(qtbot, window)
    assert window.session.view.frame.center_mm[2] == pytest.approx(depth + 10, abs=0.01)
    _wheel(inspector.raw, -3, Qt.KeyboardModifier.ControlModifier)
    _settle(qtbot, window)
    assert window.session.view.frame.half_mm == 110
    assert inspector.cube.edge.value() == 220


def test_a_double_click_puts_the_cube_on_the_surface(qtbot: QtBot, inspector: Inspector, window: MainWindow) -> None:
    qtbot.mouseDClick(inspector.raw, Qt.MouseButton.LeftButton, pos=inspector.raw.point_of(300, 150).toPoint())
    _settle(qtbot, window)
    assert window.session.view.raw.crop.center_uvd == pytest.approx((300, 150, 500), abs=2)


def test_typed_fields_recut_and_reset_finds_the_hand_again(
    qtbot: QtBot, inspector: Inspector, window: MainWindow
) -> None:
    found = window.session.view.raw.crop
    for field, value in ((inspector.cube.u, 330), (inspector.cube.d, 520), (inspector.cube.edge, 300)):
        field.setValue(value)
    _settle(qtbot, window)
    crop = window.session.view.raw.crop
    assert (crop.center_uvd[0], crop.center_uvd[2], crop.settings.cube_mm) == (330, 520, 300)
    inspector.find_hand.click()
    _settle(qtbot, window)
    assert window.session.view.raw.crop.settings.cube_mm == 300
    assert window.session.view.raw.crop.center_uvd == pytest.approx(found.center_uvd, abs=20)
    inspector.reset.click()
    _settle(qtbot, window)
    assert window.session.view.raw.crop == found
    assert inspector.cube.edge.value() == 250


def test_mirroring_flips_the_image_its_camera_and_the_cube(
    qtbot: QtBot, inspector: Inspector, window: MainWindow
) -> None:
    before = window.session.view
    inspector.reading.mirrored.click()
    _settle(qtbot, window)
    after = window.session.view
    np.testing.assert_array_equal(after.raw.depth_mm, before.raw.depth_mm[:, ::-1])
    assert after.camera == before.camera.mirrored(640)
    assert after.frame.center_mm == pytest.approx(before.frame.center_mm * (-1, 1, 1), abs=1e-3)
    inspector.reading.mirrored.click()
    _settle(qtbot, window)
    np.testing.assert_array_equal(window.session.view.frame.depth_mm, before.frame.depth_mm)


def test_a_wrong_unit_is_seen_and_mended(qtbot: QtBot, inspector: Inspector, window: MainWindow) -> None:
    inspector.reading.unit.setValue(20.0)
    _settle(qtbot, window)
    assert "perhaps the unit is 1 mm" in inspector.facts.warnings.text()
    assert "Inspector" in window.messages.text
    assert not window.session.is_at_code  # what is in the cube is hardly a hand
    inspector.reading.unit.setValue(1.0)
    _settle(qtbot, window)
    assert inspector.facts.bar.isHidden()
    assert window.session.is_at_code


def test_what_cannot_be_read_so_is_a_message_and_the_fields_go_back(
    qtbot: QtBot, inspector: Inspector, window: MainWindow
) -> None:
    view = window.session.view
    inspector.reading.packed.click()
    _settle(qtbot, window)
    assert "packed" in window.messages.text
    assert window.session.view is view
    assert not inspector.reading.packed.isChecked()


def test_an_empty_cube_is_said(qtbot: QtBot, inspector: Inspector, window: MainWindow) -> None:
    inspector.cube.d.setValue(200)  # the hand is behind its far face
    _settle(qtbot, window)
    assert "only background" in inspector.facts.warnings.text()


def test_settings_and_placed_cubes_hold_for_other_images(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, image_path: Path, tmp_path: Path
) -> None:
    for name in ("a.npy", "b.npy"):
        (tmp_path / name).write_bytes(image_path.read_bytes())
    window.docks["Inspector"].raise_()
    open_and_wait(tmp_path, settings=CAMERA)
    inspector = window.findChild(Inspector)
    inspector.cube.u.setValue(310)
    inspector.cube.edge.setValue(260)
    _settle(qtbot, window)
    inspector.use_for_all.click()
    placed = window.session.view.raw.crop
    window.strip.step_on()
    _settle(qtbot, window)
    assert window.session.view.raw.crop.settings.cube_mm == inspector.cube.edge.value() == 260
    assert window.session.view.raw.crop.center_uvd != placed.center_uvd
    window.strip.step_back()
    _settle(qtbot, window)
    assert window.session.view.raw.crop == placed
    assert inspector.cube.u.value() == 310


def test_a_store_shows_its_cubes_and_lets_them_be(window: MainWindow, open_and_wait: Open, store_path: Path) -> None:
    open_and_wait(store_path)
    inspector = window.findChild(Inspector)
    window.docks["Inspector"].raise_()  # what is behind another tab is shown when it comes to the front
    assert inspector.raw.is_empty
    assert "store keeps only" in inspector.raw.placeholder
    assert not inspector.input.is_empty
    assert inspector.cube.d.value() == 500
    assert inspector.cube.d.isReadOnly()
    assert not inspector.find_hand.isEnabled()
    assert "crop" in inspector.facts.numbers.text()


def test_each_frame_of_a_store_has_its_own_camera(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, tmp_path: Path
) -> None:
    other = FrameCamera.flipped(NYU, 640)
    center = np.tile(np.float32([50, 0, 500]), (2, 1))
    depth = np.full((2, 128, 128), 500, np.uint16)
    with FrameWriter(tmp_path / "two.h5", domain="real", camera=SIMULATED) as writer:
        writer.append(depth_mm=depth, center_mm=center, half_mm=125.0, names=["a", "b"])
        writer.cameras = FrameCameras.of([FrameCamera(camera=SIMULATED), other])
    open_and_wait(tmp_path / "two.h5")
    inspector = window.findChild(Inspector)
    window.docks["Inspector"].raise_()
    assert inspector.cube.u.value() == pytest.approx(320 + 475 / 10, abs=0.1)
    assert not inspector.reading.mirrored.isChecked()
    window.strip.step_on()
    _settle(qtbot, window)
    assert inspector.cube.u.value() == pytest.approx(319 + 588.03 / 10, abs=0.1)
    assert inspector.reading.mirrored.isChecked()
    assert inspector.reading.cx.value() == 320


def test_the_cube_is_where_the_camera_sees_it() -> None:
    crop = Crop(settings=CAMERA, center_uvd=(320.0, 240.0, 500.0))
    near, far = cube_faces_px(crop, 640)
    assert cube_box_px(crop, 640) == pytest.approx((201.25, 121.25, 438.75, 358.75))
    assert np.ptp(near, axis=0) == pytest.approx((475 * 250 / 375,) * 2)
    assert np.ptp(far, axis=0) == pytest.approx((475 * 250 / 625,) * 2)
    mirrored = crop.with_settings(replace(CAMERA, is_mirrored=True), 640)
    assert mirrored.center_uvd == (319.0, 240.0, 500.0)


def test_depths_are_counted() -> None:
    counts = count_depth(np.array([[500, 600], [np.nan, 700]], dtype=np.float32))
    assert (counts.reading_count, counts.invalid_percent, counts.median_mm) == (3, 25, 600)
    assert counts.counts.sum() >= 2
    assert count_depth(np.full((2, 2), np.nan)).invalid_percent == 100


def test_another_camera_is_noticed(image_path: Path) -> None:
    opened = open_images([image_path], CAMERA_PRESETS["icvl"])
    assert any("another camera" in warning for warning in inspect(opened.first).warnings)


def test_real_frames_raise_no_alarm_but_for_a_wrong_unit(real_data: Path) -> None:
    frames = [(real_data / "sr305", "sr305"), (real_data / "nyu" / "depth_1_0000001.png", "nyu")]
    for path, preset in frames:
        data = open_images([path], CAMERA_PRESETS[preset]).data
        assert [inspect(data.view(index)).warnings for index in range(len(data))] == [()] * len(data)
    wrong = open_images([real_data / "sr305"], replace(CAMERA_PRESETS["sr305"], unit_mm=1.0))
    assert "perhaps the unit is 0.125 mm" in " ".join(inspect(wrong.first).warnings)
    assert wrong.first.complaint


def test_the_warning_follows_the_theme(qtbot: QtBot) -> None:
    facts = InspectorFacts()
    qtbot.addWidget(facts)
    label = facts.warnings
    try:
        for name in ("dark", "light", "dark"):
            appearance.set_theme(name)
            qtbot.waitUntil(lambda is_dark=name == "dark": theme.is_dark(label.palette()) == is_dark, timeout=WAIT_MS)
            drawn = [label.palette().color(role) for role in (label.backgroundRole(), label.foregroundRole())]
            assert drawn == list(theme.warning(label.palette()))
    finally:
        appearance.set_theme("system")
