"""Which frames to label next, and why each."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTreeWidget, QTreeWidgetItem, QWidget

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.session.background import Background
from explorer_app.session.labelling import Labelling
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.small import WrappedLabel
from lsps_core.evaluation.frame_results import FrameResults
from lsps_core.finetuning.queue import Suggestion, suggest

_COUNT = 20
_WHY = {
    "residual_mm": "the fitted hand is {:.1f} mm off the depth",
    "disagreement_mm": "routes disagree by {:.0f} mm",
    "typicality": "an unusual pose, {:.0%} typical",
}
_ABOUT = (
    "The model reads these frames worst, by signs that need no annotation, and they differ from each other. Click one, "
    "correct it, press L."
)
_NONE = "No frame is evaluated yet, so that none can be suggested: evaluate this data first."
_FRAME = Qt.ItemDataRole.UserRole


class LabelQueue(QObject):
    """Suggests frames of `Failures` to label, computed in a thread; an action for the menu."""

    def __init__(self, background: Background, failures: Failures, labelling: Labelling, window: QWidget) -> None:
        super().__init__(window)
        self._failures, self._labelling, self._window = failures, labelling, window
        self._worker = background.add_worker("label queue", self._on_suggested)
        self.dialog: QueueDialog | None = None
        self.action = QAction("S&uggest frames to label …", self)
        self.action.setStatusTip("Frames that are read badly, by signs without annotation, and that differ")
        self.action.triggered.connect(self.ask)
        failures.table_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        self.action.setEnabled(self._failures.table is not None)
        if self.dialog is not None:
            self.dialog.close()  # of other data

    @Slot()
    def ask(self) -> None:
        table = self._failures.table
        if table is not None:
            self._worker.ask(table.results, partial(_suggest, table, set(self._labelling.labels)))

    @Slot(object, object)
    def _on_suggested(self, results: FrameResults, suggestions: list[Suggestion]) -> None:
        table = self._failures.table
        if table is None or table.results is not results:
            return
        if self.dialog is not None:
            self.dialog.close()
        rows = [
            (frame, str(results.names[frame]), _why(sign, float(table.numbers(sign)[frame])))
            for frame, sign in suggestions
        ]
        self.dialog = QueueDialog(rows, self._failures, self._labelling, self._window)
        self.dialog.finished.connect(self._forget)
        self.dialog.show()

    @Slot()
    def _forget(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()


def _why(sign: str, value: float) -> str:
    return _WHY[sign].format(value).replace("%", " %")


def _suggest(table: FailureTable, labelled: Collection[str]) -> list[Suggestion]:
    signs = {name: table.numbers(name) for name in _WHY if table.has(name)}
    if "typicality" in signs:
        signs["typicality"] = -signs["typicality"]
    frames = np.flatnonzero(np.isin(table.results.names, list(labelled)))
    return suggest(table.results.pose_latent, signs, frames, _COUNT)


class QueueDialog(QDialog):
    """Frames to label, most urgent first. It stays open beside the window, and marks what is labelled meanwhile.

    suggestions: frame, name and why of each.
    """

    def __init__(
        self,
        suggestions: list[tuple[int, str, str]],
        failures: Failures,
        labelling: Labelling,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._failures, self._labelling = failures, labelling
        self.setWindowTitle("Label next")
        self.resize(520, 420)
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Frame", "Why", "Label"])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Frames to label")
        self._items: list[QTreeWidgetItem] = []
        for frame, name, why in suggestions:
            item = QTreeWidgetItem([name, why, ""])
            item.setData(0, _FRAME, frame)
            self._items.append(item)
        self.list.addTopLevelItems(self._items)
        self.list.currentItemChanged.connect(self._go)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(WrappedLabel(_ABOUT if suggestions else _NONE))
        layout.addWidget(self.list, 1)
        layout.addWidget(buttons)
        labelling.changed.connect(self._mark)
        self._mark()

    @Slot()
    def _mark(self) -> None:
        for item in self._items:
            item.setText(2, "labelled" if item.text(0) in self._labelling.labels else "")
        for column in range(3):
            self.list.resizeColumnToContents(column)

    @Slot(QTreeWidgetItem)
    def _go(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self._failures.show_frame(int(item.data(0, _FRAME)))
