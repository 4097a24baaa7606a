"""Joints that are pulled beyond the latent's reach keep their place, in the window and in the label."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from app_helpers import WAIT_MS, unless_open
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from explorer_app.explore.frames.labels_dialog import LabelsDialog
from explorer_app.model.pose_error import to_joints_mm
from lsps_core.finetuning.labels import read_labels
from lsps_core.skeleton import HAND21

LEFT = Qt.MouseButton.LeftButton
TIP, WRIST = HAND21.joints.index("index_tip"), 0
FAR = QPoint(90, 70)


@pytest.fixture
def window(cleared_window):
    return cleared_window


@pytest.fixture
def path(tmp_path, store_path):
    return shutil.copy(store_path, tmp_path / "frames.h5")


@pytest.fixture
def shown(qtbot, window, open_and_wait, model_path, path):
    """A window with an encoded frame."""
    open_and_wait(*unless_open(window, model_path), path)
    qtbot.waitUntil(lambda: window.session.is_at_code, timeout=WAIT_MS)
    return window


def _px(panel, joint):
    dots, _, _ = panel.control.orbit.project(panel.control.points, panel.view.width(), panel.view.height())
    return QPointF(*dots[joint]).toPoint()


def _move(panel, position):
    there, button = QPointF(position), Qt.MouseButton.NoButton
    keys = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(
        panel.view, QMouseEvent(QEvent.Type.MouseMove, there, panel.view.mapToGlobal(there), button, button, keys)
    )


def _pull(qtbot, window, joint, move):
    panel = window.explore.skeleton
    start = _px(panel, joint)
    taken = panel.control.orbit.pick(panel.control.points, start.toTuple(), panel.view.width(), panel.view.height())
    qtbot.mousePress(panel.view, LEFT, pos=start)
    for share in (0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0):  # each move is a few steps of the search
        _move(panel, start + move * share)
    qtbot.mouseRelease(panel.view, LEFT, pos=start + move)
    return taken


def _place_mm(window, joint):
    return np.array(window.session.free_joints.places_mm[joint])


def test_a_joint_that_the_latent_does_not_reach_keeps_its_place_in_the_label(qtbot, shown, path):
    session, steps = shown.session, shown.session.undo_stack.count()
    joint = _pull(qtbot, shown, TIP, FAR)
    assert session.undo_stack.count() == steps + 1
    (miss,) = session.free_joints.misses.values()
    assert miss.mm > 5
    marks = shown.explore.skeleton.overlay.marks
    assert marks.free[joint].mm == pytest.approx(miss.mm)
    shown.explore.labelling.keep()
    labels = path.with_name("frames.labels.h5")
    qtbot.waitUntil(labels.exists, timeout=WAIT_MS)
    (label,) = read_labels(labels).values()
    latent_mm = to_joints_mm(session.pose, session.view.frame)
    np.testing.assert_allclose(label.frame.joints_mm[joint], _place_mm(shown, joint), atol=1e-3)
    others = np.arange(21) != joint
    np.testing.assert_allclose(label.frame.joints_mm[others], latent_mm[others], atol=1e-3)
    (name,) = label.reached_mm
    assert name == HAND21.joints[joint]
    np.testing.assert_allclose(label.reached_mm[name], latent_mm[joint], atol=1e-3)
    assert label.how == "pulled"
    assert f"misses 1 joint of it by up to {miss.mm:.0f} mm" in shown.strip.label.toolTip()


def test_undo_takes_latent_and_place_back_and_redo_brings_both(qtbot, shown):
    session, before = shown.session, shown.session.latent
    _pull(qtbot, shown, TIP, FAR)
    after, places = session.latent, session.free_joints.places_mm
    session.undo_stack.undo()
    assert (session.latent, session.free_joints.places_mm) == (before, {})
    session.undo_stack.redo()
    assert (session.latent, session.free_joints.places_mm) == (after, places)


def test_a_free_joint_is_grabbed_at_its_place_and_pulled_back_into_reach(qtbot, shown):
    joint = _pull(qtbot, shown, TIP, FAR)
    skeleton = shown.explore.skeleton
    latent_px, _, _ = skeleton.control.orbit.project(
        skeleton.figures()[0].points, skeleton.view.width(), skeleton.view.height()
    )
    back = QPointF(*latent_px[joint]).toPoint() - _px(skeleton, joint)
    assert back.manhattanLength() > 5
    _pull(qtbot, shown, joint, back)
    assert joint not in shown.session.free_joints.places_mm


def test_the_menu_releases_free_joints(qtbot, shown):
    release = shown.explore.skeleton.menu.release
    assert not release.isEnabled()
    _pull(qtbot, shown, TIP, FAR)
    release.trigger()
    assert not shown.session.free_joints.places_mm
    assert not release.isEnabled()
    _pull(qtbot, shown, WRIST, QPoint(2, 1))
    assert TIP not in shown.session.free_joints.places_mm
    shown.session.undo_stack.undo()
    shown.session.undo_stack.undo()
    assert shown.session.free_joints.places_mm


def test_another_frame_has_none_and_undo_gives_it_none(qtbot, shown):
    _pull(qtbot, shown, TIP, FAR)
    shown.session.set_index(1)
    qtbot.waitUntil(lambda: shown.session.view.index == 1, timeout=WAIT_MS)
    assert not shown.session.free_joints.places_mm
    while shown.session.undo_stack.canUndo():
        shown.session.undo_stack.undo()
    shown.session.undo_stack.redo()
    assert not shown.session.free_joints.places_mm


def test_escape_leaves_no_free_joint(qtbot, shown):
    panel, steps = shown.explore.skeleton, shown.session.undo_stack.count()
    start = _px(panel, TIP)
    qtbot.mousePress(panel.view, LEFT, pos=start)
    _move(panel, start + FAR)
    assert shown.session.free_joints.places_mm
    qtbot.keyClick(panel.view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(panel.view, LEFT, pos=start)
    assert not shown.session.free_joints.places_mm
    assert shown.session.undo_stack.count() == steps


def test_editing_a_label_goes_to_its_frame_and_shows_its_free_joints(qtbot, shown):
    session, labelling = shown.session, shown.explore.labelling
    joint = _pull(qtbot, shown, TIP, FAR)
    latent, place_mm = session.latent, _place_mm(shown, joint)
    labelling.keep()
    session.set_index(3)
    qtbot.waitUntil(lambda: session.view.index == 3 and session.is_at_code, timeout=WAIT_MS)
    dialog = LabelsDialog(labelling)
    qtbot.addWidget(dialog)
    dialog.show()
    row = dialog.list.topLevelItem(0)
    assert row.text(1) == "pulled"
    assert row.text(2).endswith(" mm")
    row.setSelected(True)
    dialog.edit_button.click()
    qtbot.waitUntil(lambda: session.view.index == 0 and session.latent == latent, timeout=WAIT_MS)
    np.testing.assert_allclose(_place_mm(shown, joint), place_mm, atol=1e-3)
    assert labelling.error_mm == pytest.approx(session.free_joints.misses[joint].mm / 21, abs=0.01)
    assert "off its label" in shown.strip.result.text()
    labelling.keep()
    assert labelling.current.how == "pulled"


def test_an_annotation_is_corrected_joint_by_joint(qtbot, shown):
    session, labelling = shown.session, shown.explore.labelling
    annotated_mm = session.view.frame.joints_mm
    shown.strip.label.annotation.trigger()
    np.testing.assert_allclose(session.free_joints.joints_mm, annotated_mm, atol=0.02)
    joint = _pull(qtbot, shown, TIP, QPoint(25, 0))
    labelling.keep()
    moved_mm = np.linalg.norm(labelling.current.frame.joints_mm - annotated_mm, axis=1)
    assert list(np.flatnonzero(moved_mm > 1)) == [joint]


def test_a_pose_that_is_right_is_confirmed_and_a_changed_one_is_not(qtbot, shown):
    labelling = shown.explore.labelling
    _pull(qtbot, shown, TIP, FAR)
    labelling.confirm()
    assert "press L to label the frame with it" in shown.messages.text
    assert labelling.current is None
    shown.session.undo_stack.undo()
    labelling.confirm()
    assert labelling.current.how == "read"
    assert "Confirmed" in shown.strip.label.toolTip()


def test_a_joint_that_was_pulled_stays_while_another_is_pulled(qtbot, shown):
    session, move = shown.session, QPoint(-30, 25)
    before = session.pose[TIP]
    _pull(qtbot, shown, WRIST, move)
    moved = np.linalg.norm(session.pose[TIP] - before)
    session.undo_stack.undo()
    _pull(qtbot, shown, TIP, QPoint(4, 3))
    before = session.pose[TIP]
    _pull(qtbot, shown, WRIST, move)
    assert np.linalg.norm(session.pose[TIP] - before) < 0.6 * moved
