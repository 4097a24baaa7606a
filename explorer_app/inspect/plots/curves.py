"""The kinds of plots of the failures that have one axis to point along. Needs pyqtgraph."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QResizeEvent

from explorer_app.inspect.model.plot_series import Highlight, Series
from explorer_app.inspect.model.plot_statistics import MARK_MM
from explorer_app.inspect.plots.base import Canvas, Colours, FloatArray, IntArray
from explorer_app.model.colours import FINGER_COLOURS
from explorer_app.model.wording import grouped

_NO_PLACES: IntArray = np.zeros(0, dtype=np.int64)
_PALM = FINGER_COLOURS["palm"]


class SuccessPlot(Canvas):
    """% of frames whose worst joint is within a distance; a click selects those beyond, a drag those between."""

    name = "Success curve"

    def build(self) -> None:
        self.curve = self.plot([], [])
        self.part = self.plot([], [])
        self.mark = pg.InfiniteLine(
            MARK_MM, label=f"{MARK_MM:.0f} mm", labelOpts={"position": 0.93, "anchors": [(1, 0.5), (1, 0.5)]}
        )
        self.addItem(self.mark)

    def draw(self, series: Series) -> None:
        curve = series.success
        self.title = self.name if curve is not None else "Success: no annotation"
        self.curve.setData(*((curve.distance_mm, curve.percent) if curve is not None else ([], [])))
        self.part.setData([], [])
        if curve is not None:
            self.title = f"{curve.mark_percent:.1f} % within {MARK_MM:.0f} mm, worst joint"
        self.set_view((0, 80), (0, 102))

    def draw_highlight(self, _series: Series, highlight: Highlight) -> None:
        curve = highlight.success
        self.part.setData(*((curve.distance_mm, curve.percent) if curve is not None else ([], [])))

    def colour(self, colours: Colours) -> None:
        self.curve.setPen(pg.mkPen(colours.plain, width=2))
        self.part.setPen(pg.mkPen(colours.selected, width=2))
        self.mark.setPen(pg.mkPen(colours.faint, style=Qt.PenStyle.DotLine))
        self.mark.label.setColor(colours.faint)

    def place_x(self, series: Series, place: int) -> float:
        return float(series.worst_mm[place])

    def clicked_places(self, series: Series, at: QPointF) -> IntArray:
        return np.flatnonzero(series.worst_mm > at.x())

    def places_between(self, series: Series, low: float, high: float) -> IntArray:
        worst = series.worst_mm
        return np.flatnonzero((worst >= low) & (worst <= high))

    def text_at(self, series: Series, at: QPointF) -> str:
        curve = series.success
        if curve is None:
            return ""
        percent = np.interp(at.x(), curve.distance_mm, curve.percent)
        return f"{percent:.1f} % within {at.x():.0f} mm. A click selects the frames beyond, a drag those between"


class JointPlot(Canvas):
    """The mean error of every joint; a click selects the frames whose worst joint it is."""

    name = "Error by joint"

    def build(self) -> None:
        self.bars = pg.BarGraphItem(x=[], height=[], width=0.8)
        self.part = pg.BarGraphItem(x=[], height=[], width=0.4)
        self.addItem(self.bars)
        self.addItem(self.part)

    def draw(self, series: Series) -> None:
        joints, heights = series.joints, np.nan_to_num(series.joint_mm)
        brushes = [QColor(*FINGER_COLOURS.get(joint.split("_")[0], _PALM)) for joint in joints]
        self.bars.setOpts(x=np.arange(len(joints)), height=heights, brushes=brushes)
        self.part.setOpts(x=[], height=[])
        self._name_fingers(joints)
        is_scored = bool(np.isfinite(series.joint_mm).any())
        worst = joints[int(heights.argmax())].replace("_", " ") if is_scored else ""
        self.title = f"Worst joint: {worst}, {heights.max():.1f} mm" if is_scored else "Joints: no annotation"
        self._fit(series, heights)

    def _name_fingers(self, joints: tuple[str, ...]) -> None:
        """In full where there is room for it."""
        fingers = groupby(enumerate(joints), key=lambda joint: joint[1].split("_")[0])
        members = [(finger, [index for index, _ in group]) for finger, group in fingers]
        is_narrow = self.width() < 46 * len(members)
        ticks = [(float(np.mean(each)), finger[:2] if is_narrow else finger) for finger, each in members]
        self.getAxis("bottom").setTicks([ticks])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_built and self.series is not None:
            self._name_fingers(self.series.joints)

    def draw_highlight(self, series: Series, highlight: Highlight) -> None:
        heights = np.nan_to_num(highlight.joint_mm)
        has_any = bool(len(highlight.places))
        self.part.setOpts(x=np.arange(len(heights)) if has_any else [], height=heights if has_any else [])
        self._fit(series, np.concatenate([heights, np.nan_to_num(series.joint_mm)]))

    def _fit(self, series: Series, heights: FloatArray) -> None:
        self.set_view((-0.7, len(series.joints) - 0.3), (0, max(1.08 * float(heights.max(initial=0)), 1)))

    def colour(self, colours: Colours) -> None:
        self.bars.setOpts(pen=pg.mkPen(None))
        self.part.setOpts(pen=pg.mkPen(colours.ground), brush=colours.current)

    def place_x(self, series: Series, place: int) -> float:
        joint = series.worst_joint[place]
        return float(joint) if joint >= 0 else np.nan

    def clicked_places(self, series: Series, at: QPointF) -> IntArray:
        return np.flatnonzero(series.worst_joint == round(at.x())) if at.x() > -0.5 else _NO_PLACES

    def places_between(self, series: Series, low: float, high: float) -> IntArray:
        joint = series.worst_joint
        return np.flatnonzero((joint >= max(round(low), 0)) & (joint <= round(high)))

    def bars_x(self, series: Series) -> FloatArray:
        return np.arange(len(series.joints), dtype=np.float64)

    def text_at(self, series: Series, at: QPointF) -> str:
        joint = round(at.x())
        if not 0 <= joint < len(series.joints):
            return ""
        count = int((series.worst_joint == joint).sum())
        error = series.joint_mm[joint]
        name = series.joints[joint].replace("_", " ")
        return f"{name}: {error:.1f} mm; the worst joint of {grouped(count)} frames, which a click selects"


class TracePlot(Canvas):
    """The error along all sequences; a click selects the worst frame of a column, a drag all frames between."""

    name = "Along the sequence"

    def build(self) -> None:
        self.peaks = self.plot([], [])
        self.spans = pg.PlotCurveItem(connect="pairs")
        self.part = pg.ScatterPlotItem(size=5, pen=pg.mkPen(None))
        self.addItem(self.spans)
        self.addItem(self.part)

    def draw(self, series: Series) -> None:
        trace = series.trace
        x = _middles(series)
        self.peaks.setData(x, trace.high, connect="finite")
        known = np.isfinite(trace.high)
        self.spans.setData(np.repeat(x[known], 2), np.stack([trace.low[known], trace.high[known]], axis=1).ravel())
        self.part.setData([], [])
        self._name_groups(series)
        self.title = f"{series.measure.capitalize()} by frame, mm"
        top = float(np.nanmax(trace.high)) if known.any() else 1.0
        self.set_view((0, max(len(trace.order), 1)), (0, max(1.08 * top, 1)))

    def _name_groups(self, series: Series) -> None:
        """Where there is room for their names."""
        groups = series.trace.groups
        names = [((start + stop) / 2, name or "ungrouped") for name, start, stop in groups]
        width = max((self.fontMetrics().horizontalAdvance(name) for _, name in names), default=0) + 8
        fits = len(names) > 1 and width * len(names) < self.width() - 50
        self.getAxis("bottom").setTicks([names if fits else [], [(stop, "") for *_, stop in groups]])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_built and self.series is not None:
            self._name_groups(self.series)

    def draw_highlight(self, series: Series, highlight: Highlight) -> None:
        peaks = highlight.peaks
        is_there = np.isfinite(peaks)
        self.part.setData(_middles(series)[is_there], peaks[is_there])

    def colour(self, colours: Colours) -> None:
        self.peaks.setPen(pg.mkPen(colours.plain, width=1))
        self.spans.setPen(pg.mkPen(colours.plain, width=1))
        self.part.setBrush(colours.selected)

    def place_x(self, series: Series, place: int) -> float:
        return float(np.flatnonzero(series.trace.order == place)[0]) + 0.5

    def clicked_places(self, series: Series, at: QPointF) -> IntArray:
        trace = series.trace
        column = int(np.searchsorted(trace.edges, at.x(), side="right")) - 1
        return trace.worst[column : column + 1] if 0 <= column < len(trace.worst) else _NO_PLACES

    def places_between(self, series: Series, low: float, high: float) -> IntArray:
        return series.trace.order[max(int(low), 0) : max(int(np.ceil(high)), 0)]

    def bars_x(self, series: Series) -> FloatArray:
        return _middles(series)

    def text_at(self, series: Series, at: QPointF) -> str:
        places = self.clicked_places(series, at)
        if not len(places):
            return ""
        frame, value = series.frames[places[0]], series.measured_mm[places[0]]
        return f"frame {frame + 1}: {value:.1f} mm; a click shows it, a drag selects the frames between"


def _middles(series: Series) -> FloatArray:
    edges = series.trace.edges
    return (edges[:-1] + edges[1:]) / 2
