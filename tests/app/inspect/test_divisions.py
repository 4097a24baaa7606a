"""Groups of a store by view and camera: columns, filters and a plot of the Inspect workspace."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from app_helpers import WAIT_MS, write_store
from failure_helpers import results, show_plots, table
from PySide6.QtCore import QPointF

from explorer_app.inspect.model.failure_export import write_csv
from explorer_app.inspect.model.failure_table import COLUMNS, MOST_SHOWN_GROUPS, FailureTable
from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.plots.division_errors import DivisionPlot
from explorer_app.inspect.table_rows import TITLES

COUNT = 30
TOF = list(range(1, COUNT, 2))


def test_a_division_is_a_column_that_sorts_and_filters():
    rows = table(COUNT, is_divided=True)
    assert (rows.value(1, "camera"), rows.value(2, "camera")) == ("tof", "kinect")
    assert rows.known("camera") == ["kinect", "tof"]
    rows.sort("camera", is_descending=True)
    assert rows.rows[: len(TOF)].tolist() == TOF
    rows.set_filters(Filters(divisions={"camera": frozenset({"tof"}), "view": frozenset({"back"})}))
    assert sorted(rows.rows.tolist()) == [frame for frame in TOF if frame % 3 == 0]


def test_a_table_without_divisions_has_none_of_their_columns(tmp_path):
    rows = table(COUNT)
    assert not rows.has("camera")
    rows.sort("camera")
    assert rows.rows.tolist() == list(range(COUNT))
    write_csv(tmp_path / "plain.csv", rows, np.arange(2))
    write_csv(tmp_path / "divided.csv", table(COUNT, is_divided=True), np.arange(2))
    with (tmp_path / "plain.csv").open() as plain, (tmp_path / "divided.csv").open() as divided:
        assert "camera" not in csv.DictReader(plain).fieldnames
        assert [row["camera"] for row in csv.DictReader(divided)] == ["kinect", "tof"]


def test_the_plot_has_a_bar_for_each_group_of_a_division_with_several():
    frames = PlotFrames(rows := table(COUNT, is_divided=True))
    figures = DivisionPlot.compute(frames)
    assert list(zip(figures.divisions, figures.names, strict=True)) == [
        ("view", "back"),
        ("view", "palm"),
        ("camera", "kinect"),
        ("camera", "tof"),
    ]
    np.testing.assert_allclose(figures.mean_mm[3], rows.numbers("mean_mm")[TOF].mean(), rtol=1e-5)
    chosen = DivisionPlot.compute_selection(frames, figures, np.array([1, 3]))
    np.testing.assert_allclose(chosen[3], rows.numbers("mean_mm")[[1, 3]].mean(), rtol=1e-5)
    assert np.isnan(chosen[2])


@pytest.mark.parametrize("division", ["subject", "sequence", "action", "object", "view", "thing", "hand", "camera"])
def test_every_division_is_a_column_a_filter_and_bars(division):
    made = replace(results(COUNT), divisions={division: np.array([f"g{index % 3}" for index in range(COUNT)])})
    rows = FailureTable(made)
    assert rows.has(division)
    assert division in TITLES
    rows.set_filters(Filters(divisions={division: frozenset({"g1"})}))
    assert rows.rows.tolist() == list(range(1, COUNT, 3))
    rows.set_filters(Filters())
    assert DivisionPlot.compute(PlotFrames(rows)).names == ["g0", "g1", "g2"]
    assert PlotFrames(rows).has(DivisionPlot.column)


def test_a_division_of_thousands_is_filtered_but_not_shown_group_by_group():
    count = MOST_SHOWN_GROUPS + 1
    rows = FailureTable(replace(results(count), divisions={"sequence": np.arange(count).astype(np.str_)}))
    assert rows.has("sequence")
    assert len(rows.known("sequence")) == count
    assert rows.dividing == []
    assert DivisionPlot.compute(PlotFrames(rows)).names == []
    assert not PlotFrames(rows).has(DivisionPlot.column)


def test_frames_of_one_group_make_no_bar():
    rows = table(COUNT, is_divided=True)
    rows.set_filters(Filters(divisions={"camera": frozenset({"tof"}), "view": frozenset({"palm"})}))
    assert DivisionPlot.compute(PlotFrames(rows)).names == []


@pytest.fixture
def failures(qtbot, window, open_and_wait, model_path, tmp_path):
    store_path = write_store(tmp_path / "frames.h5", COUNT)
    window.inspect.references.choose([store_path])
    open_and_wait(model_path, store_path)
    show_plots(qtbot, window, COUNT)
    return window.failures


def test_the_window_shows_divisions_where_a_store_has_them(qtbot, window, failures):
    panel, plot = window.failures_panel, window.inspect.plots.grid.by_name("Error by subject, object and view")
    camera = COLUMNS.index("camera")
    field = panel.filters.divisions["camera"]
    assert panel.table.isColumnHidden(camera)
    assert not field.isVisibleTo(panel)
    assert not plot.isVisible()

    failures.set_table(table(COUNT, is_divided=True))
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert not panel.table.isColumnHidden(camera)
    assert panel.table.isColumnHidden(COLUMNS.index("thing"))
    assert plot.isVisible()
    assert plot.title == "Mean error by group, mm"
    tof_x = plot.figures.x[plot.figures.names.index("tof")]
    assert plot.clicked_places(plot.figures, QPointF(tof_x + 0.3, 1)).tolist() == TOF
    assert "camera tof" in plot.text_at(plot.frames, plot.figures, QPointF(tof_x, 1))

    assert [field.itemText(row) for row in range(field.count())] == ["All cameras", "kinect", "tof"]
    field.setCurrentIndex(2)
    field.activated.emit(2)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert failures.table.rows.tolist() == TOF
    panel.filters.clear.click()
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert len(failures.table) == COUNT
    assert field.currentIndex() == 0
