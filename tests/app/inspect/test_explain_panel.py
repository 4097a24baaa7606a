"""Reasons for a failure: what is near it among other frames, and the walk to its true pose."""

from __future__ import annotations

import numpy as np
import pytest
from app_helpers import WAIT_MS, write_store
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from explorer_app.inspect.explain.panel import BUNDLED, CHOOSE, THIS_DATA
from explorer_app.inspect.model import reference
from explorer_app.model.opening import ImageSettings
from lsps_core.camera import Camera

STEP = 7


@pytest.fixture
def alone(qtbot, window, model_path, store_path):
    """Held against the opened data, which takes less time than the bundled samples."""
    return explain(qtbot, window, model_path, store_path)


@pytest.fixture(scope="module")
def explaining(request, shared_window, model_path, store_path):
    """Such a window for the tests that leave data and references as they are."""
    explain(QtBot(request), shared_window, model_path, store_path)
    return shared_window


@pytest.fixture
def shown(qtbot, explaining):
    """At the first frame and its code."""
    session = explaining.session
    session.set_index(0)
    session.want_encoding()
    settle(qtbot, explaining)
    return explaining


@pytest.fixture
def panel(shown):
    return shown.inspect.explain


def explain(qtbot, window, *paths):
    window.inspect.references.choose([paths[1]])
    window.workspaces.go("Inspect")
    window.docks["Explain"].raise_()
    window.open_paths(paths)
    settle(qtbot, window)
    return window.inspect.explain


def settle(qtbot, window):
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def test_the_nearest_poses_leave_the_frame_itself_out(panel, store_path):
    assert [each.path for each in panel.neighbours.neighbours] == [store_path] * 4
    assert 0 not in [each.index for each in panel.neighbours.neighbours]
    distances = [each.distance_mm for each in panel.neighbours.neighbours]
    assert distances == sorted(distances)
    assert "true pose" in panel.heading.text()


def test_another_frame_has_other_neighbours(qtbot, shown, panel):
    before = [each.index for each in panel.neighbours.neighbours]
    shown.session.set_index(2)
    settle(qtbot, shown)
    assert 2 not in [each.index for each in panel.neighbours.neighbours]
    assert [each.index for each in panel.neighbours.neighbours] != before


def test_walking_previews_and_keeping_can_be_undone(shown, panel):
    session, walk = shown.session, panel.truth
    start = session.latent
    walk.slider.setValue(STEP)
    assert session.latent == walk.codes[STEP]
    assert session.pose is not None
    before = session.undo_stack.count()
    QTest.mouseClick(walk.keep, Qt.MouseButton.LeftButton)
    assert session.undo_stack.count() == before + 1
    session.undo_stack.undo()
    assert session.latent == start
    assert walk.slider.value() == 0


def test_the_slider_follows_the_latent_without_moving_it(shown, panel):
    session, walk = shown.session, panel.truth
    session.set_latent(walk.codes[STEP])
    assert walk.slider.value() == STEP
    elsewhere = session.latent.with_value(0, 1.234)
    session.set_latent(elsewhere)
    assert session.latent == elsewhere
    assert "off the walk" in walk.line.text()


def test_the_walk_goes_from_the_code_to_the_truth(shown, panel):
    walk = panel.truth.walk
    assert panel.truth.codes[0] == shown.session.encoding.code
    assert walk.errors_mm[0] == pytest.approx(shown.session.error_mm, rel=1e-3)
    assert len(panel.truth.curve.curves[0].y) == len(walk.errors_mm)


def test_few_codes_tell_no_density(panel):
    assert "Too few" in panel.density.text()


def test_a_store_with_enough_codes_tells_one(qtbot, window, alone, tmp_path):
    panel = alone
    other = write_store(tmp_path / "training.h5", 20)
    panel.choice.setCurrentText(CHOOSE)
    panel.choice.textActivated.emit(CHOOSE)
    dialog = panel.findChild(QFileDialog)
    assert panel.choice.currentText() == THIS_DATA  # until something is chosen
    dialog.filesSelected.emit([str(other)])
    dialog.close()
    settle(qtbot, window)
    assert "sparser around its code than" in panel.density.text()
    assert {each.path for each in panel.neighbours.neighbours} == {other}
    assert "training.h5" in panel.choice.currentText()
    panel.choice.textActivated.emit(THIS_DATA)
    settle(qtbot, window)
    assert panel.choice.currentText() == THIS_DATA


def test_a_file_that_is_no_store_is_said(qtbot, window, alone, tmp_path):
    panel = alone
    path = tmp_path / "no store.h5"
    path.write_text("nothing")
    panel.compare_with_stores([path])
    settle(qtbot, window)
    assert "no store.h5" in panel.progress.text()


def test_images_are_no_reference(window, alone, image_path, open_and_wait, qtbot):
    panel = alone
    open_and_wait(image_path, settings=ImageSettings(camera=Camera(fx=475, fy=475, cx=320, cy=240)))
    panel.choice.textActivated.emit(THIS_DATA)
    settle(qtbot, window)
    assert panel.choice.currentText() != THIS_DATA
    assert panel.truth.walk is None
    assert "not annotated" in panel.truth.curve.placeholder


def test_the_samples_are_the_first_choice(window):
    assert window.inspect.explain.choice.currentText() == BUNDLED
    assert {path.name for path in window.inspect.references.paths} == {"sensor.h5", "synthetic.h5"}


def test_codes_of_a_reference_are_those_of_its_frames(model, store_path):
    opened = reference.open_reference(store_path, model)
    while not opened.is_complete:
        opened = reference.encode_more(opened, model)
    from lsps_core.data.store import FrameStore

    with FrameStore(store_path) as store:
        expected = [model.encode(store.frame(index), "real").code for index in range(len(store))]
    found = [model.scale.to_code(code) for code in opened.codes]
    np.testing.assert_allclose([code.values for code in found], [code.values for code in expected], atol=1e-3)


def test_sparsity_as_a_percentile():
    assert reference.sparser_than_percent(5, np.array([1, 2, 3, 9])) == 75


def test_reasons_of_a_frame_that_is_gone_are_not_shown(qtbot, window, alone):
    panel = alone
    panel.hide()
    panel.show()  # which asks for the reasons of this frame
    heading = panel.heading.text()
    panel.hide()
    window.session.clear_view()
    settle(qtbot, window)
    assert panel.heading.text() == heading
