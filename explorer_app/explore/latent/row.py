"""One latent axis: its name, a slider, a number field, a lock and a reset button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QEnterEvent, QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QDoubleSpinBox, QToolButton, QWidget

from explorer_app.explore.latent.row_parts import AxisLabel, LatentSlider, LockButton
from explorer_app.model.latent import RANGE_SIGMA
from explorer_app.widgets import theme
from explorer_app.widgets.fields import DoubleSpinBox
from explorer_app.widgets.icons import give_icon
from explorer_app.widgets.layouts import row_layout

TICKS_PER_SIGMA = 100
_RANGE_TICKS = round(RANGE_SIGMA * TICKS_PER_SIGMA)
_TYPED_LIMIT = 999.0
"""Codes of frames may be outside the slider's range; the field shows the exact value."""
_ZERO = 1e-9
"""A coordinate below this is 0 with the rounding error of a change of basis."""
_SMALLEST_HEIGHT, _LARGEST_HEIGHT = 24, 32
_BY_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class LatentRow(QWidget):
    """Shows one coordinate of the latent, and emits the user's edits.

    Lock and reset lie over the end of the name while the mouse or the focus is in the row; a shut lock stays.
    """

    value_asked = Signal(float)
    held = Signal(bool)
    lock_asked = Signal(bool)
    pointed_at = Signal(bool)
    """The row gets or loses the mouse or the keyboard focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = AxisLabel()
        self.slider = _slider()
        self.field = _field()
        self.lock = LockButton()
        self.reset = QToolButton()
        give_icon(self.reset, "reset")
        self.reset.setAutoRaise(True)
        self.reset.setFixedSize(self.lock.sizeHint())
        layout = row_layout(self, gap=theme.UNIT)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.slider, 2)
        layout.addWidget(self.field)
        self.has_lock = True
        self._shown: tuple[float, bool] | None = None
        """The value and the lock that the widgets show; None after the user changed one of them."""
        self.tools = QWidget(self)
        self.tools.setAutoFillBackground(True)
        self.tools.hide()
        tools = row_layout(self.tools, gap=theme.UNIT)
        tools.setContentsMargins(theme.UNIT, 0, 0, 0)
        tools.addWidget(self.lock)
        tools.addWidget(self.reset)
        self.setMinimumHeight(_SMALLEST_HEIGHT)
        self.setMaximumHeight(_LARGEST_HEIGHT)
        self.slider.valueChanged.connect(self._on_slider)
        self.slider.sliderPressed.connect(self._on_pressed)
        self.slider.sliderReleased.connect(self._on_released)
        self.slider.reset_asked.connect(self._on_reset)
        self.field.valueChanged.connect(self._on_field)
        self.lock.toggled.connect(self._on_lock)
        self.reset.clicked.connect(self._on_reset)
        for widget in self.stops:
            widget.installEventFilter(self)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """The widgets in tab order."""
        return self.slider, self.field, self.lock, self.reset

    def show_name(self, axis: str, name: str, tip: str) -> None:
        """axis: z7 or p7; name: its effect, may be empty; tip: details of the effect."""
        self.label.show_name(axis, name)
        self.label.setToolTip(tip)
        whole = self.label.text()
        self.slider.setAccessibleName(f"{whole}, slider")
        self.slider.setToolTip(f"{tip}\nA click jumps, Shift drags finely, arrow keys move, a double click resets it")
        self.field.setAccessibleName(f"{whole}, value in σ")
        self.field.setToolTip(f"{axis} in σ of the encoded training poses")
        self.lock.setAccessibleName(f"Lock {whole}")
        self.lock.setToolTip(f"Lock {axis}: samples and resets do not change it")
        self.reset.setAccessibleName(f"Reset {whole}")
        self.reset.setToolTip(f"Reset {axis} to the mean")

    def show_value(self, value: float, is_locked: bool) -> None:
        if self._shown is not None and abs(self._shown[0] - value) < _ZERO and self._shown[1] == is_locked:
            return  # of twenty rows, a drag changes one
        self._shown = (value, is_locked)
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):  # showing must not round it in the session
            self.slider.setValue(round(value * TICKS_PER_SIGMA))
            self.field.setValue(value if abs(value) > _ZERO else 0.0)
        with QSignalBlocker(self.lock):
            self.lock.setChecked(is_locked)
        self._show_tools()
        self.slider.setEnabled(not is_locked)
        self.field.setEnabled(not is_locked)
        self.reset.setEnabled(not is_locked and abs(value) > _ZERO)

    @Slot(int)
    def _on_slider(self, ticks: int) -> None:
        self._shown = None
        self.value_asked.emit(ticks / TICKS_PER_SIGMA)

    @Slot(float)
    def _on_field(self, value: float) -> None:
        self._shown = None
        self.value_asked.emit(value)

    @Slot(bool)
    def _on_lock(self, is_locked: bool) -> None:
        self._shown = None
        self.lock_asked.emit(is_locked)

    @Slot()
    def _on_pressed(self) -> None:
        self.held.emit(True)

    @Slot()
    def _on_released(self) -> None:
        self.held.emit(False)

    @Slot()
    def _on_reset(self) -> None:
        self.value_asked.emit(0.0)

    def _show_tools(self) -> None:
        is_in = self.underMouse() or any(stop.hasFocus() for stop in self.stops)
        is_shown = is_in or self.lock.isChecked()
        if is_shown:
            self.lock.setVisible(self.has_lock)
            self.reset.setVisible(is_in)
            width = self.tools.sizeHint().width()
            self.tools.setGeometry(self.slider.x() - width, 0, width, self.height())
        self.tools.setVisible(is_shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_tools()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.pointed_at.emit(True)
        super().enterEvent(event)
        self._show_tools()

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed_at.emit(False)
        super().leaveEvent(event)
        self._show_tools()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            QTimer.singleShot(0, self, self._show_tools)  # once the focus is where it goes
        if event.type() == QEvent.Type.FocusOut:
            self.pointed_at.emit(self.underMouse())
        elif isinstance(event, QFocusEvent) and event.reason() in _BY_KEYBOARD:
            self.pointed_at.emit(True)  # focus from a click stays after the mouse has left
        return super().eventFilter(watched, event)


def _slider() -> LatentSlider:
    slider = LatentSlider()
    slider.setRange(-_RANGE_TICKS, _RANGE_TICKS)
    slider.setSingleStep(10)
    slider.setPageStep(50)
    return slider


def _field() -> QDoubleSpinBox:
    field = DoubleSpinBox()
    field.setRange(-_TYPED_LIMIT, _TYPED_LIMIT)
    field.setDecimals(2)
    field.setSingleStep(0.1)
    field.setKeyboardTracking(False)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    field.setFixedWidth(field.fontMetrics().horizontalAdvance("-00.00") + 8)
    return field
