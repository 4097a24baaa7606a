"""What the 3D view shows besides the bones: one button with a menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

NEEDS_OPENGL = "Needs OpenGL, which is not to be had here"


class StageMenu(QPushButton):
    """The actions hold what is switched on; `changed` says that one of them was."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("Show")
        self.setToolTip("What to draw besides the bones, and how")
        self.setAccessibleName("Show in the 3D view")
        self.setMaximumWidth(self.fontMetrics().horizontalAdvance(self.text()) + 40)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.errors = self._add("&Error lines", "From each joint to where it is annotated", is_on=True)
        self.grid = self._add("&Grid", "Centimetres on the wall behind the hand; every fifth is stronger", is_on=True)
        self.volume = self._add("&Volume", "")
        self.cloud = self._add("&Point cloud", "")
        self._menu.addSeparator()
        self.orthographic = self._add("&Orthographic", "Parallel lines stay parallel: lengths can be compared")
        self._menu.addSeparator()
        self.unpin: QAction = self._menu.addAction("&Unpin all joints")
        self.unpin.setToolTip("Let all joints move with a pull; a right click pins a joint or frees it")
        self.setMenu(self._menu)

    def allow(self, has_opengl: bool, has_skin: bool, can_unpin: bool) -> None:
        """Grey out what cannot be drawn, and say why."""
        self.volume.setEnabled(has_opengl and has_skin)
        self.cloud.setEnabled(has_opengl)
        volume = "The hand's skin, as the simulator has it" if has_skin else "Only for the simulator's 21 joints"
        cloud = "The frame's depth image as points; without a frame, the synthetic picture"
        self.volume.setToolTip(volume if has_opengl else NEEDS_OPENGL)
        self.cloud.setToolTip(cloud if has_opengl else NEEDS_OPENGL)
        self.unpin.setEnabled(can_unpin)

    @Slot(QPoint)
    def pop_up(self, where: QPoint) -> None:
        self._menu.popup(where)

    def _add(self, title: str, tip: str, is_on: bool = False) -> QAction:
        action: QAction = self._menu.addAction(title)
        action.setToolTip(tip)
        action.setCheckable(True)
        action.setChecked(is_on)
        action.toggled.connect(self.changed)
        return action
