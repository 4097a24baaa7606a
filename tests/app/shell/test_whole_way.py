"""From nothing to a failure in the explorer, by the menus, with real processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot
from run_helpers import leave_no_run

from explorer_app.shell.main_window import MainWindow
from explorer_app.train.simulate_dialog import SimulateDialog
from explorer_app.train.train_dialog import TrainDialog

LEFT = Qt.MouseButton.LeftButton
SMALL = "base_channels=4\ndepth.extra_annotated=1\nposterior.extra_annotated=1"


@pytest.fixture(autouse=True)
def _no_run_is_left(window: MainWindow) -> Iterator[None]:
    yield
    leave_no_run(window.train)


def choose(window: MainWindow, menu: str, line: str) -> None:
    menus = {found.title().replace("&", ""): found for found in window.findChildren(QMenu)}
    next(action for action in menus[menu].actions() if action.text().replace("&", "") == line).trigger()


def simulate(qtbot: QtBot, window: MainWindow, path: Path, domain: int) -> Path:
    choose(window, "Train", "Simulate data …")
    dialog = window.findChildren(SimulateDialog)[-1]
    dialog.domain.setCurrentIndex(domain)
    dialog.frames.setValue(24)
    dialog.out.line.setText(str(path))
    qtbot.waitUntil(dialog.start.isEnabled, timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, LEFT)
    dialog.close()
    return path


def wait_for_run(qtbot: QtBot, window: MainWindow, *states: str) -> None:
    monitor = window.train.monitor
    qtbot.waitUntil(lambda: monitor.view is not None and monitor.view.state in states, timeout=WAIT_MS)


def test_from_simulated_data_to_the_worst_frame(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    synthetic = simulate(qtbot, window, tmp_path / "synthetic.h5", 0)
    sensor = simulate(qtbot, window, tmp_path / "sensor.h5", 1)

    choose(window, "Train", "New run …")
    dialog = window.findChild(TrainDialog)
    form = replace(
        dialog.fields.form(),
        synthetic_path=str(synthetic),
        real_path=str(sensor),
        run_path=str(tmp_path / "run"),
        steps=(10, 1, 80),
        batch_sizes=(8, 1, 1),
        advanced=SMALL,
    )
    dialog.show_form(form)
    qtbot.waitUntil(lambda: dialog.is_settled and dialog.start_button.isEnabled(), timeout=WAIT_MS)
    qtbot.mouseClick(dialog.start_button, LEFT)

    monitor = window.train.monitor
    wait_for_run(qtbot, window, "training")
    qtbot.waitUntil(lambda: monitor.view.curves.stage == "posterior", timeout=WAIT_MS)
    qtbot.mouseClick(monitor.buttons["stop"], LEFT)
    wait_for_run(qtbot, window, "stopped")
    qtbot.mouseClick(monitor.buttons["resume"], LEFT)
    wait_for_run(qtbot, window, "finished")
    assert monitor.view.curves.stage == "posterior"

    qtbot.mouseClick(monitor.buttons["open"], LEFT)
    qtbot.waitUntil(lambda: window.session.model is not None, timeout=WAIT_MS)
    window.open_paths([sensor])
    qtbot.waitUntil(lambda: window.session.encoding is not None and not window.background.is_busy, timeout=WAIT_MS)
    choose(window, "Inspect", "Evaluate this data")
    qtbot.waitUntil(lambda: window.evaluation.is_complete, timeout=WAIT_MS)

    failures, session = window.failures, window.session
    failures.sort("mean_mm", True)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    errors = failures.table.numbers("mean_mm")
    worst = int(failures.table.rows[0])
    assert errors[worst] == errors.max()
    failures.show_frame(worst)
    qtbot.waitUntil(lambda: session.view.index == worst and session.is_at_code, timeout=WAIT_MS)
    assert session.error_mm == pytest.approx(errors[worst], abs=0.05)
    assert len(window.skeleton.figures()) == 2
