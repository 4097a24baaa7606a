"""The dock of the worst frames, without near duplicates."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QStackedWidget, QWidget

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.first_step import FirstStep, FirstStepView
from explorer_app.inspect.frame_tiles import FrameTiles
from explorer_app.inspect.model import near_duplicates
from explorer_app.inspect.model.failure_table import How
from explorer_app.inspect.model.near_duplicates import ALL_GROUPS, BY_GROUP, ORDERS, WorstFrame
from explorer_app.inspect.worst.grid import WorstGrid
from explorer_app.model.wording import grouped
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets.empty_state import EmptyState
from explorer_app.widgets.fields import choice
from explorer_app.widgets.layouts import column_layout, row_layout

_WITHOUT = {"disagreement_mm": "", "residual_mm": "Evaluate with fitting."}

_ON_SHEET = 24


class WorstGallery(QWidget):
    """A view of the failures with the shared selection. Computes only while it is visible."""

    sheet_asked = Signal(list)
    """Export these frames as a sheet of pictures, in this order."""

    def __init__(self, session: Session, failures: Failures, background: Background, first_step: FirstStep) -> None:
        super().__init__()
        self._session, self._failures = session, failures
        self._worker = background.add_worker("worst", self._on_worst)
        self.tiles = FrameTiles(session, failures, background, "worst tiles")
        self.grid = WorstGrid(failures, self.tiles)
        self.first_step = FirstStepView(first_step, "The worst frames")
        self._build()
        self.grid.taken.connect(self._take)
        self.grid.duplicates_clicked.connect(failures.select)
        failures.table_changed.connect(self._on_table)
        failures.frames_changed.connect(self._compute)
        self._on_table()

    def _build(self) -> None:
        measures = "The measure of the worst frames; disagreement and the residual of fits need no annotation"
        self.order = choice({name: name for name in ORDERS}, "Order of the worst frames", measures)
        self.order.currentIndexChanged.connect(self._compute)
        groups = "The worst of all frames, of each subject or sequence in turn, or of one"
        self.group = choice({}, "Group of the worst frames", groups)
        self.group.currentIndexChanged.connect(self._compute)
        self.count = QLabel()
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.empty = EmptyState("Sorting …")
        self.pages = QStackedWidget()
        self.pages.addWidget(self.first_step)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.grid)
        top = row_layout()
        top.addWidget(self.order)
        top.addWidget(self.group)
        top.addWidget(self.count, 1)
        self.sheet = QPushButton("Save sheet …")
        self.sheet.setToolTip(f"Save the selected frames as one picture; with none selected the {_ON_SHEET} worst")
        self.sheet.clicked.connect(self._ask_for_sheet)
        top.addWidget(self.sheet)
        layout = column_layout(self)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._compute()

    @Slot()
    def _on_table(self) -> None:
        table = self._failures.table
        groups = [group for group in table.groups if group] if table is not None else []
        with QSignalBlocker(self.group):
            self.group.clear()
            self.group.addItem(ALL_GROUPS)
            if len(groups) > 1:
                self.group.addItem(BY_GROUP, "group")
            for division in table.dividing if table is not None else []:
                self.group.addItem(f"By {division}", division)
            self.group.addItems(groups)
        self.grid.frames.show_worst([])
        self.sheet.setEnabled(False)
        self.count.clear()
        self.empty.show_state("Sorting …")
        self.pages.setCurrentWidget(self.first_step if table is None else self.empty)

    @Slot()
    def _compute(self) -> None:
        table, model = self._failures.table, self._session.model
        if table is not None and model is not None and self.isVisible():
            column = ORDERS[self.order.currentText()]
            by = self.group.currentData() or ""
            work = partial(near_duplicates.worst_frames, table, model, column, self.group.currentText(), by)
            self._worker.ask((table.results, column), work)

    @Slot(object, object)
    def _on_worst(self, stamp: tuple[object, str], found: list[WorstFrame]) -> None:
        table = self._failures.table
        if table is None or table.results is not stamp[0]:
            return
        before = [(each.duplicates.frame, each.duplicates.count) for each in self.grid.frames.worst]
        if before != [(each.duplicates.frame, each.duplicates.count) for each in found]:  # else it would scroll back
            self.grid.frames.show_worst(found)
        frames = sum(each.duplicates.count for each in found)
        self.count.setText(f"{grouped(frames)} frames in {grouped(len(found))} tiles")
        why = _WITHOUT.get(stamp[1], "Order by disagreement, which needs no annotation.")
        self.empty.show_state("No frame has this score", why)
        self.pages.setCurrentWidget(self.grid if found else self.empty)
        self.sheet.setEnabled(bool(found))

    @Slot()
    def _ask_for_sheet(self) -> None:
        worst = [each.duplicates.frame for each in self.grid.frames.worst]
        if not len(self._failures.selection):
            self._failures.select(worst[:_ON_SHEET], "replace")
        selected = self._failures.selection.tolist()
        place = {frame: place for place, frame in enumerate(worst)}
        self.sheet_asked.emit(sorted(selected, key=lambda frame: place.get(frame, len(worst))))

    @Slot(int, str)
    def _take(self, frame: int, how: How) -> None:
        self._failures.select([frame], how)
        if how != "remove":
            self._failures.show_frame(frame)
