"""Simulate data: any number of annotated frames of a hand, without a camera."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from explorer_app.model.devices import devices
from explorer_app.model.opening import STORE_SUFFIXES
from explorer_app.model.wording import memory
from explorer_app.preferences import Preferences
from explorer_app.train.job_dialog import JobDialog
from explorer_app.train.model.store_forms import SIMULATED_DOMAINS, SimulateForm, new_stores
from explorer_app.train.model.train_form import TrainForm
from explorer_app.widgets.fields import choice, whole_number
from explorer_app.widgets.path_field import PathField
from lsps_core.simulator.cameras.registry import MIXED

_FRAME_BYTES = {"synthetic": 3000, "sensor": 4000}
"""On disk, as measured on 24 000 frames of each."""

_VIEWS = {"palm": "Palm to the camera", "any": "From all sides", "egocentric": "From the person's own eyes"}
_THINGS = "Share with a box, cylinder, ball, mug, phone, pen or salt cellar in the hand; people then differ more"
_CAMERAS = {
    "": "First model, structured light",
    "sr300": "Intel SR300, structured light",
    "kinect": "Kinect, structured light",
    "tof": "Time of flight",
    "d415": "Intel D415, stereo",
    MIXED: "Another one each frame",
}
_CROPS = {"true": "About the hand", "found": "Where the hand search finds it"}
_WRISTS = {"free": "Bends freely", "straight": "Straight: the joints determine the forearm"}


class SimulateDialog(JobDialog):
    """`lsps simulate` with fields."""

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__("Simulate data", "&Simulate", "an unfinished store is not kept", preferences, parent)
        usual = SimulateForm()
        stores = "Training needs one store of each: synthetic, and real or sensor frames"
        self._proposed: dict[str, str] = {}
        """names of new stores, by domain"""
        self.domain = choice(SIMULATED_DOMAINS, "Domain", stores)
        self.out = PathField("Store to write", "save", preferences, STORE_SUFFIXES, "A new .h5 file")
        self.frames = whole_number(1, 10_000_000, usual.frames, "Frames", "How many annotated frames to render")
        self.subjects = whole_number(1, 1000, usual.subjects, "Subjects", "Number of hand shapes (sensor only)")
        self.seed = whole_number(0, 2**31 - 1, usual.seed, "Seed", "The same seed gives the same frames")
        self.views = choice(_VIEWS, "Views", "The sides that hands are seen from")
        self.things = whole_number(0, 100, usual.things, "Frames with things", _THINGS)
        self.things.setSuffix(" %")
        self.camera = choice(_CAMERAS, "Depth camera", "Whose noise the frames have (sensor only)")
        self.crop = choice(_CROPS, "Crop", "Where the cube is; a hand that is not found gets the true crop")
        self.wrist = choice(_WRISTS, "Wrist", "A straight one bends only where the forearm would point to the camera")
        names = {name: name for name in devices() if name != "auto"}
        self.device = choice(names, "Device", "Device for rendering; a GPU gives other random numbers than the CPU")
        self.add_field("domain", "Do&main", self.domain)
        self.add_field("out", "Store to &write", self.out)
        self.add_field("frames", "&Frames", self.frames)
        self.add_field("subjects", "S&ubjects", self.subjects)
        self.add_field("seed", "S&eed", self.seed)
        self.add_field("views", "V&iews", self.views)
        self.add_field("things", "Frames with &things", self.things)
        self.add_field("camera", "Depth &camera", self.camera)
        self.add_field("crop", "C&rop", self.crop)
        self.add_field("wrist", "W&rist", self.wrist)
        self.add_field("device", "De&vice", self.device)
        for box in (self.domain, self.views, self.camera, self.crop, self.wrist, self.device):
            box.currentIndexChanged.connect(self.show_problems)
        for number in (self.frames, self.subjects, self.seed, self.things):
            number.valueChanged.connect(self.show_problems)
        self.out.changed.connect(self.show_problems)
        self.domain.currentIndexChanged.connect(self._propose)
        self.bar.finished.connect(self._propose_to_train)
        folder = Path(preferences.last_folder or Path.home())
        self._looking.ask(str(folder), partial(new_stores, folder), self._take_proposed)
        self.show_problems()

    def form(self) -> SimulateForm:
        return SimulateForm(
            out=self.out.text,
            domain=self.domain.currentData(),
            frames=self.frames.value(),
            subjects=self.subjects.value(),
            seed=self.seed.value(),
            views=self.views.currentData(),
            things=self.things.value(),
            camera=self.camera.currentData(),
            crop=self.crop.currentData(),
            wrist=self.wrist.currentData(),
            device=self.device.currentText(),
        )

    def _take_proposed(self, names: dict[str, str]) -> None:
        self._proposed = {"": "", **names}
        self._propose()

    @Slot()
    def _propose(self) -> None:
        """A name for the store, unless one was typed."""
        if self.out.text in self._proposed.values():
            self.out.text = self._proposed[self.domain.currentData()]

    @Slot(object)
    def _propose_to_train(self, path: Path) -> None:
        """The next New run dialog has this store, where it would have none of the domain."""
        form = TrainForm.from_text(str(self.preferences.get("train/form", "") or ""))
        if self.domain.currentData() == "synthetic":
            proposed = replace(form, synthetic_path=form.synthetic_path or str(path))
        else:
            proposed = replace(form, real_path=form.real_path or str(path))
        self.preferences.set("train/form", proposed.to_text())

    def show_problems(self) -> None:
        super().show_problems()
        for field in (self.subjects, self.camera):
            field.setEnabled(self.domain.currentData() == "sensor")

    def fact(self, name: str) -> str:
        if name == "subjects" and self.domain.currentData() == "synthetic":
            return "the synthetic domain always shows one person's hand"
        if name == "camera" and self.domain.currentData() == "synthetic":
            return "the synthetic domain has no noise"
        if name == "frames":
            return f"about {memory(self.frames.value() * _FRAME_BYTES[self.domain.currentData()])} on disk"
        return super().fact(name)
