"""Fine-tune: teach a model the hands and the camera of a few labelled frames."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from explorer_app.model.devices import devices
from explorer_app.model.opening import STORE_SUFFIXES
from explorer_app.preferences import Preferences
from explorer_app.train.job_dialog import JobDialog
from explorer_app.train.model.finetune_form import FinetuneForm, Proposal, first_folder, propose
from explorer_app.widgets.fields import choice, whole_number
from explorer_app.widgets.path_field import PathField
from lsps_core.events import PartStarted

_LABELS = "A store with annotated real frames, such as the labels that L keeps beside the opened data"
_FRAMES = "More frames of the same hands, which need no labels: those that a fit lies well on are learned from too"
_FOLDER = "For the new model and its runs; the model it came from stays as it is"


class FinetuneDialog(JobDialog):
    """`lsps finetune` with fields."""

    replaces = False

    run_started = Signal(object)
    """path of the run that learns from all labels"""

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__("Fine-tune", "&Fine-tune", "the same settings resume", preferences, parent)
        usual = FinetuneForm()
        self.model = PathField("Model", "file", preferences, (".safetensors",), "The model to start from")
        self.labels = PathField("Labels", "file", preferences, STORE_SUFFIXES, _LABELS)
        self.frames = PathField("Frames without labels", "file", preferences, STORE_SUFFIXES, _FRAMES)
        self.folder = PathField("Folder", "folder", preferences, (), _FOLDER)
        self.steps = whole_number(1, 100_000, usual.steps, "Steps", "Of each run: one for each part of the labels")
        names = {name: name for name in devices() if name != "auto"}
        self.device = choice(names, "Device", "Device for training")
        self.bar.open_button.setToolTip("Show the new model in the explorer")
        self.add_field("model", "&Model", self.model)
        self.add_field("labels", "&Labels", self.labels)
        self.add_field("frames", "F&rames without labels", self.frames)
        self.add_field("folder", "F&older", self.folder)
        self.add_field("steps", "S&teps", self.steps)
        self.add_field("device", "De&vice", self.device)
        for path in (self.model, self.labels, self.frames, self.folder):
            path.changed.connect(self.show_problems)
        self.steps.valueChanged.connect(self.show_problems)
        self.device.currentIndexChanged.connect(self.show_problems)
        self.bar.part_started.connect(self._on_part)
        self.show_problems()

    def fill(self, model: Path | None, labels: Path | None) -> None:
        """Start with the open model and the labels of the opened data, and a free folder beside these.

        A fine-tuning of these that was not finished is proposed again, to be resumed.
        """
        self.model.text = str(model or "")
        if labels is not None:
            self.labels.text = str(labels)
            self.folder.text = str(first_folder(labels))
            self._looking.ask(str(labels), partial(propose, model, labels), self._take_proposal)

    def _take_proposal(self, proposal: Proposal) -> None:
        if self.folder.text == str(first_folder(Path(self.labels.text))):  # else the user has chosen another
            self.folder.text = str(proposal.folder)
            if proposal.is_unfinished:
                self.steps.setValue(proposal.steps)
                self.frames.text = proposal.frames

    @Slot(object)
    def _on_part(self, part: PartStarted) -> None:
        if part.run is not None and part.index == part.count:
            self.run_started.emit(Path(part.run))

    def form(self) -> FinetuneForm:
        return FinetuneForm(
            model=self.model.text,
            labels=self.labels.text,
            frames=self.frames.text,
            folder=self.folder.text,
            steps=self.steps.value(),
            device=self.device.currentText(),
        )

    def fact(self, name: str) -> str:
        if name == "frames":
            return "optional"
        if name == "folder" and self._is_out_there:
            return "has a fine-tuned model already; with other labels or settings, choose another folder"
        return super().fact(name)
