"""A plot in which frames are selected by a click, a range of its horizontal axis, or a lasso. Needs pyqtgraph."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent, MouseDragEvent
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer_app.inspect.failures import how_to_select
from explorer_app.inspect.model.failure_table import How
from explorer_app.inspect.model.plot_frames import PlotFrames
from explorer_app.inspect.plots.hover import HoverPictures
from explorer_app.widgets import theme
from explorer_app.widgets.plot_colours import PlotColours
from explorer_app.widgets.themed_plot import ThemedPlot

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
NO_PLACES: IntArray = np.zeros(0, dtype=np.int64)
_TITLE_MARGIN_PX = 12


class _Box(pg.ViewBox):
    """The left button selects frames; the wheel and the right button zoom, the middle one moves."""

    clicked = Signal(QPointF, str)
    dragged = Signal(list, bool, str)
    """the path so far, in the plot's coordinates; whether it is finished"""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self._way: list[QPointF] = []

    def mouseClickEvent(self, ev: MouseClickEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            if ev.double():
                self.enableAutoRange()
            else:
                self.clicked.emit(self.mapToView(ev.pos()), how_to_select(ev.modifiers()))

    def mouseDragEvent(self, ev: MouseDragEvent, axis: int | None = None) -> None:
        if ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if ev.isStart():
            self._way = [self.mapToView(ev.buttonDownPos())]
        self._way.append(self.mapToView(ev.pos()))
        self.dragged.emit(list(self._way), ev.isFinish(), how_to_select(ev.modifiers()))


class Dots(pg.ScatterPlotItem):
    """Points that leave clicks to the plot; those of pyqtgraph keep a click on a point."""

    def mouseClickEvent(self, ev: MouseClickEvent) -> None:
        ev.ignore()


class Canvas(ThemedPlot):
    """Base class of all plots. A subclass computes figures, draws them, and finds the frames at a position.

    Figures are whatever `compute` returns; the other methods get them as `figures`. Left and Right move from bar to
    bar, Enter selects the frames of one.
    """

    selected = Signal(object, str)
    """frames, and how"""
    pointed_at = Signal(int)
    """one frame"""
    is_lasso = False
    """Whether a drag is a lasso (`lassoed_places`), not a range of the horizontal axis (`places_between`)."""
    column = ""
    """A column of the table, or DIVIDED, that the plot needs to be among the others; it can be shown large without."""
    wants_references = False
    """Whether the plot, when it is large, shows the codes of the reference data, which are slow to encode."""

    pictures: HoverPictures | None = None
    """For a tooltip about one frame."""

    def __init__(self, name: str) -> None:
        self.box = _Box()
        self.name = name
        self.frames: PlotFrames | None = None
        super().__init__(name, viewBox=self.box)
        self.figures: Any = None
        self.places: IntArray = NO_PLACES
        """of the selected frames"""
        self.current: int | None = None
        self.title = ""
        self._tip_at = QPoint()
        self._bar = -1
        self.box.setMouseEnabled(x=True, y=self.is_lasso)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(150, 120)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        layout = self.plotItem.layout  # the title has the whole width, not only that of the axis
        layout.removeItem(self.plotItem.titleLabel)
        layout.addItem(self.plotItem.titleLabel, 0, 0, 1, layout.columnCount())

    def furnish(self) -> None:
        """Create all items. Called once, in a turn of its own: with the constructor it would block the window."""
        self.span = pg.LinearRegionItem(movable=False)
        self.lasso = pg.PlotCurveItem()
        self.current_line = pg.InfiniteLine()
        self.bar_line = pg.InfiniteLine()
        for item, height in ((self.span, 20), (self.lasso, 20), (self.current_line, 12), (self.bar_line, 15)):
            item.setZValue(height)
            item.hide()
            self.addItem(item, ignoreBounds=True)
        self.box.clicked.connect(self._click)
        self.box.dragged.connect(self._drag)
        self.build()
        self.recolour(PlotColours(self.palette()))

    @staticmethod
    def compute(frames: PlotFrames) -> Any:
        """The figures to draw. Called in a thread: NumPy only, no Qt."""
        raise NotImplementedError

    @staticmethod
    def compute_selection(_frames: PlotFrames, _figures: Any, places: IntArray) -> Any:
        """What to draw of the selected frames, those at `places`. Called in a thread."""
        return places

    def build(self) -> None:
        """Create the items, once."""

    def legend(self) -> QWidget | None:
        """A widget to show below the plot; called once."""
        return None

    def draw(self, frames: PlotFrames, figures: Any) -> None:
        """Show the figures, and set `title` if it is not the plot's name."""

    def draw_selection(self, frames: PlotFrames, figures: Any, selected: Any) -> None:
        """Show what `compute_selection` returned."""

    def colour(self, colours: PlotColours) -> None:
        """Set the colours of the items."""

    def place_x(self, _figures: Any, _place: int) -> float:
        """The position of a frame on the horizontal axis; NaN if it has none."""
        return np.nan

    def clicked_places(self, _figures: Any, _at: QPointF) -> IntArray:
        """The places of the frames that a click selects."""
        return NO_PLACES

    def places_between(self, _figures: Any, _low: float, _high: float) -> IntArray:
        """The places of the frames that a drag along the horizontal axis selects."""
        return NO_PLACES

    def lassoed_places(self, _figures: Any, _polygon: FloatArray) -> IntArray:
        """The places of the frames inside a polygon [K, 2]."""
        return NO_PLACES

    def bars_x(self, _figures: Any) -> FloatArray:
        """The positions that the arrow keys visit."""
        return np.zeros(0)

    def text_at(self, _frames: PlotFrames, _figures: Any, _at: QPointF) -> str:
        """The tooltip of a position."""
        return ""

    def show_figures(self, frames: PlotFrames | None, figures: Any = None) -> None:
        self.frames, self.figures, self.places, self._bar = frames, figures, NO_PLACES, -1
        self.bar_line.hide()
        for item in self.plotItem.items:
            if item not in (self.span, self.lasso, self.current_line, self.bar_line):
                item.setVisible(frames is not None)
        self.title = self.name
        if frames is not None:
            self.draw(frames, figures)
        self._show_title()
        self.show_current(self.current)

    def show_selection(self, places: IntArray, selected: Any) -> None:
        self.places = places
        if self.frames is not None:
            self.draw_selection(self.frames, self.figures, selected)

    def show_current(self, frame: int | None) -> None:
        """Mark the frame that the explorer shows."""
        self.current = frame
        x = np.nan
        if self.frames is not None and frame is not None:
            places = self.frames.places_of(np.array([frame]))
            x = self.place_x(self.figures, int(places[0])) if len(places) else np.nan
        self.current_line.setVisible(bool(np.isfinite(x)))
        if np.isfinite(x):
            self.current_line.setValue(x)

    def _click(self, at: QPointF, how: How) -> None:
        if self.frames is None:
            return
        places = self.clicked_places(self.figures, at)
        if len(places):
            self.selected.emit(self.frames.frames[places], how)
        if len(places) == 1 and how != "remove":
            self.pointed_at.emit(int(self.frames.frames[places[0]]))

    def _drag(self, way: list[QPointF], is_end: bool, how: How) -> None:
        if self.frames is None:
            return
        polygon = np.array([(point.x(), point.y()) for point in way])
        if self.is_lasso:
            self.lasso.setVisible(not is_end)
            self.lasso.setData(*np.concatenate([polygon, polygon[:1]]).T)
            places = self.lassoed_places(self.figures, polygon) if is_end else None
        else:
            low, high = sorted((way[0].x(), way[-1].x()))
            self.span.setVisible(not is_end)
            self.span.setRegion((low, high))
            places = self.places_between(self.figures, low, high) if is_end else None
        if places is not None:
            self.selected.emit(self.frames.frames[places], how)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bars = self.bars_x(self.figures) if self.frames is not None else np.zeros(0)
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and len(bars):
            self._bar = min(max(self._bar + step, 0), len(bars) - 1)
            self.bar_line.setValue(bars[self._bar])
            self.bar_line.show()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._bar < len(bars):
            self._click(QPointF(bars[self._bar], 0), how_to_select(event.modifiers()))
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.accept()  # here they move between bars, not between frames
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.frames is not None:
            self._tip_at = event.globalPos()
            self._show_tip()
            return True
        return super().viewportEvent(event)

    def _show_tip(self) -> None:
        if self.frames is not None:
            at = self.box.mapSceneToView(self.mapToScene(self.mapFromGlobal(self._tip_at)))
            QToolTip.showText(self._tip_at, self.text_at(self.frames, self.figures, at), self)

    def use_pictures(self, pictures: HoverPictures) -> None:
        """Show a frame's picture in its tooltip, there or as soon as it is drawn."""
        self.pictures = pictures
        pictures.arrived.connect(self._on_picture)

    @Slot()
    def _on_picture(self) -> None:
        if self.underMouse() and QToolTip.isVisible():
            self._show_tip()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_built:
            self._show_title()

    def _show_title(self) -> None:
        metrics = QFontMetrics(self.font())
        text = metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, max(self.width() - _TITLE_MARGIN_PX, 20))
        size = f"{self.font().pointSizeF():.1f}pt"
        self.setTitle(text, color=PlotColours(self.palette()).text, size=size)
        self.setAccessibleDescription(self.title)

    def recolour(self, colours: PlotColours) -> None:
        super().recolour(colours)
        font = theme.caption(self.font())
        for side in ("left", "bottom"):
            self.getAxis(side).setTickFont(font)
            self.getAxis(side).enableAutoSIPrefix(False)
        self.current_line.setPen(pg.mkPen(colours.current, width=1, style=Qt.PenStyle.DashLine))
        self.bar_line.setPen(pg.mkPen(colours.selected, width=2, style=Qt.PenStyle.DotLine))
        fill = QColor(colours.selected)
        fill.setAlpha(50)
        self.span.setBrush(fill)
        self.lasso.setPen(pg.mkPen(colours.selected, width=1.5))
        self.lasso.setBrush(fill)
        self.colour(colours)
        self._show_title()

    def set_view(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """The range that a double-click restores."""
        self.box.setLimits(xMin=x[0], xMax=x[1], yMin=y[0], yMax=y[1])
        self.box.setRange(QRectF(x[0], y[0], x[1] - x[0], y[1] - y[0]), padding=0)
