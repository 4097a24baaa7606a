"""Labels: the shown pose of a frame, kept in a store beside the data, as an undo step."""

from __future__ import annotations

import shutil
import threading
import time

import numpy as np
import pytest
from app_helpers import WAIT_MS, unless_open
from PySide6.QtCore import Qt

from explorer_app.explore.frames.labels_dialog import LabelsDialog
from explorer_app.model.opening import ImageSettings
from explorer_app.model.pose_error import to_joints_mm
from explorer_app.session.labelling import DataLabels
from explorer_app.workers import in_order
from lsps_core.camera import Camera
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.finetuning.labels import read_labels


@pytest.fixture
def window(cleared_window):
    return cleared_window


@pytest.fixture
def path(tmp_path, store_path):
    """A store of its own: labels are written beside it."""
    return shutil.copy(store_path, tmp_path / "frames.h5")


@pytest.fixture
def labels_path(path):
    return path.with_name("frames.labels.h5")


@pytest.fixture
def labelling(qtbot, window, open_and_wait, model_path, path):
    """In an active window with an encoded frame."""
    open_and_wait(*unless_open(window, model_path), path)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.session.is_at_code, timeout=WAIT_MS)
    return window.explore.labelling


def names_on_disk(path):
    return list(read_labels(path))


@pytest.mark.usefixtures("labelling")
def test_a_key_keeps_the_shown_pose_and_undo_takes_it_back(qtbot, window, labels_path):
    session, tag = window.session, window.strip.label
    assert not tag.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: labels_path.exists(), timeout=WAIT_MS)
    (label,) = read_labels(labels_path).values()
    np.testing.assert_allclose(label.frame.joints_mm, to_joints_mm(session.pose, session.view.frame), rtol=1e-5)
    assert (label.how, label.name) == ("read", "frame 0")
    assert tag.isVisible()
    assert "Confirmed" in tag.toolTip()
    session.undo_stack.undo()
    qtbot.waitUntil(lambda: not labels_path.exists(), timeout=WAIT_MS)
    assert not tag.isVisible()
    session.undo_stack.redo()
    qtbot.waitUntil(lambda: labels_path.exists(), timeout=WAIT_MS)


def test_a_pose_moved_by_hand_replaces_the_label(qtbot, window, labelling, labels_path):
    labelling.keep()
    window.session.set_latent(window.session.latent.with_value(3, 1.5), "slider")
    labelling.keep()
    qtbot.waitUntil(lambda: [each.how for each in read_labels(labels_path).values()] == ["changed"], timeout=WAIT_MS)


def test_labels_are_read_again_with_their_data(qtbot, window, labelling, labels_path, open_and_wait, path, store_path):
    labelling.keep()
    window.session.set_index(2)
    qtbot.waitUntil(lambda: window.session.view.index == 2, timeout=WAIT_MS)
    assert labelling.current is None
    labelling.keep()
    qtbot.waitUntil(lambda: names_on_disk(labels_path) == ["frame 0", "frame 2"], timeout=WAIT_MS)
    open_and_wait(store_path)
    assert not labelling.labels
    open_and_wait(path)
    qtbot.waitUntil(lambda: list(labelling.labels) == ["frame 0", "frame 2"], timeout=WAIT_MS)


def test_a_label_of_data_that_is_no_longer_open_is_undone_in_its_own_store(
    qtbot, window, labelling, labels_path, open_and_wait, path, store_path
):
    labelling.keep()
    qtbot.waitUntil(labels_path.exists, timeout=WAIT_MS)
    open_and_wait(store_path)
    open_and_wait(path)
    assert list(labelling.labels) == ["frame 0"]
    open_and_wait(store_path)
    while window.session.undo_stack.canUndo():
        window.session.undo_stack.undo()
    qtbot.waitUntil(lambda: not labels_path.exists(), timeout=WAIT_MS)


def test_the_list_shows_a_pose_again_and_removes_labels(qtbot, window, labelling, labels_path):
    before = window.session.latent
    labelling.keep()
    dialog = LabelsDialog(labelling)
    qtbot.addWidget(dialog)
    dialog.show()
    assert str(labels_path) in dialog.where.text()
    assert not dialog.remove_button.isEnabled()
    window.session.set_latent(before.with_value(0, 2.0), "slider")
    dialog.list.topLevelItem(0).setSelected(True)
    dialog.edit_button.click()
    assert window.session.latent == before
    dialog.remove_button.click()
    assert dialog.list.topLevelItemCount() == 0
    qtbot.waitUntil(lambda: not labels_path.exists(), timeout=WAIT_MS)


def test_the_list_keeps_the_rows_of_labels_that_do_not_change(qtbot, window, labelling):
    labelling.keep()
    dialog = LabelsDialog(labelling)
    qtbot.addWidget(dialog)
    first = dialog.list.topLevelItem(0)
    window.session.set_index(1)
    qtbot.waitUntil(lambda: window.session.view.index == 1 and not window.background.is_busy, timeout=WAIT_MS)
    labelling.keep()
    assert [dialog.list.topLevelItem(row).text(0) for row in range(2)] == ["frame 0", "frame 1"]
    assert dialog.list.topLevelItem(0) is first
    window.session.set_latent(window.session.latent.with_value(0, 2.0), "slider")
    labelling.keep()
    assert [dialog.list.topLevelItem(row).text(1) for row in range(2)] == ["confirmed", "by sliders"]
    window.session.undo_stack.undo()
    assert dialog.list.topLevelItem(1).text(1) == "confirmed"


def test_what_cannot_be_labelled_is_said(window, labelling, labels_path):
    window.session.set_domain_choice("synthetic")
    labelling.keep()
    assert "labels are for real frames" in window.messages.text
    assert not labels_path.exists()


def test_another_file_in_the_place_of_the_labels_stays(
    qtbot, window, labels_path, open_and_wait, model_path, path, store_path
):
    shutil.copy(store_path, labels_path)
    open_and_wait(*unless_open(window, model_path), path)
    qtbot.waitUntil(lambda: "holds frames, but no labels" in window.messages.text, timeout=WAIT_MS)
    window.explore.labelling.keep()
    assert "holds frames, but no labels" in window.messages.text
    assert labels_path.read_bytes() == store_path.read_bytes()


def test_nothing_is_lost_where_labels_cannot_be_written(qtbot, window, labelling, labels_path):
    labels_path.mkdir()
    labelling.keep()
    qtbot.waitUntil(lambda: "kept in this window" in window.messages.text, timeout=WAIT_MS)
    assert len(labelling.labels) == 1
    labels_path.rmdir()
    window.session.set_index(1)
    qtbot.waitUntil(lambda: window.session.view.index == 1, timeout=WAIT_MS)
    labelling.keep()
    qtbot.waitUntil(lambda: labels_path.exists() and len(names_on_disk(labels_path)) == 2, timeout=WAIT_MS)


def test_a_flipped_image_is_labelled_with_its_camera_beside_its_file(
    qtbot, window, open_and_wait, model_path, image_path, tmp_path
):
    path = shutil.copy(image_path, tmp_path / "hand.npy")
    camera = Camera(fx=475.0, fy=475.0, cx=300.0, cy=240.0)
    open_and_wait(model_path, path, settings=ImageSettings(camera=camera, is_mirrored=True))
    qtbot.waitUntil(lambda: window.session.is_at_code, timeout=WAIT_MS)
    window.explore.labelling.keep()
    beside = tmp_path / "hand.labels.h5"
    qtbot.waitUntil(beside.exists, timeout=WAIT_MS)
    (label,) = read_labels(beside).values()
    assert label.camera == FrameCamera.flipped(camera, 640)
    assert label.name == "hand.npy"


def test_the_window_does_not_wait_for_the_disk(qtbot, labelling, labels_path, monkeypatch):
    gate, write = threading.Event(), DataLabels.write

    def wait(of: DataLabels) -> None:
        gate.wait(WAIT_MS / 1000)
        write(of)

    monkeypatch.setattr(DataLabels, "write", wait)
    monkeypatch.setattr(in_order, "_AT_ONCE_S", WAIT_MS / 1000)
    started_s = time.monotonic()
    labelling.keep()
    is_at_once = time.monotonic() - started_s < WAIT_MS / 2000
    gate.set()
    qtbot.waitUntil(labels_path.exists, timeout=WAIT_MS)
    assert is_at_once
