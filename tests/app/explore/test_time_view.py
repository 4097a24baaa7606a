"""What a model reads in all frames, as curves: right numbers, linked, smoothed only when asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_helpers import FRAME_COUNT, WAIT_MS, clear_session, write_store
from failure_helpers import table
from made_recordings import write_db3
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from explorer_app.explore.model.one_euro import one_euro
from explorer_app.explore.model.second_sequence import measure_second, places_beside, read_second
from explorer_app.explore.model.sequence import FrameSequence
from explorer_app.explore.model.time_rows import (
    CODES,
    DISAGREEMENT,
    ERROR,
    JOINT,
    RESIDUAL,
    TYPICALITY,
    RowChoice,
    TimeRow,
    rows_of,
)
from explorer_app.explore.timeline.panel import TimeView
from explorer_app.explore.timeline.picture import LEFT_PX, Look, draw_rows
from explorer_app.model.hand.model import HandModel
from explorer_app.model.open_data import open_recording, open_store
from explorer_app.model.pose_error import mean_error_mm
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import SR305
from lsps_core.errors import LspsError

Open = Callable[..., None]
ROWS = (CODES, JOINT, ERROR, RESIDUAL, TYPICALITY)


def ignore(_done: int, _count: int) -> None:
    """A progress function."""


def test_the_curves_are_what_each_frame_is_read_as(fitted_model: HandModel, store_path: Path) -> None:
    data = open_store(store_path).data
    sequence = FrameSequence(data, fitted_model, "real").read(ignore)
    for index in range(FRAME_COUNT):
        frame = data.view(index).frame
        encoding = fitted_model.encode(frame, "real")
        assert sequence.codes[index] == pytest.approx(encoding.code.values, abs=1e-3)
        assert sequence.error_mm[index] == pytest.approx(mean_error_mm(encoding.pose, frame), abs=0.01)
        assert sequence.joints_mm[index] == pytest.approx(encoding.pose * 125 + frame.center_mm, abs=0.05)
    assert np.isfinite(sequence.typicality).all()
    assert np.isnan(sequence.residual_mm).all()
    assert (sequence.is_read.all(), sequence.is_timed) == (True, False)
    data.close()


def test_frames_without_a_hand_are_gaps(model: HandModel, tmp_path: Path) -> None:
    hand, wall = np.zeros((480, 640), np.uint16), np.full((480, 640), 11000, np.uint16)
    hand[150:290, 280:360] = 4000
    path = write_db3(tmp_path / "a.db3", [hand, wall, np.zeros_like(hand), hand], camera=SR305, seconds=0.5)
    sequence = FrameSequence(open_recording(path).data, model, "real").read(ignore)
    assert np.isfinite(sequence.codes).all(axis=1).tolist() == [True, False, False, True]
    assert np.isnan(sequence.error_mm).all()
    assert sequence.times_s == pytest.approx([0, 0.5, 1, 1.5])


def test_rows_without_values_are_left_out_and_smoothing_is_marked(model: HandModel, store_path: Path) -> None:
    data = open_store(store_path).data
    sequence = FrameSequence(data, model, "real")
    assert rows_of(sequence, RowChoice(rows=ROWS)) == []
    sequence.read(ignore)
    rows = rows_of(sequence, RowChoice(rows=ROWS, joint=8))
    assert [row.title for row in rows] == ["Codes, σ", f"{model.skeleton.joints[8]}, from its mean, mm", "Error, mm"]
    assert (rows[0].values == sequence.codes).all()
    assert rows[1].values.mean(axis=0) == pytest.approx(0, abs=1e-3)
    smooth = rows_of(sequence, RowChoice(rows=(CODES, ERROR), is_smooth=True))
    assert [row.title for row in smooth] == ["Codes, σ, smoothed (one-euro)", "Error, mm"]
    assert smooth[0].values == pytest.approx(one_euro(sequence.codes, sequence.times_s))
    data.close()


def test_disagreement_and_residual_are_measured_when_asked_for(fitted_model: HandModel, store_path: Path) -> None:
    data = open_store(store_path).data
    sequence = FrameSequence(data, fitted_model, "real").read(ignore)
    assert np.isnan(sequence.disagreement_mm).all()
    assert sequence.measured == set()
    seen: list[tuple[int, int]] = []
    for name in ("disagreement_mm", "residual_mm"):
        sequence.measure(name, lambda *progress: seen.append(progress))
    assert seen[-1] == (FRAME_COUNT, FRAME_COUNT)
    for index in range(3):
        frame = data.view(index).frame
        encoding = fitted_model.encode(frame, "real")
        routes = fitted_model.routes(frame, encoding)
        assert sequence.disagreement_mm[index] == pytest.approx(routes.disagreement_mm, rel=1e-3)
        before = fitted_model.fit(frame, encoding).before
        assert sequence.residual_mm[index] == pytest.approx(before.residual_mm, rel=1e-3, nan_ok=True)
    rows = rows_of(sequence, RowChoice(rows=(DISAGREEMENT,)))
    assert [row.title for row in rows] == ["Disagreement, mm"]
    count = len(seen)
    sequence.measure("disagreement_mm", lambda *progress: seen.append(progress))
    assert len(seen) == count
    data.close()


def test_a_second_model_is_beside_the_first(model: HandModel, other_model_path: Path, store_path: Path) -> None:
    data = open_store(store_path).data
    sequence = FrameSequence(data, model, "real").read(ignore)
    taken: list[FrameSequence] = []
    second = read_second(other_model_path, sequence, ["disagreement_mm"], taken.append, ignore)
    assert taken == [second]
    assert second.model.path == other_model_path
    assert second.measured == {"disagreement_mm"}
    rows = {row.title: row for row in rows_of(sequence, RowChoice(rows=ROWS), second)}
    assert np.array_equal(rows["Error, mm"].second[:, 0], second.error_mm, equal_nan=True)
    is_same_code = model.scale.fingerprint == second.model.scale.fingerprint
    assert (rows["Codes, σ"].second is not None) == is_same_code
    wrist = rows[f"{model.skeleton.joints[0]}, from its mean, mm"]
    mean = sequence.joints_mm[:, 0].mean(axis=0)
    assert wrist.second == pytest.approx(second.joints_mm[:, 0] - mean, abs=1e-3)
    data.close()


def test_other_frames_are_beside_the_first_by_their_times(model: HandModel, store_path: Path, tmp_path: Path) -> None:
    hand = np.zeros((480, 640), np.uint16)
    hand[150:290, 280:360] = 4000
    path = write_db3(tmp_path / "a.db3", [hand] * 3, camera=SR305, seconds=0.045)
    data = open_store(store_path).data
    sequence = FrameSequence(data, model, "real").read(ignore)
    second = read_second(path, sequence, [], lambda _second: None, ignore)
    (row,) = rows_of(sequence, RowChoice(rows=(CODES,)), second)
    assert places_beside(sequence, second).tolist() == [0, 1, 1, 2, -1]
    assert (row.second[0] == second.codes[0]).all()
    assert (row.second[3] == second.codes[2]).all()
    assert np.isnan(row.second[4]).all()
    measure_second(path, second, ["residual_mm"], ignore)
    assert "residual_mm" in second.measured
    for wrong in (tmp_path / "missing.h5", tmp_path / "a.txt"):
        with pytest.raises((LspsError, ValueError), match=wrong.name):
            read_second(wrong, sequence, [], lambda _second: None, ignore)
    data.close()


def look() -> Look:
    return Look(300, 120, 1.0, QColor("white"), QColor("black"), QColor("grey"), QColor("silver"), QFont())


def inked(values: np.ndarray, first: int = 0, last: int | None = None) -> np.ndarray:
    """The columns right of the labels in which the picture of one curve has colour."""
    last = len(values) - 1 if last is None else last
    row = TimeRow("a", values[:, None], ("a",))
    image = draw_rows([row], np.arange(len(values)) / 30, True, first, last, look()).image
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(120, 300, 4)
    is_coloured = np.ptp(pixels[..., :3].astype(int), axis=2) > 60
    return np.flatnonzero(is_coloured.any(axis=0))


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("count", [50, 20_000])
def test_a_peak_is_drawn_at_its_time_however_many_frames_there_are(count: int) -> None:
    values = np.full(count, np.nan)
    values[count // 2 : count // 2 + 2] = [0, 5]
    assert np.abs(inked(values) - (LEFT_PX + (300 - LEFT_PX - 8) / 2)).max() < 10


@pytest.mark.usefixtures("qapp")
def test_a_frame_alone_is_a_dot() -> None:
    values = np.full(50, np.nan)
    values[[10, 30]] = [0, 1]
    assert len(inked(values)) >= 2


@pytest.mark.usefixtures("qapp")
def test_gaps_are_not_joined_and_the_span_is_what_is_drawn() -> None:
    values = np.r_[np.zeros(20), np.full(20, np.nan), np.ones(20)]
    columns = inked(values)
    assert np.diff(columns).max() > 60
    assert len(inked(values, 20, 39)) == 0


@pytest.mark.usefixtures("qapp")
def test_a_second_curve_is_dashed_on_the_same_axis() -> None:
    values = np.zeros(50)
    row = TimeRow("a", values[:, None], ("a",), values[:, None] + 5)
    image = draw_rows([row], np.arange(50) / 30, True, 0, 49, look()).image
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(120, 300, 4)[..., :3].astype(int)
    per_line = (np.ptp(pixels, axis=2) > 60).sum(axis=1)
    upper, lower = per_line[:50].max(), per_line[50:].max()
    assert lower > 230
    assert 0.3 * lower < upper < 0.95 * lower


@pytest.fixture
def view(qtbot: QtBot, shared_window: MainWindow, model_path: Path, store_path: Path) -> TimeView:
    """With all frames of the store read, and everything else as in a new window."""
    window, session, view = shared_window, shared_window.session, shared_window.explore.time
    if session.data is None or (session.model.path, session.data.origin) != (model_path, (store_path,)):
        window.open_paths([model_path, store_path])
        window.docks["Time"].raise_()
        qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
        qtbot.mouseClick(view.read, Qt.MouseButton.LeftButton)
    if view.reading.second is not None:
        view.reading.remove_second()
    for name, box in view.rows.items():
        box.setChecked(name in RowChoice().rows)
    view.smooth.setChecked(False)
    view.joint.setCurrentIndex(RowChoice().joint)
    if view.plot.span != (0, FRAME_COUNT - 1):
        view.plot.set_count(FRAME_COUNT)
        view.plot.redraw_asked.emit()
    window.explore.playback.set_range(0, FRAME_COUNT - 1)
    window.failures.set_table(None)
    session.set_index(0)
    clear_session(window)
    qtbot.waitUntil(lambda: view.plot.picture is not None and view.read.text() == "Read all frames", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    return view


def _point(view: TimeView, frame: int) -> QPoint:
    return QPoint(round(view.plot._x(frame)), view.plot.height() // 2)


def test_a_click_goes_to_a_frame(qtbot: QtBot, shared_window: MainWindow, view: TimeView) -> None:
    qtbot.mouseClick(view.plot, Qt.MouseButton.LeftButton, pos=_point(view, 3))
    assert shared_window.session.index == 3


def test_a_drag_is_a_range_to_play_and_a_selection(qtbot: QtBot, shared_window: MainWindow, view: TimeView) -> None:
    ranges: list[tuple[int, int]] = []
    view.range_selected.connect(lambda first, last: ranges.append((first, last)))
    _drag(qtbot, view, 3, 1)
    assert ranges == [(1, 3)]
    assert (shared_window.explore.playback.range.first, shared_window.explore.playback.range.last) == (1, 3)
    assert shared_window.session.index == 0


def _drag(qtbot: QtBot, view: TimeView, first: int, last: int) -> None:
    qtbot.mousePress(view.plot, Qt.MouseButton.LeftButton, pos=_point(view, first))
    qtbot.mouseMove(view.plot, _point(view, last))
    qtbot.mouseRelease(view.plot, Qt.MouseButton.LeftButton, pos=_point(view, last))


def test_a_drag_selects_in_inspect_also_before_there_are_errors(
    qtbot: QtBot, shared_window: MainWindow, view: TimeView
) -> None:
    """Of an evaluation that is found later: as soon as it is shown."""
    _drag(qtbot, view, 3, 1)
    shared_window.failures.set_table(table(FRAME_COUNT))
    assert shared_window.failures.selection.tolist() == [1, 2, 3]
    _drag(qtbot, view, 2, 4)
    assert shared_window.failures.selection.tolist() == [2, 3, 4]
    rows = shared_window.failures_panel.table.selectionModel().selectedRows()
    assert sorted(index.row() for index in rows) == [2, 3, 4]
    shared_window.failures.set_table(table(FRAME_COUNT))
    assert shared_window.failures.selection.tolist() == []


def test_a_range_is_not_selected_in_other_data(
    qtbot: QtBot, shared_window: MainWindow, view: TimeView, tmp_path: Path
) -> None:
    window = shared_window
    _drag(qtbot, view, 3, 1)
    window.open_paths([write_store(tmp_path / "other.h5")])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    window.failures.set_table(table(FRAME_COUNT))
    assert window.failures.selection.tolist() == []


def test_a_range_becomes_a_walk_that_can_be_undone(qtbot: QtBot, shared_window: MainWindow, view: TimeView) -> None:
    shared_window.explore.playback.set_range(1, 3)
    qtbot.mouseClick(view.to_walk, Qt.MouseButton.LeftButton)
    keyframes = [code.values for code in shared_window.session.walk.keyframes]
    assert keyframes == pytest.approx(view.reading.sequence.codes[1:4])
    shared_window.session.undo_stack.undo()
    assert not shared_window.session.walk.keyframes


def test_a_measure_is_computed_when_its_row_is_ticked(qtbot: QtBot, view: TimeView) -> None:
    view.rows[DISAGREEMENT].setChecked(True)
    assert view.read.text() == "Stop"
    qtbot.waitUntil(lambda: not view.reading.is_running, timeout=WAIT_MS)
    assert np.isfinite(view.reading.sequence.disagreement_mm).all()


def test_a_second_model_is_read_and_taken_away(
    qtbot: QtBot, shared_window: MainWindow, view: TimeView, other_model_path: Path
) -> None:
    view.compare.click()
    (dialog,) = shared_window.findChildren(QFileDialog)
    before = view.plot.picture
    dialog.filesSelected.emit([str(other_model_path)])
    dialog.close()
    view.rows[DISAGREEMENT].setChecked(True)  # while it reads: measured afterwards, of both
    qtbot.waitUntil(
        lambda: not view.reading.is_running and "disagreement_mm" in view.reading.second.measured, timeout=WAIT_MS
    )
    assert view.note.text() == f"dashed: {other_model_path.name}"
    qtbot.waitUntil(lambda: view.plot.picture is not before, timeout=WAIT_MS)
    assert shared_window.session.model.path != other_model_path
    view.compare.click()
    assert view.reading.second is None
    assert view.note.text() == ""


def test_what_cannot_be_compared_is_one_line(
    qtbot: QtBot, shared_window: MainWindow, view: TimeView, tmp_path: Path
) -> None:
    (tmp_path / "bad.db3").write_text("hello")
    view.reading.read_second(tmp_path / "bad.db3")
    qtbot.waitUntil(lambda: not view.reading.is_running, timeout=WAIT_MS)
    assert "bad.db3 is not a recording" in shared_window.messages.text
    assert view.reading.second is None


def test_smoothing_is_off_at_first_and_redraws(qtbot: QtBot, view: TimeView) -> None:
    assert not view.smooth.isChecked()
    before = view.plot.picture
    view.smooth.setChecked(True)
    qtbot.waitUntil(lambda: view.plot.picture is not before, timeout=WAIT_MS)


def test_other_data_empties_it(qtbot: QtBot, shared_window: MainWindow, view: TimeView, other_model_path: Path) -> None:
    shared_window.open_paths([other_model_path])
    qtbot.waitUntil(lambda: shared_window.session.model.path == other_model_path, timeout=WAIT_MS)
    assert view.reading.sequence is None
    assert view.plot.picture is None
    qtbot.waitUntil(lambda: not shared_window.background.is_busy, timeout=WAIT_MS)


def test_reading_can_be_stopped(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    view = window.explore.time
    view.read.click()
    assert view.read.text() == "Stop"
    view.read.click()
    qtbot.waitUntil(lambda: view.read.text() == "Read all frames", timeout=WAIT_MS)


def test_a_zoom_shows_fewer_frames_and_a_double_click_all(qtbot: QtBot, view: TimeView) -> None:
    view.plot.set_count(1000)
    view.plot._show_span(200, 300)
    assert view.plot.span == (200, 300)
    qtbot.mouseDClick(view.plot, Qt.MouseButton.LeftButton)
    assert view.plot.span == (0, 999)


def test_choices_of_rows(view: TimeView) -> None:
    view.rows[ERROR].setChecked(False)
    view.joint.setCurrentIndex(4)
    assert view._choice == replace(RowChoice(), rows=(CODES, JOINT, TYPICALITY), joint=4)
