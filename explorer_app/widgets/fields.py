"""Fields for numbers and choices, with the names that screen readers say and their tooltips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)

from explorer_app.widgets.layouts import row_layout

LARGEST_SEED = 2**31 - 1

Data = TypeVar("Data")
_Named = TypeVar("_Named", bound=QWidget)


class SpinBox(QSpinBox):
    """Takes the wheel only while it has the focus, as all fields here: a panel scrolls past the others."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class DoubleSpinBox(QDoubleSpinBox):
    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class ComboBox(QComboBox):
    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class Slider(QSlider):
    """Horizontal; a click in the groove jumps there, as Qt has it for the middle button alone."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        at, control = event.position(), QStyle.ComplexControl.CC_Slider
        part = self.style().hitTestComplexControl(control, option, at.toPoint(), self)
        if event.button() == Qt.MouseButton.LeftButton and part != QStyle.SubControl.SC_SliderHandle:
            middle = Qt.MouseButton.MiddleButton
            event = QMouseEvent(event.type(), at, event.globalPosition(), middle, middle, event.modifiers())
        super().mousePressEvent(event)


def whole_number(least: int, most: int, value: int, name: str, tip: str, special: str = "") -> QSpinBox:
    """An integer; special: text of the minimum."""
    field = SpinBox()
    field.setRange(least, most)
    field.setValue(value)
    field.setGroupSeparatorShown(True)
    field.setSpecialValueText(special)
    return named(field, name, tip)


def seed(name: str, tip: str, most: int = LARGEST_SEED) -> QSpinBox:
    """A seed; what is typed counts once it is complete."""
    field = whole_number(0, most, 0, name, tip)
    field.setGroupSeparatorShown(False)
    field.setKeyboardTracking(False)
    return field


def number(
    least: float, most: float, decimals: int, suffix: str, name: str = "", tip: str = "", *, step: float = 1.0
) -> QDoubleSpinBox:
    """A real number; what is typed counts once it is complete. The tooltip is the name, if there is no `tip`."""
    field = DoubleSpinBox()
    field.setRange(least, most)
    field.setDecimals(decimals)
    field.setSingleStep(step)
    field.setSuffix(suffix)
    field.setKeyboardTracking(False)
    field.setMinimumWidth(64)
    return named(field, name, tip)


TEMPERATURE_TIP = "1 is the prior itself; less is closer to the most typical hand, or to the mean of N(0, I)"


def temperature(name: str, tip: str) -> QDoubleSpinBox:
    """The spread of prior samples."""
    field = number(0.0, 2.0, 2, "", name, tip, step=0.05)
    field.setValue(1.0)
    return field


def choice(titles: Mapping[Data, str], name: str, tip: str, length: int = 0) -> QComboBox:
    """A combo box with titles by their data; length: the characters that it needs, if not those of its longest title.

    Take `currentData`; `show_choice` shows one.
    """
    field = ComboBox()
    for data, title in titles.items():
        field.addItem(title, data)
    if length:
        field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        field.setMinimumContentsLength(length)
    return named(field, name, tip)


def show_choice(field: QComboBox, data: object) -> None:
    field.setCurrentIndex(field.findData(data))


def named(field: _Named, name: str, tip: str = "") -> _Named:
    """The same field with its accessible name and tooltip."""
    field.setAccessibleName(name)
    field.setToolTip(tip or name)
    return field


def label(text: str, field: QWidget) -> QLabel:
    """The label of a field, whose mnemonic moves the focus to it."""
    result = QLabel(text)
    result.setBuddy(field)
    return result


def side_by_side(*widgets: QWidget) -> QHBoxLayout:
    """One row of a form, equally shared."""
    row = row_layout()
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
