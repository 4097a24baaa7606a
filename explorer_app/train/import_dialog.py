"""Import data: a published set or anybody's depth images, read into a store."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from explorer_app.model.opening import IMAGE_SUFFIXES, STORE_SUFFIXES
from explorer_app.preferences import Preferences
from explorer_app.train.job_dialog import JobDialog
from explorer_app.train.model.store_forms import SOURCES, ImportForm
from explorer_app.widgets.fields import number, whole_number
from explorer_app.widgets.image_fields import ImageFields
from explorer_app.widgets.path_field import PathField

_ROWS = {
    "nyu": ("folder", "split", "domain", "limit", "cube"),
    "icvl": ("folder", "split", "with_rotated", "limit", "cube"),
    "msra": ("folder", "subjects", "limit", "cube"),
    "frames": ("files", "domain", "images", "center", "cube"),
}
"""Which options each source has."""


class ImportDialog(JobDialog):
    """`lsps import` with fields; what a stopped import has done is kept, and the same import goes on from there."""

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        kept = "what is done is kept, the same import goes on from there"
        super().__init__("Import data", "&Import", kept, preferences, parent)
        self.source = QComboBox()
        for key, title in SOURCES.items():
            self.source.addItem(title, key)
        self.source.setToolTip("What is to be read")
        self.folder = PathField("Unpacked folder", "folder", preferences, tip="The folder the set was unpacked into")
        self.files = PathField("Depth images", "files", preferences, IMAGE_SUFFIXES, "Images, or a folder of them")
        self.out = PathField("Store to write", "save", preferences, STORE_SUFFIXES, "A new .h5 file")
        self.split, self.domain = QComboBox(), QComboBox()
        self.split.addItems(["train", "test"])
        self.split.setToolTip("Which part of the set")
        self.domain.addItem("real: seen by a camera", "real")
        self.domain.addItem("synthetic: rendered", "synthetic")
        self.domain.setToolTip("Which domain the frames belong to")
        self.subjects = QLineEdit()
        self.subjects.setPlaceholderText("all, or P0, P1, …")
        self.subjects.setToolTip("Only these people of MSRA15")
        self.with_rotated = QCheckBox("also the turned copies")
        self.with_rotated.setToolTip("ICVL’s folders 22-5, 45, …: copies of its frames, turned in the plane")
        self.limit = whole_number(0, 10_000_000, 0, "Limit", "Only the first so many labelled frames", "all frames")
        self.cube = number(0, 1000, 0, " mm", "Hand cube")
        self.cube.setSpecialValueText("the set’s own")
        self.cube.setToolTip("Edge of the cube cut out around the hand")
        self.images = ImageFields()
        self.images.form.setRowVisible(self.images.mirrored, False)
        self.images.show_settings(preferences.image_settings)
        self.images.setMinimumHeight(self.images.sizeHint().height())  # its rows would share what little there is
        self.center = QLineEdit()
        self.center.setPlaceholderText("found in each image, or U,V,D")
        self.center.setToolTip("Cube centre of all images: column px, row px, depth mm")
        self._build()

    def _build(self) -> None:
        self.add_field("source", "S&ource", self.source)
        self._rows: dict[str, QWidget] = {}
        for name, label, editor in (
            ("folder", "&Folder", self.folder),
            ("files", "Depth &images", self.files),
            ("split", "S&plit", self.split),
            ("domain", "Do&main", self.domain),
            ("subjects", "S&ubjects", self.subjects),
            ("with_rotated", "Turned", self.with_rotated),
            ("images", "Read as", self.images),
            ("center", "Cube c&entre", self.center),
            ("cube", "Hand cu&be", self.cube),
            ("limit", "&Limit", self.limit),
        ):
            self._rows[name] = self.add_field(name, label, editor) if name != "images" else editor
            if name == "images":
                self.add_row(label, editor)
        self.add_field("out", "Store to &write", self.out)
        for box in (self.source, self.split, self.domain):
            box.currentIndexChanged.connect(self.show_problems)
        for path in (self.folder, self.files, self.out):
            path.changed.connect(self.show_problems)
        for line in (self.subjects, self.center):
            line.textChanged.connect(self.show_problems)
        self.source.currentIndexChanged.connect(self._show_rows)
        self._show_rows()

    def form(self) -> ImportForm:
        source = self.source.currentData()
        is_loose = source == "frames"
        folder = (self.folder.text,) if self.folder.text else ()
        return ImportForm(
            source=source,
            paths=self.files.paths if is_loose else folder,
            out=self.out.text,
            split=self.split.currentText(),
            domain=self.domain.currentData(),
            subjects=self.subjects.text(),
            with_rotated=self.with_rotated.isChecked(),
            limit=self.limit.value(),
            cube_mm=self.cube.value(),
            images=self.images.settings(replace(self.preferences.image_settings, cube_mm=250.0)) if is_loose else None,
            center=self.center.text(),
        )

    def problem_name(self, name: str) -> str:
        return "paths" if name in ("files", "folder") else name

    def remember(self) -> None:
        if self.source.currentData() == "frames":
            self.preferences.image_settings = self.images.settings(self.preferences.image_settings)

    def _show_rows(self) -> None:
        source = self.source.currentData()
        for name, field in self._rows.items():
            self.set_row_visible(field, name in _ROWS[source])
        self.cube.setSpecialValueText("250 mm" if source == "frames" else "the set’s own")
        self.show_problems()
        self.fit()
