"""The plots are views of the failures: what is pointed at in one is selected in all."""

from __future__ import annotations

import numpy as np
import pytest
from app_helpers import FRAME_COUNT, WAIT_MS, pixels, write_store
from failure_helpers import show_plots, table
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.model.plot_frames import PlotFrames, umap_points

COUNT = 60


@pytest.fixture(scope="module")
def long_store_path(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("store") / "frames.h5", COUNT)


@pytest.fixture(scope="module")
def inspecting(request, shared_window, model_path, store_path, long_store_path):
    """The Inspect workspace with a model and data; only the first test waits until the plots are built."""
    qtbot = QtBot(request)
    shared_window.inspect.references.choose([store_path])  # fewer than the bundled samples
    shared_window.open_paths([model_path, long_store_path])
    settle(qtbot, shared_window)
    show_plots(qtbot, shared_window, COUNT)
    return shared_window


@pytest.fixture
def window(qtbot, inspecting):
    """Made-up results of many frames, of which none is filtered or selected, and all plots."""
    inspecting.failures.set_filters(Filters())
    inspecting.failures.set_table(table(COUNT))
    inspecting.session.set_index(0)
    inspecting.inspect.plots.choice.setCurrentText("All plots")
    settle(qtbot, inspecting)
    return inspecting


@pytest.fixture
def failures(window):
    return window.failures


@pytest.fixture
def grid(window, failures):
    grid = window.inspect.plots.grid
    assert grid is not None
    assert grid.plots[0].frames.frames.tolist() == list(range(len(failures.table)))
    return grid


def settle(qtbot, window):
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def send(plot, kind, at, buttons, modifiers):
    viewport = plot.viewport()
    point = QPointF(at)
    event = QMouseEvent(kind, point, QPointF(viewport.mapToGlobal(at)), Qt.MouseButton.LeftButton, buttons, modifiers)
    QApplication.sendEvent(viewport, event)


def painted(plot):
    """Wait for its turn; axes take their width from what they paint, and the view what is left."""
    while not plot.updatesEnabled():
        QTest.qWait(5)
    plot.grab()
    QTest.qWait(1)


def px(plot, x, y):
    return plot.mapFromScene(plot.box.mapViewToScene(QPointF(x, y)))


def click(plot, x, y, modifiers=Qt.KeyboardModifier.NoModifier):
    painted(plot)
    at = px(plot, x, y)
    send(plot, QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton, modifiers)
    send(plot, QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.NoButton, modifiers)


def drag(plot, points, modifiers=Qt.KeyboardModifier.NoModifier):
    painted(plot)
    way = [px(plot, *point) for point in points]
    send(plot, QEvent.Type.MouseButtonPress, way[0], Qt.MouseButton.LeftButton, modifiers)
    for at in way[1:]:
        QTest.qWait(20)  # moves that follow faster than a mouse can are left out
        send(plot, QEvent.Type.MouseMove, at, Qt.MouseButton.LeftButton, modifiers)
    send(plot, QEvent.Type.MouseButtonRelease, way[-1], Qt.MouseButton.NoButton, modifiers)


def test_titles_are_whole_in_the_narrowest_column_of_three(grid):
    from explorer_app.inspect.plots.grid import COLUMN_PX

    shown = [plot for plot in grid.plots if plot.isVisible()]
    for plot in shown:
        plot.resize(COLUMN_PX, 140)
    assert [plot.plotItem.titleLabel.text for plot in shown] == [plot.title for plot in shown]


def test_a_click_on_a_joint_selects_the_frames_whose_worst_it_is(qtbot, window, failures, grid):
    plot = grid.by_name("Error by joint")
    click(plot, 5, 1)
    assert failures.selection.tolist() == [5, 26, 47]
    click(plot, 6, 1, Qt.KeyboardModifier.ShiftModifier)
    assert failures.selection.tolist() == [5, 6, 26, 27, 47, 48]
    click(plot, 5, 1, Qt.KeyboardModifier.ControlModifier)
    assert failures.selection.tolist() == [6, 27, 48]
    settle(qtbot, window)
    assert grid.plots[0].places.tolist() == [6, 27, 48]


def test_a_range_along_the_sequence_selects_its_frames(failures, grid):
    plot = grid.by_name("Along the sequence")
    drag(plot, [(10.5, 5), (13, 5), (19.5, 5)])
    assert failures.selection.tolist() == list(range(10, 20))
    assert not plot.span.isVisible()


def test_a_lasso_selects_the_codes_in_it(failures, grid):
    plot = grid.by_name("Map of codes")
    points = plot.figures.points
    (low_x, low_y), (high_x, high_y) = np.percentile(points, (20, 80), axis=0)
    drag(plot, [(low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y)])
    is_in = (points > (low_x, low_y)).all(axis=1) & (points < (high_x, high_y)).all(axis=1)
    found = set(failures.selection.tolist())
    assert len(found ^ set(np.flatnonzero(is_in).tolist())) <= 2  # the mouse only hits whole pixels
    assert found


def test_a_click_on_a_code_shows_its_frame(window, failures, grid):
    plot = grid.by_name("Map of codes")
    click(plot, *plot.figures.points[7])
    assert failures.selection.tolist() == [7]
    assert window.session.index == 7


def test_the_map_shows_pictures_and_counts_what_is_selected(qtbot, window, failures, grid):
    plot = grid.by_name("Map of codes")
    at = QPointF(*plot.figures.points[7])
    assert "frame 8:" in plot.text_at(plot.frames, plot.figures, at)
    qtbot.waitUntil(lambda: "<img" in plot.text_at(plot.frames, plot.figures, at), timeout=WAIT_MS)
    settle(qtbot, window)
    failures.select([3, 7, 9])
    assert window.inspect.plots.hint.text().startswith("3 selected")
    failures.select([])
    assert "selected  ·" not in window.inspect.plots.hint.text()


def test_a_bar_of_a_histogram_selects_its_frames(failures, grid):
    plot = grid.by_name("Histogram of errors")
    bars = plot.figures.bars
    bar = int(bars.counts.argmax())
    click(plot, (bars.edges[bar] + bars.edges[bar + 1]) / 2, 0.5)
    assert len(failures.selection) == bars.counts[bar]
    values = failures.table.numbers("mean_mm")[failures.selection]
    assert (values >= bars.edges[bar] - 1e-3).all()
    assert (values <= bars.edges[bar + 1] + 1e-3).all()


def test_beyond_a_place_of_the_success_curve_are_the_failures(failures, grid):
    plot = grid.by_name("Success curve")
    click(plot, 70, 50)
    worst = failures.table.numbers("worst_mm")
    assert abs(len(failures.selection) - int((worst > 70).sum())) <= 1
    assert "within 40 mm" in plot.title


def test_bars_can_be_reached_by_keyboard(window, failures, grid):
    plot = grid.by_name("Error by joint")
    plot.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Return):
        QTest.keyClick(plot, key)
    assert failures.selection.tolist() == [1, 22, 43]
    assert window.session.index == 0


def test_what_is_selected_elsewhere_is_drawn_in_all_plots(qtbot, window, failures, grid):
    qtbot.waitUntil(lambda: all(plot.updatesEnabled() for plot in grid.plots), timeout=WAIT_MS)
    before = [pixels(plot) for plot in grid.plots]
    failures.select([3, 4, 5])
    settle(qtbot, window)
    assert all(plot.places.tolist() == [3, 4, 5] for plot in grid.plots)
    for plot, old in zip(grid.plots, before, strict=True):
        if plot.isVisible():
            assert (pixels(plot) != old).any(), plot.name


def test_a_click_on_the_trace_shows_the_frame(window, failures, grid):
    click(grid.by_name("Along the sequence"), 2.5, 1)
    assert failures.selection.tolist() == [2]
    assert window.session.index == 2
    assert grid.by_name("Histogram of errors").current == 2
    assert grid.by_name("Histogram of errors").current_line.isVisible()


def test_only_the_rows_of_the_table_are_drawn(qtbot, window, failures, grid):
    failures.set_filters(Filters(groups=frozenset(["subject1"])))
    settle(qtbot, window)
    assert grid.plots[0].frames.frames.tolist() == list(range(COUNT // 2, COUNT))


def test_one_plot_can_be_large(window, grid):
    panel = window.inspect.plots
    panel.choice.setCurrentText("Map of codes")
    assert [plot.name for plot in grid.plots if not plot.isHidden() and not plot.parentWidget().isHidden()]
    assert grid.by_name("Map of codes").isVisible()
    assert not grid.by_name("Success curve").isVisible()
    panel.choice.setCurrentText("All plots")
    assert grid.by_name("Success curve").isVisible()


def test_without_annotation_disagreement_is_drawn(qtbot, window, failures, grid):
    failures.set_table(table(COUNT, is_annotated=False))
    settle(qtbot, window)
    assert grid.by_name("Success curve").title == "Success: no annotation"
    assert "Disagreement" in grid.by_name("Along the sequence").title
    assert not grid.by_name("Success curve").current_line.isVisible()


@pytest.mark.usefixtures("grid")
def test_a_table_that_is_gone_leaves_no_plots(window, failures):
    failures.set_table(None)
    panel = window.inspect.plots
    assert panel.pages.currentWidget() is panel.first_step


def test_many_frames_are_thinned_out_on_the_map_alone():
    from explorer_app.inspect.plots.code_map import MOST_DRAWN, CodeMap
    from explorer_app.inspect.plots.error_histogram import ErrorHistogram

    frames = PlotFrames(table(MOST_DRAWN + 100))
    points = CodeMap.compute(frames)
    assert len(points.drawn) == len(points.points) == MOST_DRAWN
    assert len(frames) == MOST_DRAWN + 100
    assert int(ErrorHistogram.compute(frames).bars.counts.sum()) == len(frames)


def test_reference_codes_are_on_the_large_map(qtbot, window, grid):
    window.inspect.plots.choice.setCurrentText("Map of codes")
    settle(qtbot, window)
    plot = grid.by_name("Map of codes")
    (points,) = plot.figures.references.values()
    assert len(points) == FRAME_COUNT
    assert "real (frames)" in plot.key.text()


def test_reference_codes_lie_in_the_same_plane():
    from explorer_app.inspect.plots.code_map import CodeMap

    rows = table(COUNT)
    points = CodeMap.compute(PlotFrames(rows, {"synthetic": rows.results.pose_latent[:7]}))
    np.testing.assert_allclose(points.references["synthetic"], points.points[:7])


def test_what_is_drawn_of_a_selection_counts_the_selected():
    from explorer_app.inspect.plots.registry import load_plots

    rows = table(COUNT)
    rows.select([0, 1, 2])
    frames = PlotFrames(rows)
    places = frames.selected_places()
    drawn = {name: plot.compute_selection(frames, plot.compute(frames), places) for name, plot in load_plots().items()}
    assert drawn["Histogram of errors"].sum() == drawn["Real ↔ synthetic latent distance"].sum() == 3
    assert np.isfinite(drawn["Along the sequence"]).sum() == len(drawn["Map of codes"]) == 3
    np.testing.assert_allclose(drawn["Error by joint"], rows.results.errors_mm[:3].mean(axis=0), rtol=1e-5)


def test_umap_that_is_not_installed_is_said():
    with pytest.raises(ValueError, match="UMAP is not installed"):
        umap_points([np.zeros((9, 20), dtype=np.float32)])


def test_a_filter_that_lets_none_through_leaves_nothing_to_highlight(qtbot, window, failures, grid):
    failures.set_filters(Filters(text="no such name"))
    settle(qtbot, window)
    failures.select([3])  # whose highlight has no plot to be drawn over
    settle(qtbot, window)
    assert all(plot.frames is None for plot in grid.plots)
    failures.set_filters(Filters())
    settle(qtbot, window)
    assert grid.by_name("Error by joint").places.tolist() == [3]


def test_the_residual_has_a_plot_after_an_evaluation_with_fitting(qtbot, window, failures, grid):
    plot = grid.by_name("Residual and error")
    assert not plot.isVisible()
    failures.set_table(table(COUNT, is_fitted=True))
    settle(qtbot, window)
    assert plot.isVisible()
    assert grid.by_name("Success curve").isVisible()
    correlation = plot.figures.correlation
    assert f"Spearman {correlation:.2f}".replace("-", "−") in plot.title
    residuals = failures.table.numbers("residual_mm")
    window.inspect.plots.choice.setCurrentText(plot.name)
    qtbot.waitUntil(lambda: plot.width() > 0.9 * grid.width(), timeout=WAIT_MS)
    click(plot, residuals[7], failures.table.numbers("mean_mm")[7])
    assert failures.selection.tolist() == [7]
    assert window.session.index == 7
    drag(plot, [(residuals[10] - 0.05, 5), (2.5, 5), (residuals[19] + 0.05, 5)])
    assert failures.selection.tolist() == list(range(10, 20))
    window.inspect.plots.choice.setCurrentText("All plots")
    failures.set_table(table(COUNT))
    settle(qtbot, window)
    assert not plot.isVisible()


def test_the_residual_of_frames_without_annotation_is_compared_with_disagreement():
    from explorer_app.inspect.plots.residual import ResidualPlot

    figures = ResidualPlot.compute(PlotFrames(rows := table(COUNT, is_annotated=False, is_fitted=True)))
    np.testing.assert_array_equal(figures.points[:, 1], rows.numbers("disagreement_mm"))
    assert figures.correlation is not None
    assert ResidualPlot.compute(PlotFrames(table(COUNT))).correlation is None
