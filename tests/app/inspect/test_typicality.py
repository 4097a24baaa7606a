"""How usual the poses of evaluated frames are: from the stored codes, in the table, the filter, a plot and the CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from failure_helpers import results
from failure_helpers import table as failure_table
from pytestqt.qtbot import QtBot

from explorer_app.inspect.model import failure_table as table_module
from explorer_app.inspect.model.failure_export import write_csv
from explorer_app.inspect.model.failure_table import COLUMNS, FailureTable
from explorer_app.inspect.model.filters import Filters
from explorer_app.model.hand.model import HandModel
from explorer_app.shell.main_window import MainWindow

SECTION = COLUMNS.index("typicality")


def shares(pose_latent):
    return np.float32(pose_latent[:, 0] > 0)


def test_it_is_filled_in_for_evaluated_frames_some_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(table_module, "_AT_ONCE", 6)
    begun = results(10)
    begun.pose_latent[7] = np.nan
    table = FailureTable(begun)
    assert not table.has("typicality")
    table.fill_typicality(shares)
    assert table.lacks_typicality
    table.fill_typicality(shares)
    assert not table.lacks_typicality
    assert table.has("typicality")
    is_known = np.arange(10) != 7
    np.testing.assert_array_equal(table.numbers("typicality")[is_known], shares(begun.pose_latent)[is_known])
    assert np.isnan(table.numbers("typicality")[7])
    table.set_filters(Filters(ranges={"typicality": (1, 1)}))
    assert table.rows.tolist() == np.flatnonzero(begun.pose_latent[:, 0] > 0).tolist()
    begun.pose_latent[7] = 1
    table.fill_typicality(shares)
    assert 7 in table.rows
    write_csv(tmp_path / "rows.csv", table, np.array([7]))
    assert next(csv.DictReader((tmp_path / "rows.csv").read_text().splitlines()))["typicality"] == "1.0000"


def test_results_of_a_model_with_a_fitted_prior_show_it(
    qtbot: QtBot, window: MainWindow, fitted_model: HandModel, model: HandModel
) -> None:
    window.workspaces.go("Inspect")
    window.session.set_model(fitted_model)
    made = results(20)
    made.pose_latent[:10] = fitted_model.checkpoint.prior_codes[:10].numpy()
    window.failures.set_table(FailureTable(made))
    view, field = window.failures_panel.table, window.failures_panel.filters.ranges["typicality"]
    qtbot.waitUntil(lambda: not view.isColumnHidden(SECTION), timeout=WAIT_MS)
    expected = fitted_model.prior.typicality_of(made.pose_latent)
    np.testing.assert_array_equal(window.failures.table.numbers("typicality"), expected)
    assert expected[10:].max() < expected[:10].min()
    assert view.rows.index(0, SECTION).data() == f"{100 * expected[0]:.0f} %"
    assert field.isVisible()
    field.high.setValue(100 * float(expected[10:].max()) + 0.1)
    qtbot.waitUntil(lambda: len(window.failures.table) == 10, timeout=WAIT_MS)
    assert window.failures.table.rows.tolist() == list(range(10, 20))
    assert field.high.value() == pytest.approx(100 * expected[10:].max() + 0.1, abs=0.06)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    window.session.set_model(model)
    window.failures.set_table(failure_table(20))
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert view.isColumnHidden(SECTION)
    assert not field.isVisible()
