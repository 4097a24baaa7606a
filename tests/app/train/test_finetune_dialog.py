"""The Fine-tune dialog: from the labels of the opened data to a new model, by a real process."""

from __future__ import annotations

import shutil
import threading

import h5py
import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from explorer_app.preferences import Preferences
from explorer_app.train import finetune_dialog
from explorer_app.train.finetune_dialog import FinetuneDialog
from explorer_app.train.model.finetune_form import propose
from explorer_app.workers.job import Fate
from lsps_core.cli import build_parser
from lsps_core.events import JobEnded, PartStarted, Progress
from lsps_core.finetuning.settings import FinetuneSettings


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


def _begin(folder, model, labels, steps=120):
    """As a fine-tuning leaves it that was killed."""
    FinetuneSettings(model_path=model, labels_path=labels, out=folder, steps=steps).claim(folder / "settings.json")


@pytest.fixture
def labels(tmp_path, store_path):
    return shutil.copy(store_path, tmp_path / "hand.labels.h5")


def test_a_free_folder_is_proposed(qtbot, dialog, model_path, labels, tmp_path):
    for name in ("hand-tuned", "hand-tuned-2"):
        (tmp_path / name).mkdir()
    dialog.fill(model_path, labels)
    qtbot.waitUntil(lambda: dialog.folder.text == str(tmp_path / "hand-tuned-3"), timeout=WAIT_MS)


def test_what_was_not_finished_is_proposed_again_unless_the_labels_changed(
    qtbot, dialog, model_path, other_model_path, labels, tmp_path
):
    _begin(tmp_path / "hand-tuned", other_model_path, labels)
    _begin(tmp_path / "hand-tuned-2", model_path, labels)
    dialog.fill(model_path, labels)
    qtbot.waitUntil(lambda: dialog.folder.text == str(tmp_path / "hand-tuned-2"), timeout=WAIT_MS)
    assert dialog.steps.value() == 120
    (tmp_path / "hand-tuned-2" / "model.safetensors").touch()
    assert propose(model_path, labels).folder == tmp_path / "hand-tuned-3"
    (tmp_path / "hand-tuned-2" / "model.safetensors").unlink()
    with h5py.File(labels, "r+") as file:
        file["joints_mm"][0] += 1
    assert propose(model_path, labels).folder == tmp_path / "hand-tuned-3"


def test_a_folder_that_the_user_chose_stays(qtbot, dialog, model_path, labels, tmp_path, monkeypatch):
    (tmp_path / "hand-tuned").mkdir()
    gate = threading.Event()

    def wait(model, path):
        gate.wait(WAIT_MS / 1000)
        return propose(model, path)

    monkeypatch.setattr(finetune_dialog, "propose", wait)
    dialog.fill(model_path, labels)
    dialog.folder.text = str(tmp_path / "mine")
    gate.set()
    qtbot.waitUntil(lambda: not dialog._looking.is_busy, timeout=WAIT_MS)
    assert dialog.folder.text == str(tmp_path / "mine")


def test_the_folder_of_another_model_is_a_problem(qtbot, dialog, model_path, labels, tmp_path):
    shutil.copy(model_path, tmp_path / "model.safetensors")
    dialog.fill(tmp_path / "model.safetensors", labels)
    dialog.folder.text = str(tmp_path)
    qtbot.waitUntil(lambda: "not of a fine-tuning" in dialog.fields["folder"].problem, timeout=WAIT_MS)
    assert not dialog.start.isEnabled()


def test_the_run_of_all_labels_is_listed_in_train(window, tmp_path):
    window.training_dialogs.finetune(None, None)
    (dialog,) = window.training_dialogs.jobs
    run = str(tmp_path / "runs" / "all")
    dialog.bar._take(PartStarted(name="fold1", index=1, count=2, run=str(tmp_path / "runs" / "fold1")))
    assert window.train.runs.known == []
    dialog.bar._take(PartStarted(name="all", index=2, count=2, run=run))
    assert [str(path) for path in window.train.runs.known] == [run]
    dialog.bar._take(Progress(done=5, total=9, frames_per_s=0.0))
    assert dialog.bar.line.text() == "Part 2 of 2, all · 5 of 9 frames"


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
