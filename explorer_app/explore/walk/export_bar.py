"""Export of the walk: a button, and during an export its progress and a stop button."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from explorer_app.explore.model.walk_drawing import VIEWS, Look
from explorer_app.explore.model.walk_export import FORMATS, ExportOptions, export_walk, strip_size
from explorer_app.model.scene import Orbit
from explorer_app.model.walk import WalkPlan
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.export_progress import ExportProgress
from explorer_app.widgets.fields import choice, show_choice, whole_number
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import form_layout, row_layout
from explorer_app.workers.file_export import FileExport
from lsps_core.config.model import DOMAINS

_SIDES_PX = (128, 256, 384, 512, 768, 1024)


class ExportDialog(QDialog):
    """Starts with the last used options; shows the length of the result."""

    chosen = Signal(object)
    """ExportOptions"""

    def __init__(
        self, options: ExportOptions, plan: WalkPlan, orbit: Orbit | None = None, parent: QWidget | None = None
    ) -> None:
        """orbit: the camera of the 3D view, from which the skeleton may be drawn."""
        super().__init__(parent)
        self.setWindowTitle("Export walk")
        self._plan, self._orbit = plan, orbit
        self._build_fields(options)
        self._build_look(options.look)
        self.summary = QLabel()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setText("Save as …")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._form = form_layout(self, margin=theme.MARGIN)
        for label, field in (
            ("&Format", self.format),
            ("Frames per &keyframe", self.frames_per_segment),
            ("Frames per &second", self.frames_per_second),
            ("&Depth images of", self.domain),
        ):
            self._form.addRow(label, field)
        for name, box in self.views.items():
            self._form.addRow("Show" if name == "real" else "", box)
        looks: tuple[tuple[str, QWidget], ...] = (
            ("Si&ze of a view", self.side_px),
            ("&Camera", self.camera),
            ("", self.has_volume),
            ("", self.is_transparent),
            ("Ca&ption", self.caption),
        )
        for label, widget in looks:
            self._form.addRow(label, widget)
        self._form.addRow(self.summary)
        self._form.addRow(self.buttons)
        self._show()

    def _build_fields(self, options: ExportOptions) -> None:
        formats = {suffix: f"{title} ({suffix})" for suffix, title in FORMATS.items()}
        self.format = choice(formats, "Format", "What the file holds")
        show_choice(self.format, options.suffix)
        self.frames_per_segment = whole_number(
            1, 1000, options.frames_per_segment, "Frames per keyframe", "Frames from one keyframe to the next"
        )
        self.frames_per_second = whole_number(1, 60, options.frames_per_second, "Frames per second", "Playback speed")
        for field in (self.frames_per_segment, self.frames_per_second):
            field.valueChanged.connect(self._show)
        domains = {domain: f"the {domain} domain" for domain in DOMAINS[::-1]}
        joints = "A store holds the depth images of one domain, with their joints"
        self.domain = choice(domains, "Depth images of", joints)
        show_choice(self.domain, options.domain)
        self.views = {name: QCheckBox(title) for name, title in VIEWS.items()}
        for name, box in self.views.items():
            box.setChecked(name in options.views)
            box.setToolTip("The views in each frame, side by side (one below the other in a strip)")
            box.toggled.connect(self._show)
        self.format.currentIndexChanged.connect(self._show)

    def _build_look(self, look: Look) -> None:
        sizes = {None: "As the format has it"} | {px: f"{px} px" for px in _SIDES_PX}
        self.side_px = choice(sizes, "Size of a view", "Edge of each view in the file")
        show_choice(self.side_px, look.side_px)
        cameras = {False: "Depth camera"} | ({True: "As in the 3D view"} if self._orbit is not None else {})
        self.camera = choice(cameras, "Camera of the skeleton", "Where the skeleton is seen from")
        show_choice(self.camera, look.orbit is not None)
        self.has_volume = QCheckBox("Volume behind the skeleton")
        self.has_volume.setToolTip("The hand's skin, as in the simulator")
        self.has_volume.setChecked(look.has_volume)
        self.is_transparent = QCheckBox("Transparent background")
        self.is_transparent.setToolTip("A strip without white behind the hands")
        self.is_transparent.setChecked(look.is_transparent)
        self.caption = QLineEdit(look.caption)
        self.caption.setAccessibleName("Caption")
        self.caption.setToolTip("A line below the views; empty for none")
        for signal in (self.side_px.currentIndexChanged, self.caption.textChanged, self.views["skeleton"].toggled):
            signal.connect(self._show)

    def _look(self) -> Look:
        return Look(
            side_px=self.side_px.currentData(),
            orbit=self._orbit if self.camera.currentData() else None,
            has_volume=self.has_volume.isChecked(),
            caption=self.caption.text().strip(),
            is_transparent=self.is_transparent.isChecked(),
        )

    def options(self) -> ExportOptions:
        """The selected options; ValueError, in one line, if they are not valid."""
        return ExportOptions(
            self.format.currentData(),
            self.frames_per_segment.value(),
            self.frames_per_second.value(),
            tuple(name for name, box in self.views.items() if box.isChecked()),
            self.domain.currentData(),
            self._look(),
        )

    @Slot()
    def _show(self) -> None:
        save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        suffix = self.format.currentData()
        is_drawn = suffix in (".mp4", ".gif", ".png")
        for box in self.views.values():
            self._form.setRowVisible(box, is_drawn)
        has_skeleton = is_drawn and self.views["skeleton"].isChecked()
        for field, is_shown in (
            (self.side_px, is_drawn),
            (self.caption, is_drawn),
            (self.camera, has_skeleton),
            (self.has_volume, has_skeleton),
            (self.is_transparent, suffix == ".png"),
        ):
            self._form.setRowVisible(field, is_shown)
        self._form.setRowVisible(self.frames_per_second, suffix in (".mp4", ".gif"))
        self._form.setRowVisible(self.domain, suffix == ".h5")
        try:
            options = self.options()
        except ValueError as error:
            self.summary.setText(str(error))
            save.setEnabled(False)
            return
        count = len(self._plan.frame_positions(options.frames_per_segment))
        duration = f", {count / options.frames_per_second:.1f} s" if options.is_timed else ""
        size_px = strip_size(count, options) if suffix == ".png" else options.size_px if is_drawn else None
        size = f", {size_px[0]} × {size_px[1]} px" if size_px is not None else ""
        self.summary.setText(f"{count} frames{duration}{size}")
        save.setEnabled(True)

    def accept(self) -> None:
        self.chosen.emit(self.options())
        super().accept()


class ExportBar(QWidget):
    """Writes `Session.walk` as it was when the file was chosen, without blocking the window."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._options = ExportOptions()
        self.file_export = FileExport("export", self)
        self.dialog: ExportDialog | None = None
        self.orbit: Callable[[], Orbit | None] = lambda: None
        """The camera of the 3D view."""
        self.button = QPushButton("Export …")
        self.button.setToolTip("Write the walk as a video, a GIF, an image, arrays or a labelled store")
        self.button.clicked.connect(self.ask)
        self.progress = ExportProgress(self.file_export, "the walk")
        layout = row_layout(self)
        layout.addWidget(self.button)
        layout.addWidget(self.progress)
        self.setMinimumWidth(self.progress.minimumSizeHint().width())  # else an export would widen the whole window
        self.file_export.failed.connect(session.message)
        self.file_export.written.connect(session.done)
        self.file_export.saved.connect(session.saved)
        self.file_export.changed.connect(self._show)
        session.walk_changed.connect(self._show)
        session.model_changed.connect(self._show)
        self._show()

    @Slot()
    def ask(self) -> None:
        """Ask for the format, then the path."""
        self.dialog = ExportDialog(self._options, self._session.walk, self.orbit(), self)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.chosen.connect(self._ask_where)
        self.dialog.open()

    @Slot(object)
    def _ask_where(self, options: ExportOptions) -> None:
        self._options = options
        ask_for_paths(
            self,
            "Export walk",
            "",
            "save",
            lambda names: self.export(options, Path(names[0])),
            filters=[f"{FORMATS[options.suffix]} (*{options.suffix})"],
            name=f"walk{options.suffix}",
            suffix=options.suffix,
        )

    def export(self, options: ExportOptions, path: Path) -> None:
        """Start an export; one at a time."""
        model, plan = self._session.model, self._session.walk
        if model is None or not plan.length or self.file_export.is_running:
            return
        self._session.asked.emit()
        self.file_export.start(path, partial(export_walk, model, plan, options, path))

    @Slot()
    def _show(self) -> None:
        self.button.setVisible(not self.file_export.is_running)
        self.button.setEnabled(self._session.model is not None and self._session.walk.length > 0)
