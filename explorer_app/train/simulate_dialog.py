"""Simulate data: any number of annotated frames of a hand, without a camera."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from explorer_app.model.devices import devices
from explorer_app.model.opening import STORE_SUFFIXES
from explorer_app.model.wording import memory
from explorer_app.preferences import Preferences
from explorer_app.train.job_dialog import JobDialog
from explorer_app.train.model.store_forms import SIMULATED_DOMAINS, SimulateForm
from explorer_app.widgets.fields import choice, whole_number
from explorer_app.widgets.path_field import PathField

_FRAME_BYTES = {"synthetic": 3000, "sensor": 4000}
"""On disk, as measured on 24 000 frames of each."""


class SimulateDialog(JobDialog):
    """`lsps simulate` with fields."""

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__("Simulate data", "&Simulate", "an unfinished store is not kept", preferences, parent)
        usual = SimulateForm()
        stores = "Training needs one store of each: synthetic, and real or sensor frames"
        self.domain = choice(SIMULATED_DOMAINS, "Domain", stores)
        self.out = PathField("Store to write", "save", preferences, STORE_SUFFIXES, "A new .h5 file")
        self.frames = whole_number(1, 10_000_000, usual.frames, "Frames", "How many annotated frames to render")
        self.subjects = whole_number(1, 1000, usual.subjects, "Subjects", "Number of hand shapes (sensor only)")
        self.seed = whole_number(0, 2**31 - 1, usual.seed, "Seed", "The same seed gives the same frames")
        names = {name: name for name in devices() if name != "auto"}
        self.device = choice(names, "Device", "Device for rendering; a GPU gives other random numbers than the CPU")
        self.add_field("domain", "Do&main", self.domain)
        self.add_field("out", "Store to &write", self.out)
        self.add_field("frames", "&Frames", self.frames)
        self.add_field("subjects", "S&ubjects", self.subjects)
        self.add_field("seed", "S&eed", self.seed)
        self.add_field("device", "De&vice", self.device)
        for box in (self.domain, self.device):
            box.currentIndexChanged.connect(self.show_problems)
        for number in (self.frames, self.subjects, self.seed):
            number.valueChanged.connect(self.show_problems)
        self.out.changed.connect(self.show_problems)
        self.show_problems()

    def form(self) -> SimulateForm:
        return SimulateForm(
            out=self.out.text,
            domain=self.domain.currentData(),
            frames=self.frames.value(),
            subjects=self.subjects.value(),
            seed=self.seed.value(),
            device=self.device.currentText(),
        )

    def show_problems(self) -> None:
        super().show_problems()
        self.subjects.setEnabled(self.domain.currentData() == "sensor")

    def fact(self, name: str) -> str:
        if name == "subjects" and self.domain.currentData() == "synthetic":
            return "the synthetic domain always shows the average hand"
        if name == "frames":
            return f"about {memory(self.frames.value() * _FRAME_BYTES[self.domain.currentData()])} on disk"
        return super().fact(name)
