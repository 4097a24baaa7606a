"""The Fine-tune dialog: from the labels of the opened data to a new model, by a real process."""

from __future__ import annotations

import shutil

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from explorer_app.preferences import Preferences
from explorer_app.train.finetune_dialog import FinetuneDialog
from explorer_app.workers.job import Fate
from lsps_core.cli import build_parser
from lsps_core.events import JobEnded


@pytest.fixture
def dialog(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = FinetuneDialog(Preferences(), parent)
    dialog.show()
    yield dialog
    dialog.close_down()


def test_it_says_what_is_missing_and_what_is_wrong(dialog, tmp_path, model_path):
    assert not dialog.start.isEnabled()
    assert "L labels the frame on screen" in dialog.fields["labels"].note.text()
    dialog.fill(model_path, tmp_path / "gone.labels.h5")
    assert "is not a file" in dialog.fields["labels"].problem
    assert dialog.folder.text == str(tmp_path / "gone-tuned")
    assert not dialog.start.isEnabled()


def test_the_menu_starts_with_the_open_model_and_the_labels(
    qtbot, window, open_and_wait, model_path, store_path, tmp_path
):
    path = shutil.copy(store_path, tmp_path / "frames.h5")
    open_and_wait(model_path, path)
    qtbot.waitUntil(lambda: window.session.is_at_code, timeout=WAIT_MS)
    window.explore.labelling.keep()
    qtbot.waitUntil((tmp_path / "frames.labels.h5").exists, timeout=WAIT_MS)
    window.training_dialogs.finetune_asked.emit()
    (dialog,) = window.training_dialogs.jobs
    assert dialog.model.text == str(model_path)
    assert dialog.labels.text == str(tmp_path / "frames.labels.h5")
    qtbot.waitUntil(dialog.start.isEnabled, timeout=WAIT_MS)


def test_a_problem_of_the_process_is_said_in_the_dialog(qtbot, dialog, tmp_path, model_path, store_path):
    dialog.fill(model_path, store_path)
    dialog.folder.text = str(tmp_path / "tuned")
    qtbot.waitUntil(dialog.start.isEnabled, timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert "has no trained posterior" in dialog.bar.problem.text()
    assert not (tmp_path / "tuned").exists()


def test_what_it_asks_for_is_understood_and_its_result_is_told(dialog, tmp_path, model_path, store_path):
    dialog.fill(model_path, store_path)
    dialog.frames.text = str(store_path)
    dialog.folder.text = str(tmp_path / "tuned")
    dialog.steps.setValue(70)
    parsed = build_parser().parse_args(dialog.form().arguments())
    assert (parsed.model, parsed.labels, parsed.frames) == (model_path, store_path, store_path)
    assert (parsed.out, parsed.steps, parsed.events) == (tmp_path / "tuned", 70, True)
    path = tmp_path / "tuned" / "model.safetensors"
    dialog.bar.path = path
    dialog.bar._take(JobEnded(reason="finished", path=str(path), note="20 own labels: 25.0 → 18.0 mm"))
    dialog.bar._end(Fate("finished"))
    assert dialog.bar.line.text() == "model.safetensors; 20 own labels: 25.0 → 18.0 mm"
