"""The Train dialog: what it checks, what it measures, and the folder that it leaves for the process to train."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import pytest
from app_helpers import WAIT_MS, write_model, write_store
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from explorer_app.preferences import Preferences
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.train.model.train_form import TrainForm, free_run_path
from explorer_app.train.train_dialog import TrainDialog
from lsps_core.cli import build_parser
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.errors import LspsError
from lsps_core.training.run import Run

SMALL = "base_channels=4\ndepth.extra_annotated=1\nposterior.extra_annotated=1"


@pytest.fixture
def dialog(qtbot: QtBot, tmp_path: Path):
    session = Session()
    background = Background(session)
    preferences = Preferences()
    preferences.set("train/folder", str(tmp_path / "runs"))
    dialog = TrainDialog(preferences, background)
    qtbot.addWidget(dialog)
    dialog.begin()
    settle(qtbot, dialog)
    yield dialog
    dialog.close_down()
    background.close()


def settle(qtbot: QtBot, dialog: TrainDialog) -> None:
    qtbot.waitUntil(lambda: dialog.is_settled, timeout=WAIT_MS)


def fill(qtbot: QtBot, dialog: TrainDialog, stores: dict[str, Path], **more: object) -> None:
    form = replace(
        dialog.fields.form(),
        synthetic_path=str(stores["synthetic"]),
        real_path=str(stores["real"]),
        steps=(4, 2, 2),
        batch_sizes=(8, 1, 1),
        advanced=SMALL,
        **more,
    )
    dialog.show_form(form)
    settle(qtbot, dialog)


def problem(dialog: TrainDialog, name: str) -> str:
    return dialog.fields.notes[name].problem


def test_an_empty_form_says_what_is_missing_and_blames_nobody(dialog: TrainDialog, tmp_path: Path) -> None:
    assert (
        dialog.fields.notes["real_path"].note.text()
        == "choose a store of real or sensor frames; Train ▸ Simulate data makes one"
    )
    assert not any(field.problem for field in dialog.fields.notes.values())
    assert not dialog.start_button.isEnabled()
    assert dialog.fields.run.text == str(tmp_path / "runs" / "run-1")


def test_stores_are_described_and_a_good_form_can_start(qtbot: QtBot, dialog: TrainDialog, stores) -> None:
    fill(qtbot, dialog, stores)
    assert dialog.fields.notes["synthetic_path"].note.text() == "96 frames, all annotated, hand21, simulated"
    assert dialog.start_button.isEnabled()
    assert dialog.estimate.button.isEnabled()


def test_typing_a_wrong_path_is_said_beside_it_and_mended(qtbot: QtBot, dialog: TrainDialog, stores) -> None:
    fill(qtbot, dialog, stores)
    edit = dialog.fields.real.line
    edit.setFocus()
    edit.setCursorPosition(len(edit.text()))
    qtbot.keyClicks(edit, "x")
    assert not dialog.start_button.isEnabled()  # at once, before it was looked at
    settle(qtbot, dialog)
    assert problem(dialog, "real_path")
    qtbot.keyClick(edit, Qt.Key.Key_Backspace)
    settle(qtbot, dialog)
    assert not problem(dialog, "real_path")
    assert dialog.start_button.isEnabled()


def test_exchanged_stores_are_said_in_words_of_the_window(qtbot: QtBot, dialog: TrainDialog, stores) -> None:
    fill(qtbot, dialog, {"synthetic": stores["real"], "real": stores["synthetic"]})
    assert "exchange “Synthetic store” and “Real store”" in problem(dialog, "synthetic_path")
    assert "--" not in problem(dialog, "synthetic_path")


def test_skeletons_that_differ_are_said_beside_the_real_store(
    qtbot: QtBot, dialog: TrainDialog, stores, tmp_path
) -> None:
    other = Path(shutil.copy(stores["real"], tmp_path / "other.h5"))
    with h5py.File(other, "r+") as file:
        skeleton = json.loads(file.attrs["skeleton"])
        joints = skeleton["joints"][1:] + skeleton["joints"][:1]
        file.attrs["skeleton"] = json.dumps(skeleton | {"name": "another", "joints": joints})
    fill(qtbot, dialog, {**stores, "real": other})
    assert "has the skeleton another" in problem(dialog, "real_path")


def test_settings_that_make_no_config_stand_beside_their_field(qtbot: QtBot, dialog: TrainDialog, stores) -> None:
    fill(qtbot, dialog, stores)
    dialog.fields.stages.batch_sizes["depth"].setValue(0)
    dialog.fields.advanced.setPlainText("depth.learning_rate=fast")
    settle(qtbot, dialog)
    assert "batch_size must be positive" in dialog.fields.stages.notes["depth"].text()
    assert problem(dialog, "advanced") == "depth.learning_rate: 'fast' is not a number"
    dialog.fields.advanced.setPlainText("depth.nonsense=1")
    settle(qtbot, dialog)
    assert "depth.nonsense=1: no such setting; write KEY=VALUE" in problem(dialog, "advanced")


@pytest.fixture
def _reworded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every error of the core says something else."""
    make = LspsError.__init__

    def make_nonsense(error: LspsError, _what: str, remedy: str = "", **about: Any) -> None:
        make(error, "xyzzy", "plugh" if remedy else "", **about)

    monkeypatch.setattr(LspsError, "__init__", make_nonsense)


@pytest.mark.usefixtures("_reworded")
def test_a_reworded_error_is_shown_beside_the_same_field(qtbot: QtBot, dialog: TrainDialog, stores, tmp_path) -> None:
    fill(qtbot, dialog, {"synthetic": stores["real"], "real": stores["synthetic"]}, device="nonsense")
    assert problem(dialog, "synthetic_path") == problem(dialog, "device") == "xyzzy; plugh"
    assert not problem(dialog, "real_path")
    other = Path(shutil.copy(stores["real"], tmp_path / "other.h5"))
    with h5py.File(other, "r+") as file:
        skeleton = json.loads(file.attrs["skeleton"])
        file.attrs["skeleton"] = json.dumps(skeleton | {"joints": skeleton["joints"][1:] + skeleton["joints"][:1]})
    fill(qtbot, dialog, {**stores, "real": other}, device="cpu")
    assert problem(dialog, "real_path") == "xyzzy; plugh"
    assert not problem(dialog, "synthetic_path")
    dialog.fields.stages.batch_sizes["depth"].setValue(0)
    dialog.fields.advanced.setPlainText("depth.nonsense=1")
    settle(qtbot, dialog)
    assert "xyzzy" in dialog.fields.stages.notes["depth"].text()
    assert problem(dialog, "advanced") == "xyzzy; plugh"


@pytest.mark.usefixtures("_reworded")
def test_a_reworded_change_is_shown_beside_the_same_field(stores, tmp_path) -> None:
    from explorer_app.train.model.train_check import check

    paths = {"synthetic_path": str(stores["synthetic"]), "real_path": str(stores["real"])}
    run = Run.create(tmp_path / "old", TrainConfig(**paths, **PRESETS["compact"]))
    form = TrainForm(start="resume", run_path=str(run.path)).with_config(run.config())
    assert not check(form).problems
    gone = replace(form, real_path=str(tmp_path / "gone.h5"))
    assert check(gone).problems.keys() == {"real_path"}


def test_labels_of_a_store_without_any_are_refused(qtbot: QtBot, dialog: TrainDialog, stores, tmp_path) -> None:
    bare = Path(shutil.copy(stores["real"], tmp_path / "bare.h5"))
    with h5py.File(bare, "r+") as file:
        file["joints_mm"][:] = float("nan")
    fill(qtbot, dialog, {**stores, "real": bare}, labels=0.5)
    assert "not annotated" in dialog.fields.notes["real_path"].note.text()
    assert "no labels" in problem(dialog, "labels")


def test_a_taken_folder_and_a_model_of_other_networks_are_refused(
    qtbot: QtBot, dialog: TrainDialog, stores, tmp_path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("all of it")
    model = write_model(tmp_path / "model.safetensors")
    fill(qtbot, dialog, stores, start="model", initial_path=str(model), run_path=str(tmp_path / "taken"))
    assert dialog.fields.initial.isVisible()
    assert "exists already" in problem(dialog, "run_path")
    assert "other networks" in problem(dialog, "initial_path")


def test_a_preset_brings_its_lengths_and_augmentations(qtbot: QtBot, dialog: TrainDialog, stores) -> None:
    fill(qtbot, dialog, stores)
    boxes = dialog.fields.augmentations.values()
    assert [(box.isChecked(), box.isEnabled()) for box in boxes] == [(True, True), (False, True)]
    dialog.fields.preset.setCurrentIndex(dialog.fields.preset.findData("paper"))
    assert dialog.fields.form().steps == (200_000, 500_000, 50_000)
    assert dialog.fields.form().batch_sizes == (128, 1, 32)
    assert [(box.isChecked(), box.isEnabled()) for box in boxes] == [(False, False)] * 2
    settle(qtbot, dialog)


def test_time_and_memory_are_measured(qtbot: QtBot, dialog: TrainDialog, stores) -> None:
    fill(qtbot, dialog, stores)
    with qtbot.waitSignal(dialog.estimate.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.estimate.button, Qt.MouseButton.LeftButton)
    assert dialog.estimate.note.text().startswith("Total about")
    assert not dialog.estimate.note.is_problem
    assert all(label.text() != "–" for label in dialog.fields.stages.seconds.values())
    assert not Path(dialog.fields.run.text).exists()
    dialog.fields.stages.steps["pose"].setValue(5)  # what was measured is of another form now
    assert all(label.text() == "–" for label in dialog.fields.stages.seconds.values())
    settle(qtbot, dialog)


def test_a_change_stops_the_measurement(qtbot: QtBot, dialog: TrainDialog, stores) -> None:
    fill(qtbot, dialog, stores)
    qtbot.mouseClick(dialog.estimate.button, Qt.MouseButton.LeftButton)
    job = dialog.estimate.runner.job
    assert job is not None
    dialog.fields.seed.setValue(3)
    assert not dialog.estimate.is_running
    qtbot.waitUntil(lambda: not isValid(job), timeout=WAIT_MS)
    settle(qtbot, dialog)


def test_start_writes_the_folder_and_hands_it_over(qtbot: QtBot, dialog: TrainDialog, stores, tmp_path) -> None:
    fill(qtbot, dialog, stores, labels=0.25, seed=7)
    for box in dialog.fields.augmentations.values():
        box.click()
    settle(qtbot, dialog)
    with qtbot.waitSignal(dialog.accepted_run, timeout=WAIT_MS) as told:
        qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    path, was_there = told.args
    assert (path, was_there) == (tmp_path / "runs" / "run-1", False)
    run = Run(path)
    assert run.is_prepared
    config = run.config()
    assert (config.labels, config.seed, config.device, config.pose.steps) == (0.25, 7, "auto", 4)
    assert (config.base_channels, config.real_path) == (4, str(stores["real"]))
    assert (config.posterior.degrade, config.posterior.occlude) == (False, True)
    assert not dialog.isVisible()
    dialog.begin()  # the next time it remembers, and names another folder
    settle(qtbot, dialog)
    assert dialog.fields.form().labels == 0.25
    assert dialog.fields.run.text == str(tmp_path / "runs" / "run-2")


def test_resuming_shows_the_runs_own_settings_and_can_change_them(
    qtbot: QtBot, dialog: TrainDialog, stores, tmp_path
) -> None:
    paths = {"synthetic_path": str(stores["synthetic"]), "real_path": str(stores["real"])}
    config = TrainConfig(**paths, **PRESETS["compact"]).with_settings(
        ["depth.steps=33", "seed=9", "posterior.occlude=true"]
    )
    run = Run.create(tmp_path / "old", config)
    dialog.begin(run.path)
    qtbot.waitUntil(lambda: dialog.is_settled and dialog.fields.seed.value() == 9, timeout=WAIT_MS)
    assert dialog.fields.stages.steps["depth"].value() == 33
    assert dialog.fields.form().occlude
    assert not dialog.fields.preset.isEnabled()
    assert dialog.start_button.text() == "&Resume training"
    dialog.fields.stages.steps["depth"].setValue(44)
    settle(qtbot, dialog)
    with qtbot.waitSignal(dialog.accepted_run, timeout=WAIT_MS) as told:
        qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert told.args == [run.path, True]
    assert run.config().depth.steps == 44
    assert run.config().mapping == "surface"


def test_what_is_no_run_cannot_be_resumed(qtbot: QtBot, dialog: TrainDialog, tmp_path) -> None:
    dialog.begin(tmp_path)
    settle(qtbot, dialog)
    assert "config.json cannot be read" in problem(dialog, "run_path")
    assert not dialog.start_button.isEnabled()


def test_the_form_survives_being_remembered() -> None:
    form = TrainForm(synthetic_path="/a.h5", labels=0.1, steps=(1, 2, 3), advanced="weights.mapping=1")
    assert TrainForm.from_text(form.to_text()) == form
    assert TrainForm.from_text("") == TrainForm()
    assert TrainForm.from_text(json.dumps({"preset": "nonsense"})) == TrainForm()


def test_the_estimate_asks_for_what_the_form_says() -> None:
    form = TrainForm(
        synthetic_path="/s.h5", real_path="/r.h5", run_path="/run", labels=0.1, preset="paper", advanced=SMALL
    )
    read = build_parser().parse_args(form.estimate_arguments())
    assert read.estimate
    config, problems = form.config()
    assert not problems
    asked = TrainConfig(synthetic_path="", real_path="", device="auto", **PRESETS["paper"])
    assert asked.with_settings(read.settings) == config


def test_the_next_run_is_free(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    assert free_run_path(tmp_path) == tmp_path / "run-2"


def test_the_menu_leads_to_all_dialogs_and_closing_asks(qtbot: QtBot, window, tmp_path: Path) -> None:
    dialogs = window.training_dialogs
    menu = next(action.menu() for action in window.menuBar().actions() if action.text() == "&Train")
    actions = {action.text(): action for action in menu.actions()}
    actions["&New run …"].trigger()
    assert dialogs.train.isVisible()
    actions["&Resume a run …"].trigger()
    assert dialogs.train.fields.form().is_resumed
    settle(qtbot, dialogs.train)
    dialogs.train.reject()
    actions["&Import data …"].trigger()
    actions["&Simulate data …"].trigger()
    _, simulate = dialogs.jobs
    simulate.frames.setValue(1_000_000)
    simulate.out.text = str(tmp_path / "s.h5")
    qtbot.mouseClick(simulate.start, Qt.MouseButton.LeftButton)
    simulate.close()
    jobs = actions["&Running jobs"].menu()
    jobs.aboutToShow.emit()
    assert jobs.actions()[0].text().startswith("s.h5")
    jobs.actions()[0].trigger()
    assert simulate.isVisible()
    window.close()
    assert window.isVisible()
    dialogs.question.escapeButton().click()
    assert window.isVisible()
    window.close()
    next(b for b in dialogs.question.buttons() if "Stop" in b.text().replace("&", "")).click()
    assert not window.isVisible()


def test_a_simulated_store_is_opened(qtbot: QtBot, window, tmp_path: Path) -> None:
    path = write_store(tmp_path / "made.h5")
    window.training_dialogs.open_asked.emit(path)
    qtbot.waitUntil(lambda: window.session.data is not None, timeout=WAIT_MS)
    assert window.session.data.origin == (path,)


def test_what_the_dialog_prepared_is_trained_in_its_workspace(
    qtbot: QtBot, window, stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(window.train, "start_run", started.append)
    qtbot.mouseClick(window.train.new_run, Qt.MouseButton.LeftButton)
    dialog = window.training_dialogs.train
    fill(qtbot, dialog, stores, run_path=str(tmp_path / "run"))
    qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(started), timeout=WAIT_MS)
    assert started == [tmp_path / "run"]
    assert window.workspaces.current == "Train"
