"""The cells of the table of failures; Qt requests only the visible ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
)
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.frame_thumbnails import THUMBNAIL_PX, FrameThumbnails
from explorer_app.inspect.model.failure_table import COLUMNS, DIVISIONS, NUMBERS, FailureTable

TITLES = {
    "index": ("Frame", "Image and number of the frame"),
    "name": ("Name", "Name of the frame"),
    "group": ("Group", "Subject or sequence"),
    "mean_mm": ("Mean mm", "Mean joint error against the annotation"),
    "worst_mm": ("Worst mm", "Largest joint error"),
    "worst_joint": ("Worst joint", "Joint with the largest error"),
    "disagreement_mm": ("Disagreement mm", "Disagreement of the model's routes to a pose; needs no annotation"),
    "latent_distance": (
        "Latent distance",
        "Between the codes as real and as synthetic depth; needs no annotation",
    ),
    "typicality": (
        "Typicality",
        "How usual the pose is: the share of training poses that are less typical; needs no annotation",
    ),
    "residual_mm": (
        "Residual mm",
        "How far the fitted hand is from the measured depth; a large one is probably wrong; needs no annotation",
    ),
    "subject": ("Subject", "Person whose hand it is"),
    "sequence": ("Sequence", "Recording that the frame is from"),
    "action": ("Action", "What the person does"),
    "object": ("Object", "What the hand holds or touches"),
    "view": ("View", "Side of the hand that faces the camera"),
    "thing": ("Thing", "What the hand holds"),
    "hand": ("Hand", "Left or right"),
    "camera": ("Camera", "Camera that the frame is of"),
    "tag": ("Tag", "Tag (T)"),
}
_TEXTS = ("name", "group", "tag", *DIVISIONS)
_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_PAD = "\N{EN SPACE}"
"""Between a number on the right of its column and the text that follows on the left."""
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class FailureTableModel(QAbstractTableModel):
    """`Failures.table` as a Qt model, without per-row state.

    It uses the table of its last reset: Qt may paint between a change of `Failures.table` and its signal, and
    an exception while it paints surfaces much later, in whatever Python code Qt calls next (PySide 6.11).
    """

    def __init__(self, failures: Failures, thumbnails: FrameThumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._failures, self._thumbnails, self._view = failures, thumbnails, parent
        self._table: FailureTable | None = None
        self.rows: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self.is_selected: npt.NDArray[np.bool_] = np.empty(0, bool)
        self.show_selection()

    def show_rows(self) -> None:
        self.beginResetModel()
        table = self._table = self._failures.table
        self.rows = table.rows if table is not None else np.empty(0, np.int64)
        self.show_selection()
        self.endResetModel()

    def show_selection(self) -> None:
        table = self._table
        self.is_selected = np.zeros(len(table.results.names) if table is not None else 0, dtype=bool)
        if table is not None:
            self.is_selected[table.selection] = True

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            title, tip = TITLES[COLUMNS[section]]
            return tip if role == Qt.ItemDataRole.ToolTipRole else _padded(title, COLUMNS[section])
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if COLUMNS[section] in NUMBERS else _LEFT
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        table, column = self._table, COLUMNS[index.column()]
        if table is None or index.row() >= len(self.rows):
            return None
        frame = int(self.rows[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(table.value(frame, column), column)
        if role == Qt.ItemDataRole.ToolTipRole:
            note = self._failures.mark_of(frame).note
            return note or (_text(table.value(frame, column), column) if column in _TEXTS else None)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column in NUMBERS else _LEFT
        if role == Qt.ItemDataRole.DecorationRole and column == "index":
            return self._thumbnails.icon(frame, self._view.palette())
        return None


def _padded(text: str, column: str) -> str:
    return text if column in ("index", *NUMBERS) else _PAD + text


def _text(value: Any, column: str) -> str:
    if column == "index":
        return str(int(value) + 1)
    if column == "worst_joint":
        return str(value).replace("_", " ")
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "–"
    if column == "typicality":
        return f"{100 * value:.0f} %"
    return f"{value:.2f}" if column == "latent_distance" else f"{value:.1f}"


class SelectedRows(QStyledItemDelegate):
    """Shows the selected failures, for any number of row ranges."""

    def __init__(self, rows: FailureTableModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        rows = self._rows
        option.decorationSize = QSize(THUMBNAIL_PX, THUMBNAIL_PX)
        option.text = _padded(option.text, COLUMNS[index.column()])
        if rows.is_selected[rows.rows[index.row()]]:
            option.state |= QStyle.StateFlag.State_Selected
        else:
            option.state &= ~QStyle.StateFlag.State_Selected
