"""What the Train workspace and its dialogs ask of the rest of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from explorer_app.inspect.first_step import FirstStep
from explorer_app.session.background import Background
from explorer_app.session.labelling import Labelling
from explorer_app.session.session import Session
from explorer_app.shell.opener import Opener
from explorer_app.shell.workspaces import Workspaces
from explorer_app.train.dialogs import TrainingDialogs
from explorer_app.train.panel import TrainPanel
from explorer_app.workspace_names import EXPLORE, TRAIN


class TrainingLinks(QObject):
    """Opens what runs and jobs have written, and shows what the dialogs have started."""

    def __init__(
        self,
        session: Session,
        background: Background,
        opener: Opener,
        workspaces: Workspaces,
        train: TrainPanel,
        dialogs: TrainingDialogs,
        labelling: Labelling,
        first_step: FirstStep,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._background, self._opener, self._workspaces = session, background, opener, workspaces
        self._train, self._dialogs, self._labelling = train, dialogs, labelling
        session.latent_changed.connect(train.runs.make_room)
        train.message.connect(session.message)
        train.open_asked.connect(self._open_checkpoint)
        train.new_run_asked.connect(dialogs.new_run)
        dialogs.accepted_run.connect(self._start)
        dialogs.open_asked.connect(self._open_written)
        dialogs.finetune_asked.connect(self._finetune)
        dialogs.slurm_asked.connect(train.copy_as_slurm)
        dialogs.run_started.connect(train.list_run)
        first_step.open_asked.connect(opener.ask_for_files)
        first_step.import_asked.connect(dialogs.import_images)

    @Slot(object)
    def _open_checkpoint(self, path: Path) -> None:
        self._background.open_model(path, self._opener.device)

    @Slot(object)
    def _open_written(self, path: Path) -> None:
        self._workspaces.go(EXPLORE)
        self._opener.open_paths([path])

    @Slot()
    def _finetune(self) -> None:
        model = self._session.model
        self._dialogs.finetune(model.path if model is not None else None, self._labelling.path)

    @Slot(object, bool)
    def _start(self, path: Path, _was_there: bool) -> None:
        self._workspaces.go(TRAIN)
        self._train.start_run(path)
