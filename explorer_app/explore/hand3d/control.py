"""Mouse and keys of the 3D view, the same over the painter and over OpenGL."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from explorer_app.model.scene import Orbit
from explorer_app.widgets.small import takes_arrows

FloatArray = npt.NDArray[np.floating]

_DEGREES_PER_PX = 0.5
_DEGREES_PER_KEY = 5.0
_ZOOM_PER_KEY = 0.9
_TURNS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_ZOOMS = {Qt.Key.Key_Plus: _ZOOM_PER_KEY, Qt.Key.Key_Equal: _ZOOM_PER_KEY, Qt.Key.Key_Minus: 1 / _ZOOM_PER_KEY}


class _Held(Enum):
    NOTHING = auto()
    TURN = auto()
    PAN = auto()
    JOINT = auto()


class ViewControl(QObject):
    """Translates input events of the watched view into an orbit, a hovered joint and pulls of joints.

    The only owner of the camera; `points` [J, 3] are the joints that can be hovered.
    """

    orbit_changed = Signal()
    hover_changed = Signal()
    focus_changed = Signal()
    grabbed = Signal(int)
    """A joint was grabbed; `pulled` and one of `released` and `cancelled` follow."""
    pulled = Signal(object)
    """Target of the grabbed joint, [3] in half cube edges."""
    released = Signal()
    cancelled = Signal()
    joint_clicked = Signal(int)
    """With the right button."""
    menu_asked = Signal(QPoint)
    """With the right button away from joints, or from the keyboard; the position on the screen."""

    def __init__(self, view: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.orbit = Orbit()
        self.points: FloatArray = np.empty((0, 3))
        self.hovered: int | None = None
        self._view = view
        self._held = _Held.NOTHING
        self._has_arrows = False
        self._pressed_at = self._last = QPointF()
        self._grabbed_at: FloatArray = np.zeros(3)
        self._does: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseButtonDblClick: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.KeyPress: self._key,
            QEvent.Type.ShortcutOverride: self._override,
        }
        self.watch(view)

    def watch(self, view: QWidget) -> None:
        """Watch this widget, and stop watching the previous one."""
        self.cancel()
        self._view.removeEventFilter(self)
        self._view = view
        view.setMouseTracking(True)
        view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        view.installEventFilter(self)

    def set_orbit(self, orbit: Orbit) -> None:
        if orbit != self.orbit:
            self.orbit = orbit
            self.orbit_changed.emit()

    def cancel(self) -> None:
        """Release a joint, and return it to where it was grabbed."""
        if self._held is _Held.JOINT:
            self._let_go()
            self.cancelled.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._view:
            return False
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
            return False
        if isinstance(event, QFocusEvent) and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            if event.gotFocus():
                self._has_arrows = takes_arrows(event, self._has_arrows)
            self.focus_changed.emit()
            return False
        does = self._does.get(event.type())
        return does is not None and does(event)

    @property
    def _size(self) -> tuple[int, int]:
        return self._view.width(), self._view.height()

    def _press(self, event: QMouseEvent) -> bool:
        joint = self._joint_at(event.position())
        if event.button() == Qt.MouseButton.RightButton:
            if joint is None:
                self.menu_asked.emit(event.globalPosition().toPoint())
            else:
                self.joint_clicked.emit(joint)
            return True
        if self._held is not _Held.NOTHING:
            return True
        self._pressed_at = self._last = event.position()
        is_pan = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.button() == Qt.MouseButton.MiddleButton or is_pan:
            self._held = _Held.PAN
        elif event.button() == Qt.MouseButton.LeftButton and joint is not None:
            self._held, self._grabbed_at = _Held.JOINT, self.points[joint].copy()
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.grabbed.emit(joint)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._held = _Held.TURN
        return True

    def _move(self, event: QMouseEvent) -> bool:
        position = event.position()
        move, self._last = position - self._last, position
        if self._held is _Held.NOTHING:
            self._hover(self._joint_at(position))
        elif self._held is _Held.TURN:
            self.set_orbit(self.orbit.turned(-move.x() * _DEGREES_PER_PX, move.y() * _DEGREES_PER_PX))
        elif self._held is _Held.PAN:
            self.set_orbit(self.orbit.panned(move.x(), move.y(), *self._size))
        else:
            whole = position - self._pressed_at
            self.pulled.emit(self.orbit.moved(self._grabbed_at, whole.x(), whole.y(), *self._size))
        return True

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() == Qt.MouseButton.RightButton:
            return True
        was_joint = self._held is _Held.JOINT
        self._let_go()
        if was_joint:
            self.released.emit()
        self._hover(self._joint_at(event.position()))
        return True

    def _let_go(self) -> None:
        self._held = _Held.NOTHING
        self._view.unsetCursor()

    def _wheel(self, event: QWheelEvent) -> bool:
        if self._held is not _Held.JOINT:  # its depth would change under the cursor
            self.set_orbit(self.orbit.zoomed(0.999 ** event.angleDelta().y()))
        event.accept()
        return True

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape and self._held is _Held.JOINT:
            self.cancel()
        elif key == Qt.Key.Key_Menu:
            self.menu_asked.emit(self._view.mapToGlobal(self._view.rect().center()))
        elif not _is_ours(event) or self._held is _Held.JOINT:
            return False
        elif key in _TURNS:
            right, up = _TURNS[Qt.Key(key)]
            self.set_orbit(self.orbit.turned(right * _DEGREES_PER_KEY, up * _DEGREES_PER_KEY))
        else:
            self.set_orbit(self.orbit.zoomed(_ZOOMS[Qt.Key(key)]))
        return True

    def _override(self, event: QKeyEvent) -> bool:
        """Handle the view's keys before the window's shortcuts; after a click the arrow keys still step frames."""
        is_escape = event.key() == Qt.Key.Key_Escape and self._held is _Held.JOINT
        is_arrow_of_frames = event.key() in _TURNS and not self._has_arrows
        if (_is_ours(event) and not is_arrow_of_frames) or is_escape:
            event.accept()
            return True
        return False

    def _joint_at(self, position: QPointF) -> int | None:
        return self.orbit.pick(self.points, (position.x(), position.y()), *self._size)

    def _hover(self, joint: int | None) -> None:
        if joint != self.hovered:
            self.hovered = joint
            if joint is None:
                self._view.unsetCursor()
            else:
                self._view.setCursor(Qt.CursorShape.OpenHandCursor)
            self.hover_changed.emit()


def _is_ours(event: QKeyEvent) -> bool:
    plain = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier  # + is often a shifted key
    return (event.key() in _TURNS or event.key() in _ZOOMS) and not event.modifiers() & ~plain
