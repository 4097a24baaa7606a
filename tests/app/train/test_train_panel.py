"""The Train workspace, as a user has it: real runs, and folders of runs that ended in all ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from run_helpers import LONG, kill, leave_no_run, prepare_run

from explorer_app.model.latent import LatentCode
from explorer_app.shell.main_window import MainWindow
from explorer_app.train.panel import TrainPanel
from explorer_app.train.previews import PreviewScrubber, row_names
from lsps_core.errors import LspsError
from lsps_core.events import Failed, error_fields

TERMS = {"reconstruction/real": 0.5, "reconstruction/synthetic": 0.25, "kl/real": 2.0, "discriminator/real": 1.0}


@pytest.fixture
def panel(qtbot: QtBot, window: MainWindow) -> Iterator[TrainPanel]:
    """The window's, in view, its plots there; no process survives the test."""
    window.workspaces.go("Train")
    panel = window.train
    qtbot.waitUntil(lambda: bool(panel.monitor.plots), timeout=WAIT_MS)
    yield panel
    leave_no_run(panel)


def made_run(path: Path, *, reason: str = "finished", message: str = "", step_count: int = 40) -> Path:
    """A folder as a run leaves it, without having trained."""
    (path / "previews").mkdir(parents=True)
    stage = {"steps": 100}
    (path / "config.json").write_text(json.dumps({"pose": stage, "depth": stage, "posterior": stage}))
    events = [{"kind": "started", "step": 0, "total_steps": 300, "device": "cpu", "parameters": 1}]
    for step in range(1, step_count):
        where = {"stage": "depth", "stage_step": step, "step": 100 + step, "frames_per_s": 9.0, "eta_s": 60.0}
        events.append({"kind": "step", "terms": TERMS, **where})
        if step % 10 == 0:
            mm = {"mean_error_mm": 100.0 - step, "best_error_mm": 100.0 - step, "domain": "real"}
            name = f"{100 + step:08d}.png"
            events.append({"kind": "validation", "stage": "depth", "step": 100 + step, **mm})
            events.append({"kind": "preview", "stage": "depth", "step": 100 + step, "path": name})
            Image.fromarray(np.full((40, 30), step, dtype=np.uint8)).save(path / "previews" / name)
    if reason:
        events.append({"kind": "end", "step": 100 + step_count, "reason": reason, "message": message})
    lines = [json.dumps({"time": 1.0 + at, **event}) for at, event in enumerate(events)]
    (path / "events.jsonl").write_text("\n".join(lines) + "\n")
    return path


def wait_for(qtbot: QtBot, panel: TrainPanel, *states: str) -> None:
    """Until the run in hand is in one of these states."""
    monitor = panel.monitor
    qtbot.waitUntil(lambda: monitor.view is not None and monitor.view.state in states, timeout=WAIT_MS)


def shade(previews: PreviewScrubber) -> int:
    """The grey of the sheet in view, whose pixels are all the same."""
    picture = pixels(previews.sheet)
    return int(picture[2, picture.shape[1] // 2, 0])


def click(qtbot: QtBot, panel: TrainPanel, name: str) -> None:
    qtbot.mouseClick(panel.monitor.buttons[name], Qt.MouseButton.LeftButton)


def test_without_runs_it_says_what_to_do(qtbot, panel):
    assert panel.pages.currentWidget() is panel.empty
    assert "No runs yet" in panel.empty.text()
    with qtbot.waitSignal(panel.new_run_asked, timeout=WAIT_MS):
        panel.empty.button.click()


def test_a_run_from_its_start_to_its_stop(qtbot, window, panel, tmp_path, small_stores):
    path = prepare_run(tmp_path / "tiny", small_stores, *LONG)
    panel.add_path(path)
    wait_for(qtbot, panel, "new")
    assert panel.monitor.buttons["resume"].text() == "&Start"
    click(qtbot, panel, "resume")
    wait_for(qtbot, panel, "training")
    qtbot.waitUntil(lambda: panel.monitor.view.curves.stage == "posterior", timeout=WAIT_MS)
    assert "left" in panel.monitor.whole_bar.format()
    assert "posterior (3 of 3" in panel.monitor.stage_bar.format()
    click(qtbot, panel, "pause")
    wait_for(qtbot, panel, "paused")
    assert panel.monitor.buttons["pause"].text() == "&Continue"
    click(qtbot, panel, "pause")
    wait_for(qtbot, panel, "training")

    window.session.set_latent(LatentCode().with_value(2, 1.5))
    click(qtbot, panel, "open")
    qtbot.waitUntil(lambda: window.session.model is not None, timeout=WAIT_MS)
    first = window.session.model
    assert first.path.parent == path / "checkpoints"
    qtbot.mouseClick(panel.monitor.follow, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.monitor.follow.height() // 2))
    assert panel.monitor.follow.isChecked()
    click(qtbot, panel, "stop")
    wait_for(qtbot, panel, "stopped")
    newest = panel.monitor.view.checkpoint
    qtbot.waitUntil(lambda: window.session.model.path == newest, timeout=WAIT_MS)
    assert newest != first.path
    assert window.session.latent.values[2] == 1.5
    assert panel.monitor.buttons["resume"].isEnabled()
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def test_a_run_that_is_killed_is_told_and_resumed(qtbot, panel, tmp_path, small_stores):
    path = prepare_run(tmp_path / "tiny", small_stores, *LONG)
    panel.start_run(path)
    wait_for(qtbot, panel, "training")
    kill(path)
    wait_for(qtbot, panel, "died")
    assert panel.monitor.trouble.isVisible()
    assert "was killed" in panel.monitor.trouble.label.text()
    qtbot.mouseClick(panel.monitor.trouble.resume, Qt.MouseButton.LeftButton)
    wait_for(qtbot, panel, "starting", "training")
    assert not panel.monitor.trouble.isVisible()
    click(qtbot, panel, "cancel")
    wait_for(qtbot, panel, "cancelled")


def test_closing_the_window_asks_what_becomes_of_a_run(qtbot, window, panel, tmp_path, small_stores):
    path = prepare_run(tmp_path / "tiny", small_stores, *LONG)
    panel.start_run(path)
    wait_for(qtbot, panel, "training")
    window.close()
    qtbot.mouseClick(panel.leave_dialog.stay, Qt.MouseButton.LeftButton)
    assert window.isVisible()
    close_and_answer(qtbot, window, "leave")
    assert not (path / "stop").exists()

    later = next_window(qtbot, window, path)
    assert later.train.runs.views[path].is_alive
    close_and_answer(qtbot, later, "stop")
    assert (path / "stop").exists()

    last = next_window(qtbot, later, path)
    qtbot.waitUntil(lambda: not last.train.runs.views[path].is_alive, timeout=WAIT_MS)
    assert last.train.runs.views[path].state == "stopped"
    last.close()


def close_and_answer(qtbot: QtBot, window: MainWindow, answer: str) -> None:
    window.close()
    qtbot.mouseClick(getattr(window.train.leave_dialog, answer), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT_MS)


def next_window(qtbot: QtBot, before: MainWindow, path: Path) -> MainWindow:
    """That of the next start of the app, once it knows the run."""
    window = MainWindow("cpu", before.preferences)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: path in window.train.runs.views, timeout=WAIT_MS)
    return window


@pytest.fixture
def two_runs(qtbot: QtBot, panel: TrainPanel, tmp_path: Path) -> list[Path]:
    """Listed, the first one in hand."""
    paths = [made_run(tmp_path / "first"), made_run(tmp_path / "second", step_count=20)]
    for path in paths:
        panel.runs.add(path)
    qtbot.waitUntil(lambda: len(panel.runs.views) == 2, timeout=WAIT_MS)
    panel.list.select(paths[0])
    return paths


def test_runs_are_chosen_and_laid_over_each_other(qtbot, panel, two_runs):
    errors, terms = panel.monitor.plots
    assert panel.monitor.view.path == two_runs[0]
    alone = len(terms.plot.listDataItems())
    (item,) = panel.list.findItems("second", Qt.MatchFlag.MatchExactly)
    at = panel.list.visualItemRect(item).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, at)
    assert panel.list.selected == two_runs
    assert len(terms.plot.listDataItems()) == 2 * alone
    assert len(errors.plot.listDataItems()) == 2
    assert "second" in panel.monitor.facts.text()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert panel.monitor.view.path == two_runs[1]
    assert len(terms.plot.listDataItems()) == alone


@pytest.mark.usefixtures("two_runs")
def test_terms_are_chosen_smoothed_and_scaled(panel):
    terms = panel.monitor.plots[1]
    count = len(terms.plot.listDataItems())
    row = next(row for row in range(terms.terms.count()) if terms.terms.item(row).toolTip() == "kl/real")
    terms.terms.item(row).setCheckState(Qt.CheckState.Checked)
    assert len(terms.plot.listDataItems()) == count + 1
    assert terms.plot.viewRange()[1][0] < 0  # log10 of 0.25
    terms.is_log.click()
    assert terms.plot.viewRange()[1][1] > 1.9
    terms.smoothing.setValue(100)
    assert np.allclose(terms.plot.listDataItems()[0].getData()[1], 0.5)


@pytest.mark.usefixtures("two_runs")
def test_names_of_terms_are_whole_in_a_small_window(qtbot, window, panel):
    terms = panel.monitor.plots[1].terms
    terms.item(0).setText("mapping adversarial (s)")
    window.resize(1100, 680)
    qtbot.waitUntil(lambda: terms.viewport().width() >= terms.sizeHintForColumn(0), timeout=WAIT_MS)


@pytest.mark.usefixtures("two_runs")
def test_published_errors_are_lines_and_remembered(qtbot, window, panel):
    errors = panel.monitor.plots[0]
    assert "61.0" not in errors.best.text()
    assert "70.0 mm" in errors.best.text()
    qtbot.keyClicks(errors.baselines, "DeepPrior 12.3, Pose-REN")
    qtbot.keyClick(errors.baselines, Qt.Key.Key_Return)
    assert "Pose-REN" in errors.complaint.text()
    errors.baselines.clear()
    qtbot.keyClicks(errors.baselines, "DeepPrior 12.3")
    qtbot.keyClick(errors.baselines, Qt.Key.Key_Return)
    assert not errors.complaint.isVisible()
    assert errors.plot.viewRange()[1][0] < 12.3
    assert window.preferences.get("train/baselines") == "DeepPrior 12.3"


def test_previews_are_scrubbed_and_the_newest_is_followed(qtbot, panel, two_runs):
    previews = panel.monitor.previews
    qtbot.waitUntil(lambda: shade(previews) == 30, timeout=WAIT_MS)
    assert previews.step.text() == "step 130"
    events = (two_runs[0] / "events.jsonl").read_text().splitlines()
    more = json.dumps({"kind": "preview", "time": 99.0, "stage": "depth", "step": 140, "path": "00000110.png"})
    (two_runs[0] / "events.jsonl").write_text("\n".join([*events, more]) + "\n")
    qtbot.waitUntil(lambda: previews.step.text() == "step 140", timeout=WAIT_MS)
    qtbot.keyClick(previews.slider, Qt.Key.Key_Home)
    assert previews.step.text() == "step 110"
    qtbot.waitUntil(lambda: shade(previews) == 10, timeout=WAIT_MS)


def test_what_went_wrong_has_its_line_its_details_and_its_remedy(qtbot, panel, tmp_path):
    message = "out of memory on cuda with depth.batch_size=64"
    settings = {"depth.batch_size": "8"}
    path = made_run(tmp_path / "large", reason="failed", message=message)
    error = LspsError(message, "a step fits with {settings}", field="depth.batch_size", settings=settings)
    (path / "error.jsonl").write_text(Failed(**error_fields(error)).line() + "\n")
    (path / "stderr.log").write_text("# now lsps train\nstep 5\nlsps train: in other words\n")
    panel.add_path(path)
    wait_for(qtbot, panel, "failed")
    trouble = panel.monitor.trouble
    assert trouble.text == f"{message}; a step fits with depth.batch_size=8"
    assert trouble.change.text() == "Resume with depth.batch_size=8"
    assert not trouble.tail.isVisible()
    qtbot.mouseClick(trouble.details, Qt.MouseButton.LeftButton)
    assert "step 5" in trouble.tail.toPlainText()
    assert trouble.tail.isVisible()
    assert not trouble.open.isEnabled()  # there is no checkpoint in this one


def test_no_run_is_listed_from_a_folder_without_one(panel, tmp_path, window):
    panel.add_path(tmp_path)
    assert "is not a run" in window.messages.text
    assert not panel.runs.known


def test_the_share_is_remembered(panel, window):
    assert panel.runs.share == "leave"
    panel.share.setCurrentIndex(0)
    panel.share.activated.emit(0)
    assert window.preferences.get("train/share") == "full"


def test_a_run_is_selected_alone_while_ctrl_is_held(qtbot, window, panel, two_runs):
    """Qt by itself toggles the row then, and each change of the selection shows all runs again, without end."""
    first, second = two_runs
    for path in two_runs:
        panel.add_path(path)
    qtbot.waitUntil(lambda: len(panel.runs.views) == 2, timeout=WAIT_MS)
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_Control, Qt.KeyboardModifier.ControlModifier)
    try:
        for path in (first, second, first, first):
            panel.runs.started.emit(path)
            assert panel.list.selected == [path]
    finally:
        QTest.keyRelease(window.windowHandle(), Qt.Key.Key_Control)


def test_a_very_long_word_for_published_errors_does_not_widen_the_window(panel, window):
    errors, _ = panel.monitor.plots
    width = window.minimumSizeHint().width()
    errors.baselines.setText("a" * 5000)
    errors.baselines.editingFinished.emit()
    assert "aaa" in errors.complaint.text()
    assert window.minimumSizeHint().width() == width


def test_rows_of_a_preview_sheet_have_names(panel):
    assert len(row_names(14 * 128)) == 14
    assert row_names(16 * 128)[-1] == row_names(16 * 128)[7] == "… translated"
    assert row_names(14 * 128)[8] == "real input"
    assert row_names(40) == ()
    sheet = panel.monitor.previews.sheet
    sheet.resize(300, 700)
    image = QPixmap(256, 14 * 128)
    image.fill(Qt.GlobalColor.black)
    sheet.set_pixmap(image, is_whole_size=False)
    seen = pixels(sheet)
    columns = (seen == 0).all(axis=2).mean(axis=0)
    left = int(np.argmax(columns > 0.9))
    beside = seen[:, :left]
    assert left > 60  # room for the names
    assert (beside != beside[0, 0]).any()
