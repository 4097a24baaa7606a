"""Frames to label next, from the failures of the opened data."""

from __future__ import annotations

import numpy as np
import pytest
from app_helpers import WAIT_MS, write_store
from failure_helpers import show_plots

from explorer_app.inspect.label_queue import _why

COUNT = 30


@pytest.fixture(scope="module")
def long_store_path(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("long") / "frames.h5", COUNT)


@pytest.fixture
def queue(qtbot, window, open_and_wait, model_path, long_store_path, store_path):
    window.inspect.references.choose([store_path])
    open_and_wait(model_path, long_store_path)
    show_plots(qtbot, window, COUNT)
    return window.label_queue


def test_the_worst_frames_are_listed_with_the_reason_and_shown_by_a_click(qtbot, window, queue):
    disagreement = window.failures.table.numbers("disagreement_mm")
    queue.action.trigger()
    qtbot.waitUntil(lambda: queue.dialog is not None, timeout=WAIT_MS)
    rows = queue.dialog.list
    assert 1 <= rows.topLevelItemCount() <= 20
    first = rows.topLevelItem(0)
    worst = int(np.nanargmax(disagreement))
    assert first.text(0) == window.failures.table.value(worst, "name")
    assert f"routes disagree by {disagreement[worst]:.0f} mm" in first.text(1)
    rows.setCurrentItem(rows.topLevelItem(1))
    shown = window.failures.table.value(window.session.index, "name")
    assert shown == rows.topLevelItem(1).text(0)


def test_other_data_closes_the_list(qtbot, queue, open_and_wait, store_path):
    queue.ask()
    qtbot.waitUntil(lambda: queue.dialog is not None, timeout=WAIT_MS)
    open_and_wait(store_path)
    assert queue.dialog is None


def test_the_reason_has_its_number():
    assert _why("typicality", 0.02) == "an unusual pose, 2 % typical"
    assert _why("residual_mm", 3.14) == "the fitted hand is 3.1 mm off the depth"
