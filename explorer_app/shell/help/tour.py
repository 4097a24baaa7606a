"""Help ▸ Tour: five steps on the live window, each with one thing to try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.labels import SectionTitle
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.small import WrappedLabel

_WIDTH_PX = 320
_GAP_PX = 10


@dataclass(frozen=True)
class Step:
    """workspace: where the target is. target: the widget that the step is about."""

    title: str
    text: str
    workspace: str
    target: QWidget


class Tour(QObject):
    """Shows one step after the other; the window stays usable. Esc ends it."""

    def __init__(self, window: QWidget, steps: Sequence[Step], go: Callable[[str], None]) -> None:
        super().__init__(window)
        self._window, self._steps, self._go = window, tuple(steps), go
        self.place = 0
        self.outline, self.bubble = _Outline(window), _Bubble(window)
        self.bubble.next.clicked.connect(self.step_on)
        self.bubble.back.clicked.connect(self.step_back)
        self.bubble.end.clicked.connect(self.end)
        window.installEventFilter(self)
        self._show()

    @Slot()
    def step_on(self) -> None:
        if self.place + 1 == len(self._steps):
            self.end()
        else:
            self.place += 1
            self._show()

    @Slot()
    def step_back(self) -> None:
        self.place = max(self.place - 1, 0)
        self._show()

    @Slot()
    def end(self) -> None:
        self._window.removeEventFilter(self)
        for widget in (self.outline, self.bubble):
            widget.hide()
            widget.deleteLater()
        self.deleteLater()

    def _show(self) -> None:
        step = self._steps[self.place]
        self._go(step.workspace)
        self.bubble.show_step(step, self.place, len(self._steps))
        self._arrange()
        for widget in (self.outline, self.bubble):
            widget.show()
            widget.raise_()
        self.bubble.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrange(self) -> None:
        """The bubble beside its target, inside the window."""
        target, window = self._steps[self.place].target, self._window
        area = QRect(target.mapTo(window, QPoint()), target.size())
        self.outline.setGeometry(window.rect())
        self.outline.show_area(area)
        self.bubble.adjustSize()
        size = self.bubble.size()
        left = area.right() + _GAP_PX
        if left + size.width() > window.width() - _GAP_PX:
            left = area.left() - size.width() - _GAP_PX
        if left < _GAP_PX:  # no room beside it: inside
            left = area.center().x() - size.width() // 2
        top = area.center().y() - size.height() // 2
        left = min(max(left, _GAP_PX), window.width() - size.width() - _GAP_PX)
        top = min(max(top, _GAP_PX), window.height() - size.height() - _GAP_PX)
        self.bubble.move(left, top)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._arrange()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self.end()
            return True
        return False


class _Outline(QWidget):
    """A frame around the target; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._area = QRect()

    def show_area(self, area: QRect) -> None:
        self._area = area
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().highlight().color(), 3))
        painter.drawRoundedRect(self._area.adjusted(-3, -3, 3, 3), 5, 5)


class _Bubble(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.Box)
        self.setFixedWidth(_WIDTH_PX)
        self._title, self._text, self._count = SectionTitle(), WrappedLabel(), QLabel()
        self.end, self.back, self.next = QPushButton("End tour"), QPushButton("Back"), QPushButton()
        buttons = row_layout()
        buttons.addWidget(self._count, 1)
        for button in (self.end, self.back, self.next):
            buttons.addWidget(button)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(buttons)

    def show_step(self, step: Step, place: int, count: int) -> None:
        self._title.setText(step.title)
        self._text.setText(step.text)
        self._count.setText(f"{place + 1} of {count}")
        self.back.setEnabled(place > 0)
        self.next.setText("Next" if place + 1 < count else "Done")
        self.setAccessibleName(f"{step.title}. {step.text}")
