"""Two methods on the same data: another model by a process, its results, or published predictions."""

from __future__ import annotations

import shutil
from functools import partial

import numpy as np
import pytest
from app_helpers import WAIT_MS, write_model
from failure_helpers import results, table
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from explorer_app.inspect.curve_picture import Curve, CurvePicture
from explorer_app.inspect.model import comparison, stored_results
from explorer_app.widgets.plot_colours import PlotColours
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import protocols, published
from lsps_core.evaluation.about import Reading


def settle(qtbot, window):
    panel = window.inspect.comparison
    qtbot.waitUntil(lambda: not window.background.is_busy and panel.job is None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


@pytest.fixture(scope="module")
def show_own(request, model_path, store_path, evaluations_path):
    """Shows the open model's own results in a window."""
    return partial(show_own_results, QtBot(request), model_path, store_path, evaluations_path)


def show_own_results(qtbot, model_path, store_path, evaluations_path, window):
    shutil.copytree(evaluations_path, model_path.parent / "evaluations", dirs_exist_ok=True)
    window.inspect.references.choose([store_path])  # fewer than the bundled samples
    window.open_paths([model_path, store_path])
    window.workspaces.go("Inspect")
    settle(qtbot, window)
    window.evaluate()
    qtbot.waitUntil(lambda: window.evaluation.is_complete and not window.background.is_busy, timeout=WAIT_MS)
    window.docks["Compare"].raise_()
    settle(qtbot, window)
    return window.failures.table


@pytest.fixture(scope="module")
def own_table(shared_window, show_own):
    return show_own(shared_window)


@pytest.fixture
def comparing(qtbot, shared_window, own_table):
    """A window with these results, compared with none, and none selected."""
    shared_window.failures.set_table(own_table)
    shared_window.failures.select([])
    settle(qtbot, shared_window)
    return shared_window


@pytest.fixture
def evaluated(comparing):
    return comparing.inspect.comparison


def test_there_is_nothing_to_compare_before_an_evaluation(comparing):
    panel = comparing.inspect.comparison
    comparing.failures.set_table(None)
    assert not panel.open.isEnabled()
    assert panel.pages.currentWidget() is panel.first_step


def test_another_model_is_evaluated_and_the_second_time_is_there(qtbot, comparing, evaluated, other_model_path):
    QTest.mouseClick(evaluated.open, Qt.MouseButton.LeftButton)
    dialog = evaluated.findChild(QFileDialog)
    dialog.filesSelected.emit([str(other_model_path)])
    dialog.close()
    qtbot.waitUntil(lambda: evaluated.comparison is not None, timeout=WAIT_MS)
    settle(qtbot, comparing)
    comparison = evaluated.comparison
    assert (comparison.own_name, comparison.other_name) == ("tiny", "other")
    assert comparison.frame_count == 5
    assert [curve.name.split()[0] for curve in evaluated.curves.curves] == ["tiny", "other"]
    gaps = np.abs(comparison.own_mm - comparison.other_mm)
    assert (np.diff(gaps) <= 0).all()
    evaluated.compare_with(other_model_path)
    settle(qtbot, comparing)
    assert evaluated.job is None
    assert evaluated.comparison is not comparison
    np.testing.assert_array_equal(evaluated.comparison.frames, comparison.frames)


def test_several_rivals_have_curves_and_one_the_table(
    qtbot, comparing, evaluated, other_model_path, store_path, model, tmp_path
):
    path = tmp_path / "others.txt"
    with FrameStore(store_path) as store:
        labels = published.labels_of(store, protocols.choose(model.skeleton, store.camera, None))
    published.write(path, labels.uvd)
    for rival in (other_model_path, path):
        evaluated.compare_with(rival)
        qtbot.waitUntil(lambda rival=rival: rival in evaluated.rivals, timeout=WAIT_MS)
        settle(qtbot, comparing)
    assert [curve.name.split()[0] for curve in evaluated.curves.curves] == ["tiny", "other", "others"]
    assert len({curve.colour for curve in evaluated.curves.curves}) == 3
    assert evaluated.comparison.other_name == "others"
    evaluated.rival.setCurrentIndex(0)
    assert evaluated.comparison is evaluated.rivals[other_model_path]
    assert evaluated.table.rows.headerData(2, Qt.Orientation.Horizontal) == "other"
    evaluated.compare_with(tmp_path / "missing.txt")
    settle(qtbot, comparing)
    assert "missing.txt" in evaluated.line.text()
    assert len(evaluated.rivals) == 2  # what cannot be read changes nothing
    QTest.mouseClick(evaluated.remove, Qt.MouseButton.LeftButton)
    assert list(evaluated.rivals) == [path]
    assert len(evaluated.curves.curves) == 2


def test_a_row_shows_its_frame_and_is_selected_in_all_views(qtbot, comparing, evaluated, other_model_path):
    evaluated.compare_with(other_model_path)
    qtbot.waitUntil(lambda: evaluated.comparison is not None, timeout=WAIT_MS)
    settle(qtbot, comparing)
    rows, frames = evaluated.table, evaluated.comparison.frames
    at = rows.visualRect(rows.model().index(2, 1)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert comparing.failures.selection.tolist() == [frames[2]]
    assert comparing.session.index == frames[2]
    comparing.failures.select([int(frames[0]), int(frames[1])])
    assert sorted(index.row() for index in rows.selectionModel().selectedRows()) == [0, 1]
    assert comparing.session.index == frames[2]


def test_published_predictions_are_paired_by_their_names(qtbot, comparing, evaluated, store_path, model, tmp_path):
    path = tmp_path / "others.txt"
    with FrameStore(store_path) as store:
        protocol = protocols.choose(model.skeleton, store.camera, None)
        labels = published.labels_of(store, protocol)
    published.write(path, labels.uvd)
    evaluated.compare_with(path)
    settle(qtbot, comparing)
    comparison = evaluated.comparison
    assert comparison.other_name == "others"
    assert comparison.other_mean_mm == pytest.approx(0, abs=0.05)
    own = comparing.failures.table.numbers("mean_mm")[comparison.frames]
    np.testing.assert_allclose(comparison.own_mm, own, rtol=1e-4)


def test_a_file_that_cannot_be_used_is_said_in_one_line(qtbot, comparing, evaluated, tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("these are words\n")
    evaluated.compare_with(path)
    settle(qtbot, comparing)
    assert evaluated.comparison is None
    assert "words.txt" in evaluated.line.text()
    assert evaluated.open.isEnabled()


def test_a_model_that_is_none_is_said(qtbot, comparing, evaluated, tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"nothing")
    evaluated.compare_with(path)
    settle(qtbot, comparing)
    assert "broken.safetensors" in evaluated.line.text()


def test_closing_ends_the_process(qtbot, window, show_own, tmp_path):
    show_own(window)
    evaluated = window.inspect.comparison
    path = write_model(tmp_path / "third.safetensors", seed=3)
    evaluated.compare_with(path)
    qtbot.waitUntil(lambda: evaluated.job is not None, timeout=WAIT_MS)
    job = evaluated.job
    window.close()
    assert evaluated.job is None
    assert not job.is_running


def test_only_frames_and_joints_that_both_have_count():
    rows = table(6)
    other = rows.results.errors_mm + 10
    other[0] = np.nan
    other[1, :20] = np.nan
    found = comparison.compare(rows, other, "others")
    assert found.frame_count == 5
    assert 0 not in found.frames
    np.testing.assert_allclose(found.other_mm - found.own_mm, 10, rtol=1e-4)


def test_another_model_is_read_as_the_table_was(other_model_path, store_path, tmp_path):
    found = comparison.look_for(table(5, turns=8), other_model_path, store_path, tmp_path, "cpu", True)
    assert found.about.reading == Reading(turns=8)
    assert " ".join(stored_results.options(found)) == f"--out {found.path} --turns 8 --json"


def test_names_say_how_the_frames_were_read(tmp_path):
    results(4, is_fitted=True).save(tmp_path / "fitted.npz")
    found = comparison.with_results(table(4, turns=8), tmp_path / "fitted.npz")
    assert (found.own_name, found.other_name) == ("tiny (8 turns)", "tiny (fitted)")


def test_names_that_do_not_fit_beside_each_other_are_all_drawn(qtbot):
    picture = CurvePicture("mm", "%", "Curves")
    qtbot.addWidget(picture)
    picture.resize(240, 150)
    picture.top, along = 100.0, np.linspace(0, 1, 2)
    picture.show_curves([Curve("the long name of a model of hands", along, 0 * along, place) for place in range(2)])
    image, colours = picture.grab().toImage(), PlotColours(picture.palette()).curves
    above = image.height() - picture.fontMetrics().height() - 10  # the curves are at the bottom
    drawn = {image.pixelColor(x, y).rgb() for x in range(image.width()) for y in range(above)}
    assert {colour.rgb() for colour in colours[:2]} <= drawn


def test_curves_that_are_all_zero_are_drawn(qtbot):
    picture, along = CurvePicture("mm", "%", "Curves"), np.linspace(0, 1, 2)
    qtbot.addWidget(picture)
    picture.show_curves([Curve("none", along, 0 * along)])
    assert not picture.grab().isNull()


def test_nothing_in_common_is_an_error():
    rows = table(4, is_annotated=False)
    with pytest.raises(ValueError, match="no annotated frame in common"):
        comparison.compare(rows, rows.results.errors_mm, "others")


def test_results_of_other_data_do_not_compare(tmp_path):
    from dataclasses import replace

    mine = results(4)
    other = replace(mine, about=replace(mine.about, data="elsewhere", data_digest="1"))
    other.save(tmp_path / "other.npz")
    with pytest.raises(ValueError, match="elsewhere"):
        comparison.with_results(table(4), tmp_path / "other.npz")
