"""The plot of CONTRIBUTING.md, registered and used in the dock."""

from __future__ import annotations

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from contributing_page import add_module, add_row
from failure_helpers import table
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from explorer_app.inspect.plots.registry import PLOTS

COUNT = 30


@pytest.fixture
def name(monkeypatch):
    """Its name; the dock reads the registry when the window is made."""
    add_module(monkeypatch, "explorer_app/inspect/plots/group_errors.py")
    return add_row(monkeypatch, PLOTS, "explorer_app/inspect/plots/registry.py, in PLOTS")


@pytest.fixture
def plot(name, window, qtbot):
    panel = window.inspect.plots
    assert panel.choice.findText(name) > 0
    window.workspaces.go("Inspect")
    window.docks["Plots"].raise_()
    window.failures.set_table(table(COUNT))
    qtbot.waitUntil(lambda: panel.grid is not None and panel.grid.plots[0].frames is not None, timeout=WAIT_MS)
    panel.choice.setCurrentText(name)
    plot = panel.grid.by_name(name)
    qtbot.waitUntil(plot.isVisible, timeout=WAIT_MS)
    qtbot.waitUntil(plot.updatesEnabled, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    return plot


def test_the_plot_of_the_page_draws_and_selects(plot, window, qtbot):
    errors = window.failures.table.numbers("mean_mm")
    means = [errors[: COUNT // 2].mean(), errors[COUNT // 2 :].mean()]
    np.testing.assert_allclose(plot.bars.opts["height"], means, rtol=1e-5)
    assert plot.title == "Mean error by group, mm"
    empty = pixels(plot)
    plot.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(plot, key)
    assert window.failures.selection.tolist() == list(range(COUNT // 2, COUNT))
    qtbot.waitUntil(lambda: len(plot.places) == COUNT // 2, timeout=WAIT_MS)
    np.testing.assert_allclose(plot.part.opts["height"], [0, means[1]], rtol=1e-5)
    assert (pixels(plot) != empty).any()
    assert plot.clicked_places(plot.figures, QPointF(0.2, 5)).tolist() == list(range(COUNT // 2))
    window.failures.show_frame(3)
    assert plot.current_line.value() == 0
