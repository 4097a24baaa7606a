"""As what a walk is to be written."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QSpinBox, QWidget

from explorer_app.model.walk import WalkPlan
from explorer_app.model.walk_drawing import VIEWS
from explorer_app.model.walk_export import FORMATS, ExportOptions

_DOMAINS = ("synthetic", "real")


class ExportDialog(QDialog):
    """Starts from the options of the last time; says how long the result will be."""

    chosen = Signal(object)
    """ExportOptions"""

    def __init__(self, options: ExportOptions, plan: WalkPlan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export walk")
        self._plan = plan
        self._build_fields(options)
        self.summary = QLabel()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setText("Save as …")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._form = QFormLayout(self)
        for label, field in (
            ("&Format", self.format),
            ("Frames per &keyframe", self.frames_per_segment),
            ("Frames per &second", self.frames_per_second),
            ("&Depth images of", self.domain),
        ):
            self._form.addRow(label, field)
        for name, box in self.views.items():
            self._form.addRow("Show" if name == "real" else "", box)
        self._form.addRow(self.summary)
        self._form.addRow(self.buttons)
        self._show()

    def _build_fields(self, options: ExportOptions) -> None:
        self.format = QComboBox()
        for suffix, title in FORMATS.items():
            self.format.addItem(f"{title} ({suffix})", suffix)
        self.format.setCurrentIndex(self.format.findData(options.suffix))
        self.frames_per_segment, self.frames_per_second = QSpinBox(), QSpinBox()
        for field, value, most, tip in (
            (self.frames_per_segment, options.frames_per_segment, 1000, "Frames from one keyframe to the next"),
            (self.frames_per_second, options.frames_per_second, 60, "How fast it plays"),
        ):
            field.setRange(1, most)
            field.setValue(value)
            field.setToolTip(tip)
            field.valueChanged.connect(self._show)
        self.domain = QComboBox()
        for domain in _DOMAINS:
            self.domain.addItem(f"the {domain} domain", domain)
        self.domain.setCurrentIndex(self.domain.findData(options.domain))
        self.domain.setToolTip("A store holds the depth images of one domain, with the joints of each")
        self.views = {name: QCheckBox(title) for name, title in VIEWS.items()}
        for name, box in self.views.items():
            box.setChecked(name in options.views)
            box.setToolTip("What each frame shows, side by side (one below the other in a strip)")
            box.toggled.connect(self._show)
        self.format.currentIndexChanged.connect(self._show)

    def options(self) -> ExportOptions:
        """What is set; ValueError with one line where that makes no file."""
        return ExportOptions(
            self.format.currentData(),
            self.frames_per_segment.value(),
            self.frames_per_second.value(),
            tuple(name for name, box in self.views.items() if box.isChecked()),
            self.domain.currentData(),
        )

    @Slot()
    def _show(self) -> None:
        save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        suffix = self.format.currentData()
        is_drawn = suffix in (".mp4", ".gif", ".png")
        for box in self.views.values():
            self._form.setRowVisible(box, is_drawn)
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
        self.summary.setText(f"{count} frames{duration}")
        save.setEnabled(True)

    def accept(self) -> None:
        self.chosen.emit(self.options())
        super().accept()
