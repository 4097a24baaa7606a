"""Import data: read a published data set or any depth images into a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from explorer_app.model.opening import IMAGE_SUFFIXES, STORE_SUFFIXES, ImageSettings
from explorer_app.preferences import Preferences
from explorer_app.train.job_dialog import JobDialog
from explorer_app.train.model.store_forms import FRAMES, ImportForm, options_of, sources
from explorer_app.train.option_field import OptionField
from explorer_app.widgets.fields import choice
from explorer_app.widgets.image_fields import ImageFields
from explorer_app.widgets.noted_field import NotedField
from explorer_app.widgets.path_field import PathField
from lsps_core.data.importers.registry import load
from lsps_core.data.importing.options import CUBE_MM, LIMIT, Option
from lsps_core.data.recordings.opening import RECORDING_SUFFIXES


class ImportDialog(JobDialog):
    """`lsps import` with fields; a stopped import keeps its finished part, and the same import resumes from it."""

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        kept = "finished frames are kept; the same import resumes from them"
        super().__init__("Import data", "&Import", kept, preferences, parent)
        self.source = choice(sources(), "Source", "The data to read")
        self.folder = PathField("Unpacked folder", "folder", preferences, tip="The folder the set was unpacked into")
        suffixes, tip = (*IMAGE_SUFFIXES, *RECORDING_SUFFIXES), "Images or recordings, or a folder of them"
        self.files = PathField("Depth images", "files", preferences, suffixes, tip)
        self.out = PathField("Store to write", "save", preferences, STORE_SUFFIXES, "A new .h5 file")
        self.images = ImageFields()
        self.images.form.setRowVisible(self.images.mirrored, False)
        self.images.show_settings(preferences.image_settings)
        self.images.setMinimumHeight(self.images.sizeHint().height())  # or its rows would be squeezed
        self._options: dict[Option, OptionField] = {}
        self.rows: dict[Option, NotedField] = {}
        """One for each option of any source; those of the chosen source are visible."""
        self._build()

    def _build(self) -> None:
        self.add_field("source", "S&ource", self.source)
        self.add_field("folder", "&Folder", self.folder)
        self.add_field("files", "Depth &images", self.files)
        self.add_row("Read as", self.images)
        every = dict.fromkeys(option for source in sources() for option in options_of(source))  # sets share some
        for option in sorted(every, key=lambda option: option.name in (CUBE_MM.name, LIMIT.name)):
            self._add_option(option)
        self.add_field("out", "Store to &write", self.out)
        for path in (self.folder, self.files, self.out):
            path.changed.connect(self.show_problems)
        self.files.changed.connect(self._show_images)
        self.source.currentIndexChanged.connect(self._show_rows)
        self._show_rows()

    def fill(self, paths: Sequence[Path], settings: ImageSettings) -> None:
        """Propose single images, read like this."""
        self.source.setCurrentIndex(self.source.findData(FRAMES))
        self.files.paths = tuple(map(str, paths))
        self.images.show_settings(settings)
        self.option("mirrored").set_on(settings.is_mirrored)

    def _add_option(self, option: Option) -> None:
        field = self._options[option] = OptionField(option, self.preferences, self)
        field.changed.connect(self.show_problems)
        # two sets may have different options of one name
        self.rows[option] = self.add_field(f"{option.name} {len(self._options)}", option.label, field.editor)

    def option(self, name: str) -> OptionField:
        """The field of an option of the source that is chosen."""
        return next(self._options[option] for option in options_of(self.source.currentData()) if option.name == name)

    def form(self) -> ImportForm:
        source = self.source.currentData()
        is_loose = source == FRAMES
        folder = (self.folder.text,) if self.folder.text else ()
        return ImportForm(
            source=source,
            paths=self.files.paths if is_loose else folder,
            out=self.out.text,
            values={option.name: self._options[option].text for option in options_of(source)},
            images=self.images.settings(self.preferences.image_settings) if is_loose else None,
        )

    def problem_name(self, name: str) -> str:
        return "paths" if name in ("files", "folder") else name.partition(" ")[0]

    def fact(self, name: str) -> str:
        source = self.source.currentData()
        return load(source).origin if name == "source" and source != FRAMES else super().fact(name)

    def remember(self) -> None:
        if self.source.currentData() == FRAMES:
            self.preferences.image_settings = self.images.settings(self.preferences.image_settings)

    @Slot()
    def _show_rows(self) -> None:
        source = self.source.currentData()
        self.set_row_visible(self.fields["folder"], source != FRAMES)
        self.set_row_visible(self.fields["files"], source == FRAMES)
        self._show_images()
        shown = options_of(source)
        for option, row in self.rows.items():
            self.set_row_visible(row, option in shown)
        self.show_problems()
        self.fit()

    @Slot()
    def _show_images(self) -> None:
        """The camera and the unit of images; recordings have their own."""
        self.set_row_visible(self.images, self.source.currentData() == FRAMES and not self.form().is_recorded)
