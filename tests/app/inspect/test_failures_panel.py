"""Evaluate, sort, filter, select, tag, export: the whole way with real processes, and the table in both directions."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from app_helpers import WAIT_MS, write_store
from failure_helpers import table as failure_table
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from explorer_app.inspect.model.failure_table import COLUMNS, FailureTable
from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.model.stored_results import FITTED, ONCE, TURNED
from explorer_app.model.colours import FINGER_COLOURS
from explorer_app.shell.main_window import MainWindow
from lsps_core.cli import main

MEAN = COLUMNS.index("mean_mm")


@pytest.fixture
def opened(tmp_path: Path, model_path: Path, store_path: Path, open_and_wait, window: MainWindow) -> MainWindow:
    """A window with copies of a model and a store, beside which it may write."""
    window.inspect.references.choose([store_path])  # fewer than the bundled samples
    open_and_wait(shutil.copy(model_path, tmp_path / "tiny.safetensors"), write_store(tmp_path / "frames.h5"))
    return window


@pytest.fixture
def evaluated_alone(qtbot: QtBot, opened: MainWindow, evaluations_path: Path) -> MainWindow:
    """It has been evaluated before, so no process starts."""
    shutil.copytree(evaluations_path, opened.session.model.path.parent / "evaluations")
    evaluate(qtbot, opened)
    return opened


@pytest.fixture(scope="module")
def evaluated_table(
    request: pytest.FixtureRequest, shared_window: MainWindow, evaluations_path: Path, tmp_path_factory
) -> FailureTable:
    """That of such a window, which tests share that leave model, data and tags as they are."""
    qtbot, folder = QtBot(request), tmp_path_factory.mktemp("evaluated")
    shutil.copytree(evaluations_path.parent, folder, dirs_exist_ok=True)
    shared_window.inspect.references.choose([folder / "frames.h5"])
    shared_window.open_paths([folder / "tiny.safetensors", folder / "frames.h5"])
    settle(qtbot, shared_window)
    evaluate(qtbot, shared_window)
    return shared_window.failures.table


@pytest.fixture
def evaluated(qtbot: QtBot, shared_window: MainWindow, evaluated_table: FailureTable) -> MainWindow:
    """Nothing is filtered, sorted, selected nor said."""
    failures = shared_window.failures
    if failures.table is not evaluated_table:
        failures.set_table(evaluated_table)
    failures.set_filters(Filters())
    failures.sort("index")
    failures.select([])
    shared_window.session.set_index(0)
    shared_window.messages.hide()
    settle(qtbot, shared_window)
    return shared_window


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def evaluate(qtbot: QtBot, window: MainWindow) -> None:
    window.evaluate()
    qtbot.waitUntil(lambda: window.evaluation.is_complete and not window.background.is_busy, timeout=WAIT_MS)


def click_row(qtbot: QtBot, window: MainWindow, row: int, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    table = window.failures_panel.table
    place = table.visualRect(table.rows.index(row, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifiers, place)


def test_evaluating_fills_the_table_and_keeps_its_file(qtbot: QtBot, opened: MainWindow, tmp_path: Path):
    panel = opened.failures_panel
    opened.workspaces.go("Inspect")
    settle(qtbot, opened)
    assert "not been evaluated" in panel.empty.text()
    qtbot.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    assert panel.stop.isVisible()
    qtbot.waitUntil(lambda: opened.evaluation.is_complete and not opened.background.is_busy, timeout=WAIT_MS)
    assert panel.stack.currentWidget() is panel.table
    assert panel.table.rows.rowCount() == 5
    assert not np.isnan(opened.failures.table.numbers("mean_mm")).any()
    assert "5 frames" in panel.headline.text()
    assert "% within 40 mm" in panel.headline.text()
    assert panel.simulated.isVisible()
    assert not panel.evaluate.isVisible()
    assert len(list((tmp_path / "evaluations").glob("frames-*.npz"))) == 1


def test_the_second_opening_needs_no_process(
    qtbot: QtBot, evaluated_alone: MainWindow, other_model_path: Path, tmp_path: Path
):
    evaluated = evaluated_alone
    errors = evaluated.failures.table.numbers("mean_mm").copy()
    path = evaluated.session.model.path
    other = tmp_path / "elsewhere" / "other.safetensors"  # where nobody has evaluated it
    other.parent.mkdir()
    other.write_bytes(other_model_path.read_bytes())
    evaluated.open_paths([other])
    settle(qtbot, evaluated)
    assert evaluated.failures.table is None
    assert not evaluated.evaluation.is_complete
    evaluated.open_paths([path])
    settle(qtbot, evaluated)
    assert evaluated.evaluation.job is None
    assert np.array_equal(evaluated.failures.table.numbers("mean_mm"), errors)


def test_an_evaluation_with_fitting_is_kept_beside_the_other(qtbot: QtBot, evaluated_alone: MainWindow):
    evaluated = evaluated_alone
    panel, failures, evaluation = evaluated.failures_panel, evaluated.failures, evaluated.evaluation
    residual = COLUMNS.index("residual_mm")
    plain = failures.table.numbers("mean_mm").copy()
    assert panel.table.isColumnHidden(residual)
    assert not panel.filters.wrong.isVisible()
    panel.reading.setCurrentText(FITTED)
    settle(qtbot, evaluated)
    assert failures.table is None
    assert "not been evaluated with fitting" in panel.empty.text()
    evaluate(qtbot, evaluated)
    assert "fitted" in panel.headline.text()
    assert not panel.table.isColumnHidden(residual)
    residuals = failures.table.numbers("residual_mm")
    assert np.isfinite(residuals).any()
    assert (failures.table.numbers("mean_mm") != plain).any()
    panel.filters.wrong.percentile.setValue(50)
    panel.filters.wrong.box.click()
    settle(qtbot, evaluated)
    assert failures.table.rows.tolist() == np.flatnonzero(residuals > np.nanpercentile(residuals, 50)).tolist()
    actions = panel.selection_actions
    with qtbot.waitSignal(evaluated.session.message, timeout=WAIT_MS) as said:
        actions.export("predictions", evaluated.session.model.path.with_name("fitted.txt"))
    assert "evaluate without fitting" in said.args[0]
    qtbot.mouseClick(panel.filters.clear, Qt.MouseButton.LeftButton)
    settle(qtbot, evaluated)
    assert len(failures.table) == 5
    assert not panel.filters.wrong.box.isChecked()
    panel.reading.setCurrentText(ONCE)
    settle(qtbot, evaluated)
    assert np.array_equal(failures.table.numbers("mean_mm"), plain)
    panel.reading.setCurrentText(FITTED)
    settle(qtbot, evaluated)
    assert evaluation.job is None
    assert np.array_equal(failures.table.numbers("residual_mm"), residuals, equal_nan=True)


def test_an_evaluation_at_eight_turns_is_not_taken_for_another(qtbot: QtBot, evaluated: MainWindow):
    panel, failures, evaluation = evaluated.failures_panel, evaluated.failures, evaluated.evaluation
    plain, model, store = failures.table, evaluated.session.model.path, evaluated.session.data.origin[0]
    panel.reading.setCurrentText(TURNED)
    settle(qtbot, evaluated)
    assert failures.table is None
    assert "not been evaluated at eight turns" in panel.empty.text()
    assert main(["failures", str(model), str(store), "--device", "cpu", "--turns", "8"]) == 0
    panel.reading.setCurrentText(ONCE)
    settle(qtbot, evaluated)
    assert np.array_equal(failures.table.results.errors_mm, plain.results.errors_mm)
    actions = {action.text(): action for action in evaluated.findChildren(QAction)}
    actions["Evaluate at eight t&urns"].trigger()
    settle(qtbot, evaluated)
    assert panel.reading.currentText() == TURNED
    assert evaluation.is_complete
    assert evaluation.job is None
    assert "8 turns  ·  5 frames" in panel.headline.text()
    assert (failures.table.results.errors_mm != plain.results.errors_mm).any()
    panel.selection_actions.ask_where("table")
    dialog = panel.findChild(QFileDialog)
    assert Path(dialog.selectedFiles()[0]).name == "failures-8-turns.csv"
    dialog.close()
    evaluation.set_reading(ONCE)
    settle(qtbot, evaluated)
    assert panel.reading.currentText() == ONCE


def test_nothing_is_looked_for_while_nobody_inspects(qtbot: QtBot, opened: MainWindow):
    assert opened.evaluation.found is None
    opened.workspaces.go("Inspect")
    settle(qtbot, opened)
    assert opened.evaluation.found is not None


def test_a_stopped_evaluation_goes_on(
    qtbot: QtBot, open_and_wait, window: MainWindow, tmp_path: Path, model_path: Path, store_path: Path
):
    window.inspect.references.choose([store_path])  # fewer than the bundled samples
    open_and_wait(shutil.copy(model_path, tmp_path / "tiny.safetensors"), write_store(tmp_path / "many.h5", 80))
    window.evaluate()
    evaluation = window.evaluation
    qtbot.waitUntil(lambda: evaluation.part == "routes" and evaluation.done >= 8, timeout=WAIT_MS)
    qtbot.mouseClick(window.failures_panel.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.evaluation.job is None, timeout=WAIT_MS)
    settle(qtbot, window)
    results = window.failures.table.results
    assert results.is_done.all()  # the errors of all frames come first
    assert not results.has_routes.all()
    assert f"80 frames  ·  routes of {evaluation.done}" in window.failures_panel.headline.text()
    assert window.failures_panel.evaluate.text() == "Resume evaluation"
    evaluate(qtbot, window)
    results = window.failures.table.results
    assert (results.is_done & results.has_routes).all()


def test_other_data_end_the_evaluation(qtbot: QtBot, opened: MainWindow, store_path: Path):
    opened.evaluate()
    qtbot.waitUntil(lambda: opened.evaluation.job is not None, timeout=WAIT_MS)
    job = opened.evaluation.job
    opened.open_paths([store_path])
    qtbot.waitUntil(lambda: opened.session.data.origin == (store_path,), timeout=WAIT_MS)
    assert opened.evaluation.job is None
    qtbot.waitUntil(lambda: not isValid(job) or not job.is_running, timeout=WAIT_MS)
    assert opened.failures.table is None


def test_a_window_that_closes_ends_its_process(qtbot: QtBot, opened: MainWindow):
    opened.evaluate()
    qtbot.waitUntil(lambda: opened.evaluation.job is not None, timeout=WAIT_MS)
    opened.close()
    assert opened.evaluation.job is None


def test_loose_images_say_what_to_do(open_and_wait, window: MainWindow, model_path: Path, image_path: Path):
    from explorer_app.model.opening import CAMERA_PRESETS

    open_and_wait(model_path, image_path, settings=CAMERA_PRESETS["sr305"])
    window.evaluate()
    assert "import them into a store" in window.failures_panel.empty.text()
    assert "import them into a store" in window.messages.text
    assert not window.failures_panel.evaluate.isEnabled()
    window.failures_panel.empty.button.click()
    dialog = window.training_dialogs.jobs[-1]
    assert dialog.form().paths == (str(image_path),)
    assert dialog.form().images == CAMERA_PRESETS["sr305"]
    dialog.close()


def test_data_without_annotation_have_the_columns_that_need_none(
    qtbot: QtBot, open_and_wait, window: MainWindow, tmp_path: Path, model_path: Path
):
    path = write_store(tmp_path / "bare.h5")
    with h5py.File(path, "r+") as file:
        del file["joints_mm"]
        file.attrs["skeleton"] = "null"
    model = shutil.copy(model_path, tmp_path / "tiny.safetensors")
    assert main(["failures", str(model), str(path), "--device", "cpu"]) == 0
    open_and_wait(model, path)
    evaluate(qtbot, window)
    panel = window.failures_panel
    assert panel.table.isColumnHidden(MEAN)
    assert not panel.table.isColumnHidden(COLUMNS.index("disagreement_mm"))
    assert "not annotated" in panel.headline.text()


def test_a_heading_sorts_and_the_worst_come_first(qtbot: QtBot, evaluated: MainWindow):
    table = evaluated.failures_panel.table
    header = table.horizontalHeader()
    place = header.viewport().rect().topLeft()
    place.setX(header.sectionViewportPosition(MEAN) + 20)
    place.setY(8)
    errors = evaluated.failures.table.numbers("mean_mm")
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settle(qtbot, evaluated)
    assert (np.diff(errors[table.rows.rows]) <= 0).all()
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settle(qtbot, evaluated)
    assert (np.diff(errors[table.rows.rows]) >= 0).all()


def test_filters_let_through_what_they_say_and_clear(qtbot: QtBot, evaluated: MainWindow):
    panel = evaluated.failures_panel
    qtbot.keyClicks(panel.filters.text, "frame 3")
    settle(qtbot, evaluated)
    assert panel.table.rows.rows.tolist() == [3]
    assert panel.filters.count.text() == "1 of 5 frames"
    qtbot.mouseClick(panel.filters.clear, Qt.MouseButton.LeftButton)
    settle(qtbot, evaluated)
    assert panel.table.rows.rowCount() == 5
    errors = np.sort(evaluated.failures.table.numbers("mean_mm"))
    panel.filters.ranges["mean_mm"].low.setValue(float(errors[3]) - 0.05)
    settle(qtbot, evaluated)
    assert 1 <= panel.table.rows.rowCount() <= 3


def test_an_export_clears_what_went_wrong_before(qtbot: QtBot, evaluated: MainWindow, tmp_path: Path):
    evaluated.session.message.emit("something else failed")
    assert evaluated.messages.isVisible()
    evaluated.failures_panel.selection_actions.export("table", tmp_path / "all.csv")
    qtbot.waitUntil(evaluated.statusBar().folder.isVisible, timeout=WAIT_MS)
    assert not evaluated.messages.isVisible()
    assert "all.csv" in evaluated.statusBar().currentMessage()


def test_only_the_selected_frames_stay_until_the_box_is_cleared(qtbot: QtBot, evaluated: MainWindow):
    filters, failures = evaluated.failures_panel.filters, evaluated.failures
    assert not filters.only.isEnabled()
    failures.select([1, 4])
    assert "2 selected" in filters.count.text()
    filters.only.click()
    settle(qtbot, evaluated)
    assert failures.table.rows.tolist() == [1, 4]
    failures.select([0])
    filters.text.textEdited.emit("")  # another filter keeps the same frames
    settle(qtbot, evaluated)
    assert failures.table.rows.tolist() == [1, 4]
    filters.only.click()
    settle(qtbot, evaluated)
    assert len(failures.table) == 5


def test_a_saved_view_brings_back_filters_and_order(qtbot: QtBot, evaluated: MainWindow):
    filters, failures = evaluated.failures_panel.filters, evaluated.failures
    wanted = Filters(text="frame", ranges={"mean_mm": (0.0, 1000.0)}, tags=frozenset({""}))
    failures.select([2])
    failures.set_filters(replace(wanted, only=(2,)))
    failures.sort("mean_mm", True)
    settle(qtbot, evaluated)
    filters.views.save(" worst first ")
    failures.set_filters(Filters())
    failures.sort("index")
    settle(qtbot, evaluated)
    filters.views.fill()
    assert next(action.text() for action in filters.views.menu().actions() if action.text()) == "worst first"
    filters.views.use("worst first")
    settle(qtbot, evaluated)
    assert failures.filters == wanted
    assert failures.sorted_by == ("mean_mm", True)
    filters.views.remove("worst first")
    assert filters.views.known == {}


def test_the_selection_goes_both_ways(qtbot: QtBot, evaluated: MainWindow):
    table, failures = evaluated.failures_panel.table, evaluated.failures
    click_row(qtbot, evaluated, 1)
    assert failures.selection.tolist() == [1]
    click_row(qtbot, evaluated, 3, Qt.KeyboardModifier.ShiftModifier)
    assert failures.selection.tolist() == [1, 2, 3]
    failures.select([0, 4])
    assert {index.row() for index in table.selectionModel().selectedRows()} == {0, 4}
    table.setFocus()
    table.selectAll()
    assert failures.selection.tolist() == [0, 1, 2, 3, 4]
    failures.sort("mean_mm", True)
    settle(qtbot, evaluated)
    failures.select([int(table.rows.rows[0])])
    assert [index.row() for index in table.selectionModel().selectedRows()] == [0]


def test_a_row_stands_in_the_explorer_and_the_explorer_in_a_row(qtbot: QtBot, evaluated: MainWindow):
    table, session = evaluated.failures_panel.table, evaluated.session
    evaluated.failures.sort("mean_mm", True)
    settle(qtbot, evaluated)
    click_row(qtbot, evaluated, 0)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    settle(qtbot, evaluated)
    frame = int(table.rows.rows[1])
    assert session.view.index == frame
    assert session.is_at_code
    session.set_index((frame + 1) % 5)
    assert table.rows.rows[table.currentIndex().row()] == session.index


def test_a_tag_is_given_kept_and_filtered_by(qtbot: QtBot, evaluated_alone: MainWindow, tmp_path: Path):
    evaluated = evaluated_alone
    panel, failures = evaluated.failures_panel, evaluated.failures
    failures.select([1, 2])
    panel.selection_actions.tag.trigger()
    dialog = panel.findChild(QInputDialog)
    dialog.setTextValue("odd")
    dialog.accept()
    settle(qtbot, evaluated)
    assert failures.table.value(2, "tag") == "odd"
    failures.set_note(2, "two thumbs")
    settle(qtbot, evaluated)
    assert failures.mark_of(2).note == "two thumbs"
    assert panel.filters.tag.isVisible()
    panel.filters.tag.setCurrentIndex(panel.filters.tag.findData("odd"))
    panel.filters.tag.activated.emit(panel.filters.tag.currentIndex())
    settle(qtbot, evaluated)
    assert panel.table.rows.rows.tolist() == [1, 2]
    assert "two thumbs" in (tmp_path / "evaluations" / "tags.json").read_text()


@pytest.mark.parametrize(
    ("kind", "suffix"), [("table", ".csv"), ("sheet", ".png"), ("store", ".h5"), ("predictions", ".txt")]
)
def test_a_selection_is_written_as_a_file(qtbot: QtBot, evaluated: MainWindow, tmp_path: Path, kind: str, suffix: str):
    actions = evaluated.failures_panel.selection_actions
    evaluated.failures.select([1, 3])
    path = tmp_path / f"out{suffix}"
    with qtbot.waitSignal(actions.file_export.written, timeout=WAIT_MS) as written:
        actions.export(kind, path)
    qtbot.waitUntil(lambda: not actions.file_export.is_running, timeout=WAIT_MS)
    assert written.args[0] == f"out{suffix} written, 2 frames"
    assert path.stat().st_size > 0
    if kind == "table":
        rows = list(csv.DictReader(path.read_text().splitlines()))
        assert [row["name"] for row in rows] == ["frame 1", "frame 3"]
    if kind == "sheet":
        colours = {colour for _, colour in Image.open(path).getcolors(1 << 20)}
        assert set(FINGER_COLOURS.values()) <= colours  # the predicted hand lies over the frames
    if kind == "store":
        with h5py.File(path) as file:
            assert len(file["depth"]) == 2


def test_frames_are_written_in_the_order_in_which_they_are_asked_for(
    qtbot: QtBot, evaluated: MainWindow, tmp_path: Path
):
    actions = evaluated.failures_panel.selection_actions
    with qtbot.waitSignal(actions.file_export.written, timeout=WAIT_MS):
        actions.export("table", tmp_path / "out.csv", [3, 1])
    qtbot.waitUntil(lambda: not actions.file_export.is_running, timeout=WAIT_MS)
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == ["frame 3", "frame 1"]


def test_the_open_store_is_never_written_over(qtbot: QtBot, evaluated: MainWindow):
    actions, path = evaluated.failures_panel.selection_actions, evaluated.session.data.origin[0]
    before = path.read_bytes()
    actions.export("store", path)
    qtbot.waitUntil(lambda: not actions.file_export.is_running, timeout=WAIT_MS)
    assert "store that is open" in evaluated.messages.text
    assert path.read_bytes() == before


def test_names_are_copied(evaluated: MainWindow):
    evaluated.failures.select([0, 2])
    evaluated.failures_panel.selection_actions.copy.trigger()
    assert QGuiApplication.clipboard().text() == "frame 0\nframe 2"


def test_a_scattered_selection_shows_without_a_range_a_row(qtbot: QtBot, evaluated: MainWindow, monkeypatch):
    monkeypatch.setattr("explorer_app.inspect.table.MOST_RANGES", 1)
    evaluated.failures.select([0, 2, 4])
    rows = evaluated.failures_panel.table.rows
    assert rows.is_selected.tolist() == [True, False, True, False, True]
    click_row(qtbot, evaluated, 1, Qt.KeyboardModifier.ControlModifier)


def test_what_is_selected_elsewhere_comes_into_view_unless_some_of_it_is(qtbot: QtBot, opened: MainWindow):
    opened.workspaces.go("Inspect")
    settle(qtbot, opened)
    opened.failures.set_table(failure_table(300))
    view = opened.failures_panel.table
    opened.failures.select(range(200, 230))
    assert view.rowAt(0) <= 200 <= view.rowAt(view.viewport().height() - 1)
    top = view.rowAt(0)
    opened.failures.select(range(top + 1, 300))
    assert view.rowAt(0) == top


def test_a_failing_process_says_why(qtbot: QtBot, opened: MainWindow):
    opened.workspaces.go("Inspect")
    settle(qtbot, opened)
    opened.session.model.path.write_bytes(b"no model any more")
    qtbot.mouseClick(opened.failures_panel.empty.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(opened.evaluation.trouble), timeout=WAIT_MS)
    assert "tiny.safetensors" in opened.messages.text
    assert "failed" in opened.failures_panel.empty.text()
    assert opened.failures_panel.empty.button.text() == "Evaluate"


def test_painting_before_the_table_hears_of_another_one_shows_the_one_it_knows(qtbot: QtBot, evaluated: MainWindow):
    table = evaluated.failures_panel.table
    before = [table.rows.index(row, 1).data() for row in range(5)]
    with qtbot.captureExceptions() as exceptions:
        evaluated.failures.table = failure_table(1)  # as amid `set_table`, before its signals
        evaluated.failures_panel.grab()
        assert [table.rows.index(row, 1).data() for row in range(5)] == before
        evaluated.failures.set_table(failure_table(1))
    assert not exceptions
    assert table.rows.rowCount() == 1
