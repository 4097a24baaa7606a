"""Small widgets: tags, toggles, labels, and a layout that wraps lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QLayout, QLayoutItem, QScrollArea, QSizePolicy, QWidget
from shiboken6 import isValid

from explorer_app.widgets import theme

_FOCUS_COMES_BACK = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


def takes_arrows(event: QFocusEvent, before: bool) -> bool:
    """Whether the arrow keys belong to a widget that gets the focus: after a click they still step frames."""
    return before if event.reason() in _FOCUS_COMES_BACK else event.reason() != Qt.FocusReason.MouseFocusReason


class Tag(QLabel):
    """A few words on a ground of their own."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setContentsMargins(theme.GAP, 1, theme.GAP, 1)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, _event: QPaintEvent) -> None:
        ground, text = theme.tag(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect(), theme.UNIT, theme.UNIT)
        painter.setPen(text)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class CheckBox(QCheckBox):
    """Shows a checkable action and toggles it; unlike a tool button, it shows its state on every desktop."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(action.iconText(), parent)
        self._action = action
        self.setChecked(action.isChecked())
        self.toggled.connect(action.setChecked)
        action.toggled.connect(self.setChecked)
        action.changed.connect(self._show_action)
        self._show_action()

    @Slot()
    def _show_action(self) -> None:
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())


_NEXT_TURN_MS = 1
"""Not 0, which Qt queues before it looks at timers and at input."""


def paint_next_turn(window: QWidget) -> None:
    """Paint `window`, then each of its children, in turns of the event loop: input is handled between its new layout
    and its painting, which at once takes as long.

    The first timer ends before the painting starts: others that ran out during the layout come first.
    """
    window.setUpdatesEnabled(False)
    QTimer.singleShot(_NEXT_TURN_MS, window, partial(_paint_after_others, window))


def _paint_after_others(window: QWidget) -> None:
    QTimer.singleShot(_NEXT_TURN_MS, window, partial(_paint_parts, window))


def _paint_parts(window: QWidget) -> None:
    children = window.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    paint_in_turns(window, [child for child in children if child.isVisible() and not child.isWindow()])
    _paint(window)


def paint_in_turns(owner: QWidget, parts: Iterable[QWidget]) -> None:
    """Paint each of these parts of `owner` in a turn of its own, because all of them at once take long."""
    parts = deque(parts)
    for part in parts:
        part.setUpdatesEnabled(False)
    QTimer.singleShot(_NEXT_TURN_MS, owner, partial(_paint_next, owner, parts))


def _paint_next(owner: QWidget, parts: deque[QWidget]) -> None:
    if parts and isValid(part := parts.popleft()):
        _paint(part)
    if parts:  # a timer each, one after the other: those that run out together share a turn
        QTimer.singleShot(_NEXT_TURN_MS, owner, partial(_paint_next, owner, parts))


def paint_now(widget: QWidget) -> None:
    """Do not wait for its turn: what waits is not drawn."""
    part: QWidget | None = widget
    while part is not None:
        if part.testAttribute(Qt.WidgetAttribute.WA_ForceUpdatesDisabled):
            _paint(part)
        part = part.parentWidget()


def _paint(widget: QWidget) -> None:
    widget.setUpdatesEnabled(True)
    widget.repaint()  # Qt 6.11 forgets an update that was due while there were none


_WIDTH_PX = 320


class Narrow(QScrollArea):
    """Scrolls horizontally below the content's width, so that docks beside or behind it need not be as wide."""

    def __init__(self, content: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._content = content
        self.setWidget(content)

    def minimumSizeHint(self) -> QSize:
        wanted = self._content.minimumSizeHint()
        return QSize(min(_WIDTH_PX, wanted.width()), wanted.height())

    def sizeHint(self) -> QSize:
        return self._content.sizeHint()


_WIDEST_WORD_PX = 160


class WrappedLabel(QLabel):
    """Elides longer words, such as paths or user input: otherwise Qt widens the window to their length."""

    def __init__(self, text: str = "", **properties: Any) -> None:
        super().__init__(text, wordWrap=True, **properties)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), _WIDEST_WORD_PX), hint.height())


class FlowLayout(QLayout):
    """A flow layout: left to right, with a new line when the next widget does not fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setSpacing(theme.GAP)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._flow(QRect(0, 0, width, 0), is_real=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._flow(rect, is_real=True)

    def _flow(self, rect: QRect, is_real: bool) -> int:
        """Place the widgets if `is_real`, vertically centred in each line; returns the height."""
        x, y, line_height = rect.x(), rect.y(), self._line_height
        for item in (item for item in self._items if not item.isEmpty()):
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y = rect.x(), y + line_height + theme.UNIT
            if is_real:
                item.setGeometry(QRect(QPoint(x, y + (line_height - size.height()) // 2), size))
            x += size.width() + theme.GAP
        return y + line_height - rect.y()

    @property
    def _line_height(self) -> int:
        return max((item.sizeHint().height() for item in self._items if not item.isEmpty()), default=0)
