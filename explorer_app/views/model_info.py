"""Where the open model comes from: its file and its training record."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from explorer_app.model.hand_model import HandModel
from explorer_app.model.model_facts import SIMULATED_ONLY, model_facts


class ModelInfo(QDialog):
    """A table that can be read and copied from; says in plain words when a model knows simulated data only."""

    def __init__(self, model: HandModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Model {model.name}")
        self.resize(640, 480)
        layout = QVBoxLayout(self)
        if model.is_trained_on_simulated_only:
            self.caution = QLabel(SIMULATED_ONLY)
            self.caution.setWordWrap(True)
            layout.addWidget(self.caution)
        self.table = _table(model_facts(model))
        layout.addWidget(self.table)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)


def _table(rows: list[tuple[str, str]]) -> QTableWidget:
    table = QTableWidget(len(rows), 2)
    table.setHorizontalHeaderLabels(["", "value"])
    table.verticalHeader().hide()
    table.horizontalHeader().hide()
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
