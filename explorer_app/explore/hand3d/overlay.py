"""Overlay of the 3D view for both renderers: names, errors, pins, halos and the scale of the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from explorer_app.model.colours import FINGER_COLOURS
from explorer_app.model.scene import Orbit
from explorer_app.session.free_joints import BEYOND_MM, Miss
from explorer_app.widgets import theme
from lsps_core.skeleton import FINGERS

NEEDS_OPENGL = "Needs OpenGL, which is not available here"


class ViewMenu(QPushButton):
    """The state is in the actions; `changed` is emitted when one is toggled."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("More")
        self.setToolTip("All options of the 3D view, also by a right click beside the hand")
        self.setAccessibleName("Options of the 3D view")
        self.setMaximumWidth(self.fontMetrics().horizontalAdvance(self.text()) + 40)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.errors = self._add("&Error lines", "From each joint to its annotated position", is_on=True)
        self.grid = self._add("&Grid", "Centimetre grid behind the hand; every fifth line is stronger", is_on=True)
        self.volume = self._add("&Volume", "", is_on=True)
        self.cloud = self._add("&Point cloud", "", is_on=True)
        for action, name in ((self.errors, "Errors"), (self.cloud, "Points")):
            action.setIconText(name)
        self._menu.addSeparator()
        self.orthographic = self._add("&Orthographic", "Parallel lines stay parallel, so lengths can be compared")
        self._menu.addSeparator()
        self.unpin: QAction = self._menu.addAction("&Unpin all joints")
        self.unpin.setToolTip("Let all joints move with a pull; right-click pins or unpins a joint")
        self.release: QAction = self._menu.addAction("&Release free joints")
        self.release.setToolTip("Leave joints that were pulled beyond the latent’s reach to the latent again")
        self._menu.addSeparator()
        self.save_image: QAction = self._menu.addAction("&Save image …")
        self.save_image.setToolTip("Save the skeleton as it is seen here")
        self.setMenu(self._menu)

    @property
    def switches(self) -> tuple[QAction, ...]:
        """What is drawn besides the skeleton."""
        return self.errors, self.grid, self.volume, self.cloud

    def allow(self, has_opengl: bool, has_skin: bool, can_unpin: bool) -> None:
        """Disable options that cannot be drawn, with the reason as tooltip."""
        self.volume.setEnabled(has_opengl and has_skin)
        self.cloud.setEnabled(has_opengl)
        volume = "The hand's skin, as in the simulator" if has_skin else "Only for the simulator's 21 joints"
        cloud = "The frame's depth image as points; without a frame, the synthetic image"
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


FloatArray = npt.NDArray[np.floating]

_LEAST_WEIGHT = 0.05
_MARGIN = 6


@dataclass(frozen=True, eq=False)
class Marks:
    """points [J, 3]: the shown joints. truth [J, 3]: the annotated joints, NaN = not annotated.

    weights [J] 0..1: how strongly each is highlighted. label, labelled: text and its joint. scale: of the grid, in
    words. has_focus: whether the view has keyboard focus. free: the joints that the latent does not reach.
    """

    points: FloatArray
    truth: FloatArray | None = None
    weights: FloatArray | None = None
    pinned: frozenset[int] = frozenset()
    labelled: int | None = None
    label: str = ""
    scale: str = ""
    has_focus: bool = False
    free: Mapping[int, Miss] = field(default_factory=dict)

    @property
    def handles(self) -> FloatArray:
        """Where each joint is grabbed, [J, 3]: a free one at its own place."""
        handles = self.points.copy()
        for joint, miss in self.free.items():
            handles[joint] = miss.place
        return handles


class ViewOverlay(QWidget):
    """Lies over a view and passes mouse events through to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.marks = Marks(np.empty((0, 3)))
        self._orbit = Orbit()

    def show_marks(self, marks: Marks, orbit: Orbit) -> None:
        self.marks, self._orbit = marks, orbit
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        marks = self.marks
        self._paint_scale(painter)
        if marks.has_focus:
            painter.setPen(QPen(self.palette().highlight().color(), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        if len(marks.points) == 0:
            return
        dots, _, scale = self._orbit.project(marks.points, self.width(), self.height())
        self._paint_errors(painter, dots)
        self._paint_weights(painter, dots, scale)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        handles, _, _ = self._orbit.project(marks.handles, self.width(), self.height())
        for joint, miss in marks.free.items():
            self._paint_free(painter, QPointF(*dots[joint]), QPointF(*handles[joint]), miss.mm)
        for joint in sorted(marks.pinned):
            self._paint_pin(painter, QPointF(*handles[joint]))
        if marks.labelled is not None:
            self._paint_label(painter, QPointF(*handles[marks.labelled]))

    def _paint_scale(self, painter: QPainter) -> None:
        if not self.marks.scale:
            return
        area = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        corner = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.fillRect(painter.boundingRect(area, corner, self.marks.scale), theme.view_background(self.palette()))
        painter.setPen(theme.faint(self.palette()))
        painter.drawText(area, corner, self.marks.scale)  # lines of the grid or the cube end beside it

    def _paint_errors(self, painter: QPainter, dots: FloatArray) -> None:
        if self.marks.truth is None:
            return
        ends, _, _ = self._orbit.project(self.marks.truth, self.width(), self.height())
        painter.setPen(QPen(theme.error(self.palette()), 1.5))
        for joint in np.flatnonzero(np.isfinite(ends).all(axis=1)):
            painter.drawLine(QPointF(*dots[joint]), QPointF(*ends[joint]))

    def _paint_weights(self, painter: QPainter, dots: FloatArray, scale: FloatArray) -> None:
        if self.marks.weights is None:
            return
        for joint in np.flatnonzero(self.marks.weights > _LEAST_WEIGHT):
            weight = min(float(self.marks.weights[joint]), 1.0)
            colour = QColor(theme.halo(self.palette()))
            colour.setAlphaF(0.2 + 0.7 * weight)
            painter.setPen(QPen(colour, 1.5))
            colour.setAlphaF(0.25 * weight)  # the bones must show through it
            painter.setBrush(colour)
            radius = scale[joint] * (0.04 + 0.06 * weight)
            painter.drawEllipse(QPointF(*dots[joint]), radius, radius)

    def _paint_free(self, painter: QPainter, dot: QPointF, place: QPointF, miss_mm: float) -> None:
        """The joint's own place, and how far the latent's joint is from it."""
        colour = self.palette().text().color()
        if miss_mm > BEYOND_MM:
            painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(dot, place)
            painter.drawText(place + QPointF(9, -7), f"{miss_mm:.0f} mm")
        painter.setPen(QPen(colour, 1.5))
        painter.drawRect(QRectF(place.x() - 4, place.y() - 4, 8, 8))

    def _paint_pin(self, painter: QPainter, dot: QPointF) -> None:
        for colour, width in ((theme.view_background(self.palette()), 5.0), (self.palette().text().color(), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(dot, 9.0, 9.0)

    def _paint_label(self, painter: QPainter, dot: QPointF) -> None:
        painter.setPen(QPen(self.palette().text().color(), 1.5))
        painter.drawEllipse(dot, 7.0, 7.0)
        size = self.fontMetrics().size(0, self.marks.label)
        box = QRectF(dot.x() + 12, dot.y() - size.height() - 10, size.width() + 12, size.height() + 6)
        box.moveLeft(max(min(box.left(), self.width() - box.width() - 2), 2))
        box.moveTop(max(box.top(), 2))
        painter.setPen(theme.hairline(self.palette()))
        painter.setBrush(self.palette().toolTipBase())
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self.palette().toolTipText().color())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.marks.label)


def legend(others: Mapping[str, QColor], note: str, palette: QPalette) -> str:
    """Rich text: the fingers' colours, those of other skeletons by name, and a note in parentheses."""
    colours = {finger: QColor(*FINGER_COLOURS[finger]) for finger in FINGERS} | dict(others)
    text = " ".join(
        f'<span style="color:{dot.name()}">●</span>&nbsp;<span style="color:{palette.windowText().color().name()}">'
        f"{name}</span>"
        for name, dot in colours.items()
    )
    return text + (f' <span style="color:{theme.faint(palette).name()}">({note})</span>' if note else "")
