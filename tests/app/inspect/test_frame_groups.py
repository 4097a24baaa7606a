"""Two groups of frames become a slider."""

from __future__ import annotations

import numpy as np
import pytest
from app_helpers import WAIT_MS
from failure_helpers import table as failure_table
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from explorer_app.inspect.directions import DirectionDialog
from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.model.frame_groups import direction_between, frame_groups, proposed
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentScale
from explorer_app.shell.main_window import MainWindow

SCALE = LatentScale(mean=[0.0] * 20, std=[2.0] * 20)


@pytest.fixture
def table() -> FailureTable:
    return failure_table(40)


def test_the_groups_are_what_the_user_has_made(table: FailureTable) -> None:
    assert frame_groups(table) == {}
    assert proposed({}) is None
    table.set_tags({1: "fist", 2: "flat", 3: "fist"})
    groups = frame_groups(table)
    assert {title: frames.tolist() for title, frames in groups.items()} == {"tag fist": [1, 3], "tag flat": [2]}
    assert proposed(groups) == ("tag fist", "tag flat")
    table.set_filters(Filters(groups=frozenset({"subject1"})))
    assert proposed(frame_groups(table)) == ("does not", "passes the filter")
    assert frame_groups(table)["passes the filter"].tolist() == list(range(20, 40))
    table.select([0, 39])
    groups = frame_groups(table)
    assert proposed(groups) == ("not selected", "selected")
    assert groups["selected"].tolist() == [0, 39]
    table.results.pose_latent[39] = np.nan
    assert frame_groups(table)["selected"].tolist() == [0]
    table.results.pose_latent[0] = np.nan
    assert "selected" not in frame_groups(table)


def test_a_direction_is_the_difference_of_the_means(table: FailureTable) -> None:
    codes = table.results.pose_latent
    start, end = np.array([1, 2, 3]), np.array([10, 11])
    found = direction_between(codes, start, end, SCALE, "tiny")
    np.testing.assert_allclose(found.step, (codes[10:12].mean(axis=0) - codes[1:4].mean(axis=0)) / 2, atol=1e-6)
    assert (found.frames, found.model, found.fingerprint) == ((3, 2), "tiny", SCALE.fingerprint)
    with pytest.raises(ValueError, match="same mean code"):
        direction_between(codes, start, start, SCALE, "tiny")


def test_a_dialog_makes_the_slider(qtbot: QtBot, window: MainWindow, model: HandModel, table: FailureTable) -> None:
    window.session.set_model(model)
    maker = window.failures_panel.directions
    assert not maker.action.isEnabled()
    window.failures.set_table(table)
    maker.ask()
    dialog = window.findChild(DirectionDialog)
    assert "one group" in dialog.note.text()
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    dialog.reject()
    dialog.deleteLater()
    window.failures.select([1, 2])
    assert maker.action.isEnabled()
    maker.ask()
    dialog = next(found for found in window.findChildren(DirectionDialog) if found.isVisible())
    assert dialog.end.currentText() == "selected (2)"
    dialog.start.setCurrentIndex(dialog.end.currentIndex())
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    dialog.start.setCurrentText("not selected (38)")
    dialog.name.setText("open")
    dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    qtbot.waitUntil(lambda: "open" in window.latent.directions.rows, timeout=WAIT_MS)
    assert window.latent.directions.known["open"].frames == (38, 2)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
