"""Labels to and from files, in the window."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from app_helpers import WAIT_MS, unless_open
from PySide6.QtWidgets import QFileDialog

from explorer_app.explore.frames.labels_dialog import LabelsDialog


@pytest.fixture
def window(cleared_window):
    return cleared_window


@pytest.fixture
def path(tmp_path, store_path):
    return shutil.copy(store_path, tmp_path / "frames.h5")


@pytest.fixture
def labelling(qtbot, window, open_and_wait, model_path, path):
    """Of a window with labels of two frames; the first is a corrected annotation."""
    open_and_wait(*unless_open(window, model_path), path)
    session, labelling = window.session, window.explore.labelling
    qtbot.waitUntil(lambda: session.is_at_code, timeout=WAIT_MS)
    labelling.editing.show_annotation()
    places = dict(session.free_joints.places_mm)
    x, y, z = places[4]
    session.free_joints.edit(session.free_joints.places_mm, places | {4: (x + 9, y, z)}, "move")
    labelling.keep()
    session.set_index(2)
    qtbot.waitUntil(lambda: session.view.index == 2 and session.is_at_code, timeout=WAIT_MS)
    labelling.keep()
    return labelling


@pytest.fixture
def dialog(qtbot, labelling):
    dialog = LabelsDialog(labelling)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def places_of(labelling):
    return {name: label.frame.joints_mm for name, label in labelling.labels.items()}


def test_labels_go_out_and_come_back(qtbot, window, labelling, tmp_path):
    for kind, name in (("coco", "a.json"), ("patch", "p.json"), ("store", "b.h5")):
        check_out_and_back(qtbot, window, labelling, tmp_path / name, kind)


def check_out_and_back(qtbot, window, labelling, out, kind):
    before = places_of(labelling)
    labelling.files.write(out, kind)
    qtbot.waitUntil(out.exists, timeout=WAIT_MS)
    labelling.remove_labels(list(before))
    steps = window.session.undo_stack.count()
    labelling.files.read(out)
    qtbot.waitUntil(lambda: len(labelling.labels) == 2, timeout=WAIT_MS)
    for frame, joints_mm in places_of(labelling).items():
        np.testing.assert_allclose(joints_mm, before[frame], atol=0.01)
    assert window.session.undo_stack.count() == steps + 1
    window.session.undo_stack.undo()
    assert not labelling.labels
    window.session.undo_stack.undo()
    assert places_of(labelling).keys() == before.keys()


def test_a_patch_has_the_joint_that_was_moved(qtbot, labelling, tmp_path):
    out = tmp_path / "p.json"
    labelling.files.write(out, "patch")
    qtbot.waitUntil(out.exists, timeout=WAIT_MS)
    first = json.loads(out.read_text())["frames"][0]
    moved_mm = np.linalg.norm(np.array(first["new"]) - np.array(first["old"]), axis=1)
    assert list(np.flatnonzero(moved_mm > 0.05)) == [4]
    assert moved_mm[4] == pytest.approx(9, abs=0.05)


def test_the_dialog_exports_and_imports(qtbot, labelling, dialog, tmp_path):
    assert dialog.export_actions["patch"].isEnabled()
    dialog.export_actions["coco"].trigger()
    (chooser,) = dialog.findChildren(QFileDialog)
    chooser.filesSelected.emit([str(tmp_path / "labels.json")])
    chooser.reject()
    qtbot.waitUntil((tmp_path / "labels.json").exists, timeout=WAIT_MS)
    labelling.remove_labels(list(labelling.labels))
    assert not dialog.export_button.isEnabled()
    dialog.import_button.click()
    chooser = dialog.findChildren(QFileDialog)[-1]
    chooser.filesSelected.emit([str(tmp_path / "labels.json")])
    chooser.reject()
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() == 2, timeout=WAIT_MS)
    assert dialog.list.topLevelItem(0).text(1) == "imported"


def test_a_bad_file_is_one_line_and_changes_nothing(qtbot, window, labelling, tmp_path):
    before, path = places_of(labelling), tmp_path / "bad.json"
    path.write_text("{}")
    labelling.files.read(path)
    qtbot.waitUntil(lambda: "bad.json has no keypoints" in window.messages.text, timeout=WAIT_MS)
    assert places_of(labelling).keys() == before.keys()


def test_labels_of_other_frames_are_left_out_and_counted(qtbot, window, labelling, tmp_path):
    out = tmp_path / "a.json"
    labelling.files.write(out, "coco")
    qtbot.waitUntil(out.exists, timeout=WAIT_MS)
    about = json.loads(out.read_text())
    about["images"][1]["file_name"] = "elsewhere"
    out.write_text(json.dumps(about))
    labelling.remove_labels(list(labelling.labels))
    labelling.files.read(out)
    qtbot.waitUntil(lambda: "1 of 2 labels in a.json" in window.messages.text, timeout=WAIT_MS)
    assert list(labelling.labels) == ["frame 0"]


def test_export_never_replaces_frames(qtbot, window, labelling, tmp_path, store_path):
    other = shutil.copy(store_path, tmp_path / "other.h5")
    labelling.files.write(other, "store")
    qtbot.waitUntil(lambda: "holds frames, but no labels" in window.messages.text, timeout=WAIT_MS)
    assert other.read_bytes() == store_path.read_bytes()


def test_the_label_that_is_edited_without_a_change_keeps_how_it_was_made(qtbot, window, labelling):
    labelling.editing.edit("frame 0")
    qtbot.waitUntil(lambda: window.session.view.index == 0 and labelling.editing.how is not None, timeout=WAIT_MS)
    how = labelling.current.how
    before = labelling.current.frame.joints_mm
    labelling.keep()
    assert labelling.current.how == how
    np.testing.assert_allclose(labelling.current.frame.joints_mm, before, atol=1e-3)


@pytest.mark.usefixtures("labelling")
def test_the_list_stays_open_beside_the_window_and_there_is_one(window):
    controls = window.strip.label
    controls.list.trigger()
    dialog = controls.dialog
    assert not dialog.isModal()
    controls.list.trigger()
    assert controls.dialog is dialog
    dialog.reject()
    assert controls.dialog is None


def test_a_label_is_shown_by_another_model_with_its_joints(qtbot, window, labelling, open_and_wait, other_model_path):
    session, label = window.session, labelling.labels["frame 2"]
    open_and_wait(other_model_path)
    labelling.editing.edit("frame 2")
    qtbot.waitUntil(lambda: labelling.editing.how is not None, timeout=WAIT_MS)
    assert session.latent.values != label.latent
    np.testing.assert_allclose(session.free_joints.joints_mm, label.frame.joints_mm, atol=0.02)
