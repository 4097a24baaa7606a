"""Samples of the prior in a grid, and the frame that is nearest to one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from app_helpers import FRAME_COUNT, WAIT_MS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer_app.explore.gallery.grid import PAGE, SAMPLE_ROLE
from explorer_app.explore.model.prior_samples import draw, find_nearest, nearest
from explorer_app.model.hand.model import HandModel
from explorer_app.model.open_data import open_store
from explorer_app.shell.main_window import MainWindow


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def _open_gallery(qtbot: QtBot, window: MainWindow, *paths: Path) -> None:
    window.open_paths(paths)
    _settle(qtbot, window)
    window.docks["Gallery"].raise_()
    qtbot.waitUntil(lambda: window.gallery.grid.samples.rowCount() == PAGE, timeout=WAIT_MS)
    _settle(qtbot, window)


def test_a_batch_is_what_each_sample_is_alone(model: HandModel) -> None:
    for sample in draw(model, range(5, 8), 0.7):
        assert sample.code == model.sample(sample.seed, 0.7)
        alone = model.decode(sample.code)
        np.testing.assert_allclose(sample.pictures.real, alone.real, atol=0.05)
        np.testing.assert_allclose(sample.pictures.synthetic, alone.synthetic, atol=0.05)
        np.testing.assert_array_equal(sample.pose, model.decode_pose(sample.code))


def test_nearest_is_the_least_mean_distance() -> None:
    poses = np.random.default_rng(0).normal(size=(50, 21, 3))
    poses[7, :5] = np.nan
    poses[8] = np.nan
    for index in (0, 7, 49):
        pose = np.nan_to_num(poses[index]) + np.array([0.01, 0, 0])
        found, distance = nearest(pose, poses)
        assert found == index
        assert distance == pytest.approx(0.01)
    assert nearest(poses[0], poses[8:9])[0] is None


def test_the_nearest_frame_of_a_store_is_found_in_mm(model: HandModel, store_path: Path) -> None:
    data = open_store(store_path).data
    pose = data.poses[3] + np.float32([0.02, 0, 0])
    found = find_nearest(pose, model, data)
    assert found.view.index == 3
    assert found.distance_mm == pytest.approx(0.02 * model.half_mm, rel=1e-3)
    data.close()


def test_nothing_is_drawn_while_nobody_looks(qtbot: QtBot, window: MainWindow, model_path: Path) -> None:
    window.open_paths([model_path])
    _settle(qtbot, window)
    assert window.gallery.grid.samples.rowCount() == 0
    _open_gallery(qtbot, window)
    samples = window.gallery.grid.samples
    assert samples.rowCount() == PAGE
    assert all(samples.index(row).data(SAMPLE_ROLE).seed == row for row in range(PAGE))


def test_another_prior_draws_the_gallery_and_random_walks_anew(
    qtbot: QtBot, window: MainWindow, fitted_model_path: Path
) -> None:
    _open_gallery(qtbot, window, fitted_model_path)
    session = window.session
    for prior in ("fitted", "normal"):
        session.set_prior(prior)
        _settle(qtbot, window)
        sample = window.gallery.grid.samples.index(PAGE - 1).data(SAMPLE_ROLE)
        assert sample.code == session.model.sample(PAGE - 1, prior=prior)
        window.walk.random.click()
        assert session.walk.keyframes[2] == session.model.sample(2, prior=prior)
    assert session.model.sample(2, prior="fitted") != session.model.sample(2, prior="normal")


def test_click_and_enter_take_a_sample(qtbot: QtBot, window: MainWindow, model_path: Path) -> None:
    _open_gallery(qtbot, window, model_path)
    grid, session = window.gallery.grid, window.session
    place = grid.visualRect(grid.samples.index(4)).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.latent == session.model.sample(4)
    assert session.undo_stack.undoText() == "sample 4"
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert session.latent == session.model.sample(4)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert session.latent == session.model.sample(5)
    session.undo_stack.undo()
    assert session.latent == session.model.sample(4)
    _settle(qtbot, window)


def test_pages_seed_and_temperature(qtbot: QtBot, window: MainWindow, model_path: Path) -> None:
    _open_gallery(qtbot, window, model_path)
    gallery, model = window.gallery, window.session.model
    assert not gallery.back.isEnabled()
    gallery.more.click()
    _settle(qtbot, window)
    assert gallery.seed.value() == PAGE
    gallery.temperature.setValue(0.5)
    _settle(qtbot, window)
    assert gallery.grid.samples.index(1).data(SAMPLE_ROLE).code == model.sample(PAGE + 1, 0.5)
    gallery.back.click()
    _settle(qtbot, window)
    assert gallery.grid.samples.index(0).data() == "sample 0"
    QApplication.processEvents()


def test_the_nearest_frame_stands_beside_and_is_gone_to(
    qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path
) -> None:
    _open_gallery(qtbot, window, model_path)
    gallery = window.gallery
    gallery.grid.setCurrentIndex(gallery.grid.samples.index(2))
    assert "Open a store" in gallery.nearest_text.text()
    window.open_paths([store_path])
    _settle(qtbot, window)
    sample, data = gallery.grid.currentIndex().data(SAMPLE_ROLE), window.session.data
    expected = find_nearest(sample.pose, window.session.model, data)
    text = gallery.nearest_text.text()
    assert f"{expected.distance_mm:.1f} mm" in text
    assert f"frame {expected.view.index + 1} of {FRAME_COUNT}" in text
    assert "simulated" in text
    assert "frames.h5" in text
    window.session.set_index((expected.view.index + 1) % FRAME_COUNT)
    _settle(qtbot, window)
    gallery.open_nearest.click()
    _settle(qtbot, window)
    assert window.session.index == expected.view.index


def test_a_store_without_annotation_says_so(
    qtbot: QtBot, window: MainWindow, model_path: Path, image_path: Path
) -> None:
    _open_gallery(qtbot, window, model_path)
    window.opener.open_paths([image_path], window.preferences.image_settings)
    _settle(qtbot, window)
    window.gallery.grid.setCurrentIndex(window.gallery.grid.samples.index(0))
    _settle(qtbot, window)
    assert window.session.data is None or "no annotated joints" in window.gallery.nearest_text.text()


def test_another_model_draws_its_own(
    qtbot: QtBot, window: MainWindow, model_path: Path, other_model_path: Path
) -> None:
    _open_gallery(qtbot, window, model_path)
    before = window.gallery.grid.samples.index(0).data(SAMPLE_ROLE)
    window.open_paths([other_model_path])
    _settle(qtbot, window)
    after = window.gallery.grid.samples.index(0).data(SAMPLE_ROLE)
    assert not np.array_equal(before.pose, after.pose)
