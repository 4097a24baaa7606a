"""Set up a training run, or resume one: checked while typing, with an estimate before the start."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from explorer_app.preferences import Preferences
from explorer_app.train.estimate_bar import EstimateBar
from explorer_app.train.model.train_form import TrainForm, free_run_path
from explorer_app.train.train_fields import TrainFields
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.noted_field import NoteLabel
from lsps_core.files import expanded

if TYPE_CHECKING:
    from explorer_app.session.background import Background
    from explorer_app.train.model.train_check import TrainCheck
    from lsps_core.config.training import TrainConfig

_DEBOUNCE_MS = 250
_KEY = "train/form"


class TrainDialog(QDialog):
    """Not modal, one instance: `begin` shows it. Start writes the run's folder and emits its path; it does not start
    the process."""

    accepted_run = Signal(object, bool)
    """path of a run's folder with its config, whether it existed before"""

    def __init__(self, preferences: Preferences, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train")
        self._preferences, self._background = preferences, background
        self.check: TrainCheck | None = None
        self._loaded_run = ""
        self.fields = TrainFields(preferences)
        self.estimate = EstimateBar()
        self.fields.room.addWidget(self.estimate)
        self.problem = NoteLabel()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.start_button = self.buttons.addButton("&Start training", QDialogButtonBox.ButtonRole.AcceptRole)
        self.start_button.setDefault(True)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(self.fields, 1)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self._checking = background.add_worker("train-check", self._on_check, self._on_failure)
        self._loading = background.add_worker("train-config", self._on_config, self._on_no_config)
        self._preparing = background.add_worker("train-folder", self._on_prepared, self._on_failure)
        self._patience = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._connect()
        self.resize(940, 500)

    def _connect(self) -> None:
        self.fields.changed.connect(self._on_change)
        self.fields.start_changed.connect(self._on_start)
        self.estimate.asked.connect(self._estimate)
        self.estimate.begun.connect(self.fields.stages.clear_estimate)
        self.estimate.measured.connect(self.fields.stages.show_estimate)
        self._patience.timeout.connect(self._ask)
        self.buttons.accepted.connect(self._prepare)
        self.buttons.rejected.connect(self.reject)

    def begin(self, resume: Path | None = None, *, is_resumed: bool = False) -> None:
        """Show it with the last used settings, or with those of a run to resume, which may not be chosen yet."""
        form = TrainForm.from_text(str(self._preferences.get(_KEY, "")))
        is_resumed = is_resumed or resume is not None
        folder = self._runs_folder(form)
        form = replace(form, start="resume" if is_resumed else form.start, run_path=str(resume or ""))
        self._loaded_run = ""
        self.fields.setEnabled(True)
        self.show_form(form)
        self._on_start()
        self.show()
        self.raise_()
        self.activateWindow()
        if not is_resumed:
            self._background.looking.ask(str(folder), partial(free_run_path, folder), self._name_run)

    def show_form(self, form: TrainForm) -> None:
        """Fill in the fields, and check what they say."""
        self.fields.show_form(form)
        self._on_change()

    def _name_run(self, path: Path) -> None:
        form = self.fields.form()
        if not form.is_resumed and not form.run_path:
            self.show_form(replace(form, run_path=str(path)))

    def _runs_folder(self, form: TrainForm) -> Path:
        """The folder of the last run, or the folder of runs."""
        folder = str(self._preferences.get("train/folder", "") or "")
        last = Path(form.run_path).parent if form.run_path else Path.home() / "lsps-runs"
        return Path(folder) if folder else last

    @property
    def is_settled(self) -> bool:
        """Whether the current fields have been checked."""
        is_busy = self._patience.isActive() or self._checking.is_busy or self._loading.is_busy
        return not is_busy and not self._preparing.is_busy

    @Slot()
    def _on_change(self) -> None:
        self.check = None
        self.problem.show_fact("")
        self.start_button.setEnabled(False)
        self.estimate.button.setEnabled(False)
        self.estimate.forget()
        self.fields.stages.clear_estimate()
        self._patience.start()

    @Slot()
    def _on_start(self) -> None:
        """Another kind of start: a run to resume sets its own settings."""
        form = self.fields.form()
        self.start_button.setText("&Resume training" if form.is_resumed else "&Start training")
        if not form.is_resumed:
            self._loaded_run = ""
        elif form.run_path and form.run_path != self._loaded_run:
            self._loaded_run = form.run_path
            self._loading.ask(form.run_path, partial(_read_config, expanded(form.run_path)))

    @Slot(object, object)
    def _on_config(self, run_path: str, config: TrainConfig) -> None:
        form = self.fields.form()
        if form.is_resumed and form.run_path == run_path:
            self.show_form(form.with_config(config))

    @Slot(object, str)
    def _on_no_config(self, _run_path: str, _line: str) -> None:
        """The check shows the reason beside the field."""

    @Slot()
    def _ask(self) -> None:
        form = self.fields.form()
        self._checking.ask(form, partial(_check, form))

    @Slot(object, object)
    def _on_check(self, form: TrainForm, check: TrainCheck) -> None:
        if form != self.fields.form() or self._patience.isActive():
            return
        self.check = check
        self.fields.show_notes(check.problems, form.missing | check.facts)
        is_ready = check.is_sound and not form.missing
        self.start_button.setEnabled(is_ready)
        self.estimate.button.setEnabled(is_ready)

    @Slot(object, str)
    def _on_failure(self, _stamp: object, line: str) -> None:
        self.problem.show_problem(line)
        self.fields.setEnabled(True)

    @Slot()
    def _estimate(self) -> None:
        self.estimate.start(self.fields.form().estimate_arguments())

    @Slot()
    def _prepare(self) -> None:
        form = self.fields.form()
        self.estimate.forget()
        self.start_button.setEnabled(False)
        self.fields.setEnabled(False)
        self._preparing.ask(form, partial(_prepare, form))

    @Slot(object, object)
    def _on_prepared(self, form: TrainForm, path: Path) -> None:
        if not form.is_resumed:
            self._preferences.set(_KEY, form.to_text())
        self.accepted_run.emit(path, form.is_resumed)
        self.accept()

    def done(self, result: int) -> None:
        self._patience.stop()
        self.estimate.forget()
        super().done(result)

    def close_down(self) -> None:
        """End the estimate with the window."""
        self._patience.stop()
        self.estimate.close_down()


# torch and HDF5 are imported here, in a thread


def _check(form: TrainForm) -> TrainCheck:
    from explorer_app.train.model.train_check import check

    return check(form)


def _read_config(path: Path) -> TrainConfig:
    from explorer_app.train.model.train_check import run_config

    return run_config(path)


def _prepare(form: TrainForm) -> Path:
    from explorer_app.train.model.train_check import prepare

    return prepare(form)
