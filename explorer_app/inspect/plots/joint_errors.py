"""The mean error of every joint as bars. Needs pyqtgraph."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QResizeEvent

from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.model.plot_statistics import per_joint_mm, worst_joints
from explorer_app.inspect.plots.base import NO_PLACES, Canvas, FloatArray, IntArray
from explorer_app.model.colours import FINGER_COLOURS
from explorer_app.model.wording import grouped
from explorer_app.widgets.plot_colours import PlotColours

_PALM = FINGER_COLOURS["palm"]


@dataclass(frozen=True, eq=False)
class JointErrors:
    """mean_mm [J], NaN if no frame annotates the joint; worst_joint [n] of each frame, -1 without one."""

    mean_mm: FloatArray
    worst_joint: IntArray


class JointPlot(Canvas):
    """The mean error of every joint; a click selects the frames whose worst joint it is."""

    def build(self) -> None:
        self.bars = pg.BarGraphItem(x=[], height=[], width=0.8)
        self.part = pg.BarGraphItem(x=[], height=[], width=0.4)
        self.addItem(self.bars)
        self.addItem(self.part)

    @staticmethod
    def compute(frames: PlotFrames) -> JointErrors:
        errors_mm = frames.errors_mm()
        return JointErrors(per_joint_mm(errors_mm), worst_joints(errors_mm))

    @staticmethod
    def compute_selection(frames: PlotFrames, _figures: JointErrors, places: IntArray) -> FloatArray | None:
        return per_joint_mm(frames.errors_mm(places)) if len(places) else None

    def draw(self, frames: PlotFrames, figures: JointErrors) -> None:
        joints, heights = frames.joints, np.nan_to_num(figures.mean_mm)
        brushes = [QColor(*FINGER_COLOURS.get(joint.split("_")[0], _PALM)) for joint in joints]
        self.bars.setOpts(x=np.arange(len(joints)), height=heights, brushes=brushes)
        self.part.setOpts(x=[], height=[])
        self._name_fingers(joints)
        is_scored = bool(np.isfinite(figures.mean_mm).any())
        worst = joints[int(heights.argmax())].replace("_", " ") if is_scored else ""
        self.title = f"Worst: {worst}, {heights.max():.1f} mm" if is_scored else "Joints: no annotation"
        self._fit(heights, len(joints))

    def _name_fingers(self, joints: tuple[str, ...]) -> None:
        """In full if it fits."""
        fingers = groupby(enumerate(joints), key=lambda joint: joint[1].split("_")[0])
        members = [(finger, [index for index, _ in group]) for finger, group in fingers]
        is_narrow = self.width() < 46 * len(members)
        ticks = [(float(np.mean(each)), finger[:2] if is_narrow else finger) for finger, each in members]
        self.getAxis("bottom").setTicks([ticks])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.frames is not None:
            self._name_fingers(self.frames.joints)

    def draw_selection(self, _frames: PlotFrames, figures: JointErrors, selected: FloatArray | None) -> None:
        count = len(figures.mean_mm)
        heights = np.zeros(0) if selected is None else np.nan_to_num(selected)
        self.part.setOpts(x=np.arange(len(heights)), height=heights)
        self._fit(np.concatenate([heights, np.nan_to_num(figures.mean_mm)]), count)

    def _fit(self, heights: FloatArray, count: int) -> None:
        self.set_view((-0.7, count - 0.3), (0, max(1.08 * float(heights.max(initial=0)), 1)))

    def colour(self, colours: PlotColours) -> None:
        self.bars.setOpts(pen=pg.mkPen(None))
        self.part.setOpts(pen=pg.mkPen(colours.ground), brush=colours.current)

    def place_x(self, figures: JointErrors, place: int) -> float:
        joint = figures.worst_joint[place]
        return float(joint) if joint >= 0 else np.nan

    def clicked_places(self, figures: JointErrors, at: QPointF) -> IntArray:
        return np.flatnonzero(figures.worst_joint == round(at.x())) if at.x() > -0.5 else NO_PLACES

    def places_between(self, figures: JointErrors, low: float, high: float) -> IntArray:
        joint = figures.worst_joint
        return np.flatnonzero((joint >= max(round(low), 0)) & (joint <= round(high)))

    def bars_x(self, figures: JointErrors) -> FloatArray:
        return np.arange(len(figures.mean_mm), dtype=np.float64)

    def text_at(self, frames: PlotFrames, figures: JointErrors, at: QPointF) -> str:
        joint = round(at.x())
        if not 0 <= joint < len(frames.joints):
            return ""
        count = int((figures.worst_joint == joint).sum())
        error = figures.mean_mm[joint]
        name = frames.joints[joint].replace("_", " ")
        return f"{name}: {error:.1f} mm; the worst joint of {grouped(count)} frames, which a click selects"
