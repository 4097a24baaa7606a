"""Facts of the open model and its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QWidget

from explorer_app.model.wording import SIMULATED_ONLY, flat
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel


class ModelInfo(QDialog):
    """A table to read and copy from, with a note if the model was trained on simulated data only."""

    def __init__(self, model: HandModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Model {model.name}")
        self.resize(640, 480)
        layout = column_layout(self, margin=theme.MARGIN)
        if model.is_trained_on_simulated_only:
            self.caution = QLabel(SIMULATED_ONLY)
            self.caution.setWordWrap(True)
            layout.addWidget(self.caution)
        self.table = _table(_facts(model))
        layout.addWidget(self.table)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)


def _table(rows: list[tuple[str, str]]) -> QTableWidget:
    table = QTableWidget(len(rows), 2)
    table.setHorizontalHeaderLabels(["", "value"])
    table.verticalHeader().hide()
    table.horizontalHeader().hide()
    table.setAccessibleName("Facts")
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setWordWrap(True)
    for line, (name, value) in enumerate(rows):
        for column, text in enumerate((name, value)):
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            item.setToolTip(text)
            table.setItem(line, column, item)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.resizeRowsToContents()
    return table


def _facts(model: HandModel) -> list[tuple[str, str]]:
    """(name, value) of the main facts, then of the whole training record."""
    rows = [
        ("file", str(model.path)),
        ("device", model.device),
        ("skeleton", f"{model.skeleton.name}, {model.skeleton.joint_count} joints"),
        ("parameters", f"{model.parameter_count / 1e6:.2f} million, base channels {model.config.base_channels}"),
        ("crop cube", f"{2 * model.half_mm:.0f} mm"),
    ]
    return rows + flat(model.training)
