"""The fields of a training run: a view of one `TrainForm`."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QPlainTextEdit,
    QSizePolicy,
    QWidget,
)

from explorer_app.model.devices import devices
from explorer_app.model.opening import MODEL_SUFFIXES, STORE_SUFFIXES
from explorer_app.preferences import Preferences
from explorer_app.train.model.train_form import STARTS, TrainForm, preset_values, reads_augmented
from explorer_app.train.stage_table import StageTable
from explorer_app.widgets import theme
from explorer_app.widgets.fields import choice, label, number, show_choice, whole_number
from explorer_app.widgets.layouts import column_layout, form_layout, row_layout
from explorer_app.widgets.noted_field import NotedField
from explorer_app.widgets.path_field import PathField
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import PRECISIONS

_PRESETS = {"compact": "compact: small enough for a CPU", "paper": "paper: its widths, weights and lengths"}
_AUGMENTATIONS = {
    "degrade": ("Camera &faults", "Noise, holes and frayed outlines on the images that P learns from"),
    "occlude": ("T&hings before the hand", "Surfaces before the hand on some of the images that P learns from"),
}
_LENGTH = 12
"""Characters of a combo box, whose titles may be longer."""


def _check_box(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    return box


class TrainFields(QWidget):
    """Two columns: the data, and the settings."""

    changed = Signal()
    """by the user"""
    start_changed = Signal()
    """another kind of start, or another run to resume"""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notes: dict[str, NotedField] = {}
        starts = {key: title[0].upper() + title[1:] for key, title in STARTS.items()}
        self.start = choice(starts, "Start", "Start from random weights, from a model, or resume a run", _LENGTH)
        self.initial = PathField("Model to start from", "file", preferences, MODEL_SUFFIXES)
        self.synthetic = PathField("Synthetic store", "file", preferences, STORE_SUFFIXES, "Annotated rendered frames")
        self.real = PathField("Real store", "file", preferences, STORE_SUFFIXES, "Real or sensor frames")
        share = "Share of the real frames’ annotations for training; 0 for none"
        self.labels = number(0, 100, 1, " %", "Labels", share)
        self.run = PathField(
            "Run folder", "folder", preferences, tip="A new folder for checkpoints, events and previews"
        )
        self.device = choice({name: name for name in devices()}, "Device", "auto: the first GPU, or else the CPU")
        precisions = {name: name for name in PRECISIONS}
        self.precision = choice(
            precisions, "Precision", "bfloat16 is faster on recent GPUs, slower on most CPUs of desktops", _LENGTH
        )
        self.seed = whole_number(0, 2**31 - 1, 0, "Seed", "Determines batches and noise")
        self.preset = choice(
            {key: _PRESETS[key] for key in PRESETS}, "Preset", "All settings that are not in this window", _LENGTH
        )
        self.augmentations = {key: _check_box(*words) for key, words in _AUGMENTATIONS.items()}
        self.stages = StageTable()
        self.advanced = QPlainTextEdit()
        self.advanced.setAccessibleName("Other settings")
        self.advanced.setPlaceholderText("One setting a line, as in\ndepth.learning_rate=0.0002\nweights.mapping=1")
        self.advanced.setToolTip("Any setting of a run, which config.json in its folder lists")
        self.advanced.setTabChangesFocus(True)
        self.advanced.setMinimumHeight(4 * self.fontMetrics().lineSpacing())
        self._build()
        self._connect()

    def _build(self) -> None:
        left, right = form_layout(), column_layout()
        self._left = left
        left.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, text, editor in (
            ("start", "S&tart", self.start),
            ("initial_path", "&Model", self.initial),
            ("run_path", "R&un folder", self.run),
            ("synthetic_path", "S&ynthetic store", self.synthetic),
            ("real_path", "&Real store", self.real),
            ("labels", "&Labels used", self.labels),
            ("device", "De&vice", self.device),
            ("precision", "&Precision", self.precision),
            ("seed", "See&d", self.seed),
        ):
            field = self.notes[name] = NotedField(editor)
            left.addRow(label(text, editor), field)
        for name, box in zip(("Augmentation", ""), self.augmentations.values(), strict=True):
            left.addRow(name, box)
        self.room = column_layout()
        right.addLayout(self._row("preset", "Pr&eset", self.preset))
        right.addSpacing(theme.GAP)
        right.addWidget(self.stages)
        right.addLayout(self.room)
        right.addSpacing(theme.GAP)
        self.notes["advanced"] = NotedField(self.advanced, is_tall=True)
        title = label("&Advanced", self.advanced)
        title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        right.addWidget(title)
        right.addWidget(self.notes["advanced"], 1)
        padded = column_layout()
        padded.addLayout(left)
        padded.addStretch(1)
        columns = row_layout(self)
        columns.addLayout(padded, 1)
        columns.addSpacing(2 * theme.GAP)  # a layout's own spacing is its children's too
        columns.addLayout(right, 1)

    def _row(self, name: str, text: str, editor: QWidget) -> QFormLayout:
        """A form of one row, to be placed above other widgets."""
        form = form_layout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.notes[name] = NotedField(editor)
        form.addRow(label(text, editor), self.notes[name])
        return form

    def _connect(self) -> None:
        for path in (self.initial, self.run, self.synthetic, self.real):
            path.changed.connect(self.changed)
        for box in (self.device, self.precision):
            box.currentIndexChanged.connect(self.changed)
        for field in (self.labels, self.seed):
            field.valueChanged.connect(self.changed)
        for check_box in self.augmentations.values():
            check_box.toggled.connect(self.changed)
        self.stages.changed.connect(self.changed)
        self.advanced.textChanged.connect(self.changed)
        self.preset.currentIndexChanged.connect(self._take_preset)
        self.start.currentIndexChanged.connect(self._change_start)
        self.run.changed.connect(self.start_changed)

    def form(self) -> TrainForm:
        return TrainForm(
            start=self.start.currentData(),
            run_path=self.run.text,
            synthetic_path=self.synthetic.text,
            real_path=self.real.text,
            initial_path=self.initial.text,
            preset=self.preset.currentData(),
            labels=round(self.labels.value() / 100, 6),
            precision=self.precision.currentData(),
            device=self.device.currentText(),
            seed=self.seed.value(),
            **self.stages.values(),
            degrade=self.augmentations["degrade"].isChecked(),
            occlude=self.augmentations["occlude"].isChecked(),
            advanced=self.advanced.toPlainText(),
        )

    def show_form(self, form: TrainForm) -> None:
        with QSignalBlocker(self):
            show_choice(self.start, form.start)
            show_choice(self.preset, form.preset)
            show_choice(self.precision, form.precision)
            if self.device.findText(form.device) < 0:
                self.device.addItem(form.device)
            self.device.setCurrentText(form.device)
            for field, text in (
                (self.run, form.run_path),
                (self.synthetic, form.synthetic_path),
                (self.real, form.real_path),
                (self.initial, form.initial_path),
            ):
                field.text = text
            self.labels.setValue(100 * form.labels)
            self.seed.setValue(form.seed)
            self.stages.show_values(form.steps, form.batch_sizes)
            for key, box in self.augmentations.items():
                box.setChecked(getattr(form, key))
            if self.advanced.toPlainText() != form.advanced:
                self.advanced.setPlainText(form.advanced)
        self._show_start()
        self._show_preset()

    def show_notes(self, problems: Mapping[str, str], facts: Mapping[str, str]) -> None:
        for name, field in self.notes.items():
            field.show_note(problems.get(name, ""), facts.get(name, ""))
        self.stages.show_problems(problems)

    @Slot()
    def _take_preset(self) -> None:
        """A preset sets its steps, batch sizes and augmentations."""
        values = preset_values(self.preset.currentData())
        self.stages.show_values(values["steps"], values["batch_sizes"])
        with QSignalBlocker(self):
            for key, box in self.augmentations.items():
                box.setChecked(values[key])
        self._show_preset()
        self.changed.emit()

    def _show_preset(self) -> None:
        for box in self.augmentations.values():
            box.setEnabled(reads_augmented(self.preset.currentData()))

    @Slot()
    def _change_start(self) -> None:
        self._show_start()
        self.start_changed.emit()
        self.changed.emit()

    def _show_start(self) -> None:
        start = self.start.currentData()
        self._left.setRowVisible(self.notes["initial_path"], start == "model")
        self.preset.setEnabled(start != "resume")  # the architecture does not change
        self.run.edit.setToolTip(
            "The run to resume" if start == "resume" else "A new folder for checkpoints, events and previews"
        )
