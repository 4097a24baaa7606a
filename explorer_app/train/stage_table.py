"""Steps and batch size of each stage as fields, with their measured time and memory."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QGridLayout, QLabel, QSpinBox, QWidget

from explorer_app.model.wording import duration, memory
from explorer_app.widgets.fields import whole_number
from explorer_app.widgets.layouts import grid_layout
from explorer_app.widgets.noted_field import NoteLabel
from lsps_core.config.training import STAGES
from lsps_core.events import StageEstimated

_TIPS = {
    "pose": "The pose VAE, on poses alone",
    "depth": "Encoders, generators and the mapping from poses to images: nearly all of the time",
    "posterior": "The network that estimates the pose from a real image",
}


class StageTable(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps: dict[str, QSpinBox] = {}
        self.batch_sizes: dict[str, QSpinBox] = {}
        self.notes: dict[str, NoteLabel] = {}
        self.seconds: dict[str, QLabel] = {}
        self.memory: dict[str, QLabel] = {}
        grid = grid_layout(self)
        for column, title in enumerate(("Stage", "Steps", "Batch", "Time", "Memory")):
            grid.addWidget(QLabel(title), 0, column, _alignment(column))
        for row, name in enumerate(STAGES):
            self._add_row(grid, 2 * row + 1, name)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(2, 2)
        for column in (3, 4):
            grid.setColumnMinimumWidth(column, self.fontMetrics().horizontalAdvance("under 1 s  "))

    def _add_row(self, grid: QGridLayout, row: int, name: str) -> None:
        title = QLabel(name.capitalize())
        title.setToolTip(_TIPS[name])
        self.steps[name] = whole_number(0, 100_000_000, 0, f"Steps of the {name} stage", f"{_TIPS[name]}: its steps")
        self.batch_sizes[name] = whole_number(
            0, 65_536, 0, f"Batch of the {name} stage", "Frames of each domain in a step"
        )
        self.seconds[name], self.memory[name], self.notes[name] = QLabel("–"), QLabel("–"), NoteLabel()
        for field in (self.steps[name], self.batch_sizes[name]):
            field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.valueChanged.connect(self.changed)
        widgets = (title, self.steps[name], self.batch_sizes[name], self.seconds[name], self.memory[name])
        for column, widget in enumerate(widgets):
            is_field = isinstance(widget, QSpinBox)
            grid.addWidget(widget, row, column, Qt.AlignmentFlag(0) if is_field else _alignment(column))
        grid.addWidget(self.notes[name], row + 1, 1, 1, 4)

    def show_values(self, steps: tuple[int, ...], batch_sizes: tuple[int, ...]) -> None:
        for name, count, size in zip(STAGES, steps, batch_sizes, strict=True):
            for field, value in ((self.steps[name], count), (self.batch_sizes[name], size)):
                with QSignalBlocker(field):
                    field.setValue(value)

    def values(self) -> dict[str, tuple[int, ...]]:
        fields = {"steps": self.steps, "batch_sizes": self.batch_sizes}
        return {key: tuple(of[name].value() for name in STAGES) for key, of in fields.items()}

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show problems by `STAGE.steps` and `STAGE.batch_size`, below the row."""
        for name in STAGES:
            lines = [problems[key] for key in (f"{name}.steps", f"{name}.batch_size") if key in problems]
            self.notes[name].show_problem("; ".join(lines))
            for field, key in ((self.steps[name], "steps"), (self.batch_sizes[name], "batch_size")):
                field.setAccessibleDescription(problems.get(f"{name}.{key}", ""))

    def show_estimate(self, event: StageEstimated) -> None:
        """Show the estimate of one stage from `lsps train --estimate`."""
        self.seconds[event.stage].setText(duration(event.seconds))
        self.memory[event.stage].setText(memory(event.peak_bytes))

    def clear_estimate(self) -> None:
        for label in (*self.seconds.values(), *self.memory.values()):
            label.setText("–")


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
