"""The dialogs of the Train menu: new run, resume, simulate and import, each job with its progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from explorer_app.model.opening import ImageSettings
from explorer_app.preferences import Preferences
from explorer_app.session.background import Background
from explorer_app.train.finetune_dialog import FinetuneDialog
from explorer_app.train.import_dialog import ImportDialog
from explorer_app.train.job_dialog import JobDialog
from explorer_app.train.simulate_dialog import SimulateDialog
from explorer_app.train.train_dialog import TrainDialog
from explorer_app.widgets.menus import add_action, filled_on_show


class TrainingDialogs(QObject):
    """Creates them on demand; several jobs may run at once, each in its own dialog."""

    accepted_run = Signal(object, bool)
    """path of a run's folder with its config, whether it existed before"""
    finetune_asked = Signal()
    slurm_asked = Signal()
    """copy the selected run as a batch script"""
    open_asked = Signal(object)
    """path of a store or a model that a job has written"""
    run_started = Signal(object)
    """path of a run that a job trains"""

    def __init__(self, window: QWidget, background: Background, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._background, self._preferences = window, background, preferences
        self.jobs: list[JobDialog] = []
        self.train: TrainDialog | None = None
        self.question: QMessageBox | None = None
        self._is_left = False

    @Slot()
    def new_run(self) -> None:
        self._train_dialog().begin()

    @Slot()
    def resume_run(self, path: Path | None = None) -> None:
        self._train_dialog().begin(path, is_resumed=True)

    @Slot()
    def simulate(self) -> None:
        self._add(SimulateDialog(self._preferences, self._window))

    @Slot()
    def import_data(self) -> None:
        self._add(ImportDialog(self._preferences, self._window))

    @Slot(object, object)
    def import_images(self, paths: Sequence[Path], settings: ImageSettings) -> None:
        """The Import dialog, with these images."""
        dialog = ImportDialog(self._preferences, self._window)
        dialog.fill(paths, settings)
        self._add(dialog)

    def finetune(self, model: Path | None, labels: Path | None) -> None:
        """The Fine-tune dialog, with this model and these labels."""
        dialog = FinetuneDialog(self._preferences, self._window)
        dialog.fill(model, labels)
        dialog.run_started.connect(self.run_started)
        self._add(dialog)

    @property
    def running(self) -> list[JobDialog]:
        """The dialogs with a running job; some of them are hidden."""
        return [dialog for dialog in self.jobs if dialog.bar.is_running]

    def fill_menu(self, menu: QMenu) -> None:
        """The Train menu."""
        add_action(menu, "&New run …", self.new_run, "Ctrl+T")
        add_action(menu, "&Resume a run …", self.resume_run)
        menu.addSeparator()
        add_action(menu, "&Fine-tune …", self.finetune_asked.emit)
        add_action(menu, "&Copy as Slurm script", self.slurm_asked.emit)
        menu.addSeparator()
        add_action(menu, "&Simulate data …", self.simulate)
        add_action(menu, "&Import data …", self.import_data)
        filled_on_show(menu, "&Running jobs", self._fill_jobs)

    def _fill_jobs(self, menu: QMenu) -> None:
        """One entry for each running job, which shows its dialog."""
        for dialog in self.running:
            add_action(menu, dialog.bar.summary.replace("&", "&&"), partial(_show, dialog))
        if not self.running:
            add_action(menu, "None", lambda: None).setEnabled(False)

    def may_close(self) -> bool:
        """Whether the window may be closed; if not, the user is being asked, and the answer may close it."""
        running = self.running
        if self._is_left or not running:
            return True
        if self.question is None:
            names = ", ".join(dialog.bar.summary for dialog in running)
            self.question = QMessageBox(QMessageBox.Icon.Question, "Close LSPS Explorer", "", parent=self._window)
            self.question.setText(f"{'A job is' if len(running) == 1 else 'Jobs are'} still running: {names}.")
            self.question.setInformativeText("The same import resumes the next time; a simulation starts over.")
            stop = self.question.addButton("S&top and close", QMessageBox.ButtonRole.AcceptRole)
            stay = self.question.addButton("St&ay", QMessageBox.ButtonRole.RejectRole)
            self.question.setDefaultButton(stay)
            self.question.setEscapeButton(stay)
            stop.clicked.connect(self._leave)
            self.question.finished.connect(self._forget_question)
            self.question.open()
        return False

    @Slot()
    def _leave(self) -> None:
        self._is_left = True
        self._window.close()

    @Slot()
    def _forget_question(self) -> None:
        question, self.question = self.question, None
        if question is not None:
            question.deleteLater()

    def close_down(self) -> None:
        """End all jobs with the window."""
        for dialog in self.jobs:
            dialog.close_down()
        if self.train is not None:
            self.train.close_down()

    def _train_dialog(self) -> TrainDialog:
        if self.train is None:
            self.train = TrainDialog(self._preferences, self._background, self._window)
            self.train.accepted_run.connect(self.accepted_run)
        return self.train

    def _add(self, dialog: JobDialog) -> None:
        self.jobs.append(dialog)
        dialog.open_asked.connect(self.open_asked)
        dialog.bar.finished.connect(self._preferences.add_recent)
        dialog.retired.connect(partial(self._retire, dialog))
        _show(dialog)

    def _retire(self, dialog: JobDialog) -> None:
        self.jobs.remove(dialog)
        dialog.deleteLater()


def _show(dialog: JobDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
