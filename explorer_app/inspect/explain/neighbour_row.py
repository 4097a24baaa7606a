"""The frames whose poses are nearest to another, with their distances."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer_app.inspect.frame_tiles import TILE_PX, tile
from explorer_app.widgets import theme
from explorer_app.widgets.pictures.colour_choice import colour_choice
from explorer_app.widgets.pictures.depth_image import PixmapCache

if TYPE_CHECKING:
    from explorer_app.inspect.model.reference import Neighbour

_GAP = 6
_SHOWN = 5
_SMALLEST = 56
_KEPT = 50


class NeighbourRow(QWidget):
    """As many as fit, the nearest first."""

    def __init__(self) -> None:
        super().__init__()
        self.neighbours: list[Neighbour] = []
        self._pixmaps: PixmapCache[int] = PixmapCache(_KEPT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Nearest reference frames")
        colour_choice.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(3 * (_SMALLEST + _GAP), self._edge() + self.fontMetrics().height() + _GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * (_SMALLEST + _GAP), _SMALLEST + self.fontMetrics().height() + _GAP)

    def show_neighbours(self, neighbours: list[Neighbour]) -> None:
        self.neighbours = neighbours
        self.setVisible(bool(neighbours))
        self.setAccessibleDescription("; ".join(self._text(each) for each in neighbours))
        self._pixmaps.clear()
        self.update()

    def _text(self, neighbour: Neighbour) -> str:
        where = f"{neighbour.path.name}, frame {neighbour.index + 1}, {neighbour.view.frame.name}"
        return f"{neighbour.distance_mm:.1f} mm mean distance: {where}"

    def _edge(self) -> int:
        return min(max((self.width() - (_SHOWN - 1) * _GAP) // _SHOWN, _SMALLEST), TILE_PX)

    def _areas(self) -> list[QRect]:
        edge = self._edge()
        count = min(len(self.neighbours), max((self.width() + _GAP) // (edge + _GAP), 1))
        return [QRect(place * (edge + _GAP), 0, edge, edge) for place in range(count)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        height = self.sizeHint().height()
        if height != self.minimumHeight():
            self.setFixedHeight(height)  # its images are square

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for area, neighbour in zip(self._areas(), self.neighbours, strict=False):
                if area.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), self._text(neighbour), self)
                    return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place, (area, neighbour) in enumerate(zip(self._areas(), self.neighbours, strict=False)):
            draw = partial(tile, neighbour.view, None)
            painter.drawPixmap(area, self._pixmaps.pixmap(place, palette, draw))
            painter.setPen(theme.hairline(palette))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
            painter.setPen(theme.faint(palette))
            below = QRect(area.left(), area.bottom() + 2, area.width(), self.fontMetrics().height())
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, f"{neighbour.distance_mm:.0f} mm")
