"""Filters for the rows of the failures: text, group, tag and ranges of their figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.model.failure_table import DIVISIONS
from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.saved_views import SavedViews
from explorer_app.inspect.table_rows import TITLES
from explorer_app.model.wording import grouped
from explorer_app.preferences import Preferences
from explorer_app.widgets import theme
from explorer_app.widgets.fields import choice, label, number
from explorer_app.widgets.layouts import row_layout
from explorer_app.widgets.small import FlowLayout

_RANGES = {
    "mean_mm": ("Mean", "mm", 1.0),
    "disagreement_mm": ("Disagreement", "mm", 1.0),
    "typicality": ("Typicality", "%", 0.01),
}
"""Title and unit of a column's range, and one of that unit in the column."""
_PERCENTILE = 80
"""In trials the better 80 % by the residual were well fitted."""
_MOST_MM = 9999.0
_NONE = "without"


class FilterBar(QWidget):
    """A view of `Failures.filters`."""

    def __init__(self, failures: Failures, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._failures = failures
        self.text = QLineEdit()
        self.text.setPlaceholderText("Name contains …")
        self.text.setClearButtonEnabled(True)
        self.text.setFixedWidth(150)
        self.text.setAccessibleName("Part of the name")
        self.text.setToolTip("Only frames whose name contains this")
        self.text.textEdited.connect(self._ask)
        self.group = _choice("Group", "Only frames of this subject or sequence")
        self.tag = _choice("Tag", "Only frames with this tag")
        self.divisions = {name: _choice(TITLES[name][0], f"Only frames of this {name}") for name in DIVISIONS}
        self.ranges = {column: _Range(*shown) for column, shown in _RANGES.items()}
        self.wrong = _ProbablyWrong()
        self.only = QCheckBox("Only selected")
        self.only.setToolTip("Only the frames that are selected now")
        self.only.setAccessibleName("Only selected frames")
        self.only.toggled.connect(self._ask)
        self.views = SavedViews(failures, preferences)
        self.count = QLabel()
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Show all frames again")
        self.clear.clicked.connect(self._clear)
        layout = FlowLayout(self)
        choices = (self.group, *self.divisions.values(), self.tag)
        last = (self.wrong, self.only, self.clear, self.views, self.count)
        for widget in (self.text, *choices, *self.ranges.values(), *last):
            layout.addWidget(widget)
        for field in choices:
            field.activated.connect(self._ask)
        for fields in self.ranges.values():
            fields.low.valueChanged.connect(self._ask)
            fields.high.valueChanged.connect(self._ask)
        self.wrong.box.toggled.connect(self._ask)
        self.wrong.percentile.valueChanged.connect(self._ask)
        failures.rows_changed.connect(self._show)
        failures.selection_changed.connect(self._show_selection)
        self._show()

    @Slot()
    def _ask(self) -> None:
        chosen = {fields: choice.currentData() for fields, choice in (("groups", self.group), ("tags", self.tag))}
        divisions = {name: choice.currentData() for name, choice in self.divisions.items()}
        ranges = {column: fields.range for column, fields in self.ranges.items() if fields.range is not None}
        self._failures.set_filters(
            Filters(
                text=self.text.text(),
                ranges=ranges,
                above_percentile=self.wrong.above_percentile,
                only=self._only(),
                divisions={name: frozenset({value}) for name, value in divisions.items() if value is not None},
                **{name: frozenset({value}) for name, value in chosen.items() if value is not None},
            )
        )

    def _only(self) -> tuple[int, ...] | None:
        """The frames that were selected when the box was ticked."""
        if not self.only.isChecked():
            return None
        kept = self._failures.filters.only
        return tuple(self._failures.selection.tolist()) if kept is None else kept

    @Slot()
    def _clear(self) -> None:
        self.text.clear()
        for fields in self.ranges.values():
            fields.show_range(None)
        self.wrong.show_percentile(None)
        self._failures.set_filters(Filters())

    @Slot()
    def _show(self) -> None:
        table, filters = self._failures.table, self._failures.filters
        self.setEnabled(table is not None)
        if not self.text.hasFocus():  # the typed text is already pending
            self.text.setText(filters.text)
        _fill(self.group, "All groups", table.groups if table is not None else [], filters.groups)
        for name, field in self.divisions.items():
            known = table.known(name) if table is not None else []
            _fill(field, f"All {name}s", known, filters.divisions.get(name))
        _fill(self.tag, "All tags", table.tags if table is not None else [], filters.tags)
        for column, fields in self.ranges.items():
            if not fields.has_focus:
                fields.show_range(filters.ranges.get(column))
        has_labels = table is not None and bool(table.results.about.labels_digest)
        self.ranges["mean_mm"].setVisible(has_labels or table is None)
        self.ranges["typicality"].setVisible(table is not None and table.has("typicality"))
        self.wrong.setVisible(table is not None and table.has_fits)
        if not self.wrong.percentile.hasFocus():
            self.wrong.show_percentile(filters.above_percentile)
        with QSignalBlocker(self.only):
            self.only.setChecked(filters.only is not None)
        self.clear.setEnabled(filters != Filters())
        self._show_selection()

    @Slot()
    def _show_selection(self) -> None:
        table, selected = self._failures.table, len(self._failures.selection)
        self.only.setEnabled(selected > 0 or self.only.isChecked())
        if table is None:
            self.count.clear()
            return
        shown = f"{grouped(len(table))} of {grouped(len(table.results.names))} frames"
        self.count.setText(f"{shown}, {grouped(selected)} selected" if selected else shown)


class _Range(QWidget):
    """A range; "any" without a limit. one: one of its unit in the values of the column."""

    def __init__(self, title: str, unit: str, one: float) -> None:
        super().__init__()
        self._one = one
        self.low, self.high = (_end(f"{which} {title.lower()} in {unit}") for which in ("Lowest", "Highest"))
        layout = row_layout(self, gap=theme.UNIT)
        for widget in (label(f"{title} {unit}", self.low), self.low, QLabel("–"), self.high):
            layout.addWidget(widget)

    @property
    def has_focus(self) -> bool:
        return self.low.hasFocus() or self.high.hasFocus()

    @property
    def range(self) -> tuple[float, float] | None:
        low, high = self.low.value(), self.high.value()
        return (low * self._one or -math.inf, high * self._one or math.inf) if low or high else None

    def show_range(self, ends: tuple[float, float] | None) -> None:
        for field, value in zip((self.low, self.high), ends or (0.0, 0.0), strict=True):
            with QSignalBlocker(field):
                field.setValue(value / self._one if math.isfinite(value) else 0.0)


class _ProbablyWrong(QWidget):
    """Frames whose residual is above a percentile."""

    def __init__(self) -> None:
        super().__init__()
        self.box = QCheckBox("Probably wrong: residual above percentile")
        self.box.setAccessibleName("Probably wrong")
        self.box.setToolTip("Only frames whose fitted hand is farthest from the measured depth; needs no annotation")
        tip = "Percentile of all residuals above which a frame is probably wrong"
        self.percentile = number(0, 100, 0, "", "Percentile of the residual", tip)
        self.percentile.setValue(_PERCENTILE)
        self.percentile.setFixedWidth(58)
        layout = row_layout(self, gap=theme.UNIT)
        for widget in (self.box, self.percentile):
            layout.addWidget(widget)

    @property
    def above_percentile(self) -> float | None:
        return self.percentile.value() if self.box.isChecked() else None

    def show_percentile(self, value: float | None) -> None:
        with QSignalBlocker(self.box), QSignalBlocker(self.percentile):
            self.box.setChecked(value is not None)
            if value is not None:
                self.percentile.setValue(value)


def _end(name: str) -> QDoubleSpinBox:
    field = number(0.0, _MOST_MM, 1, "", name, f"{name}; 0 for any")
    field.setKeyboardTracking(True)
    field.setSpecialValueText("any")
    field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    field.setFixedWidth(58)
    return field


def _choice(name: str, tip: str) -> QComboBox:
    field = choice({}, name, tip)
    field.setFixedWidth(120)
    return field


def _fill(choice: QComboBox, everything: str, known: Sequence[str], chosen: frozenset[str] | None) -> None:
    texts = [everything, *(text or _NONE for text in known)]
    with QSignalBlocker(choice):
        if texts != [choice.itemText(row) for row in range(choice.count())]:
            choice.clear()
            for text, value in zip(texts, [None, *known], strict=True):
                choice.addItem(text, value)
        choice.setCurrentIndex(0 if not chosen else max(choice.findData(next(iter(chosen))), 0))
    choice.setVisible(len(known) > 1)
