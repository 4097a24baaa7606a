"""Draws the rows of the time view into an image, in a thread: ten thousand frames of twenty curves take some 50 ms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen, QPolygonF

from explorer_app.explore.model.time_rows import TimeRow
from explorer_app.widgets.plot_colours import LINES

LEFT_PX, RIGHT_PX = 52, 8
_MOST_NAMED = 3
_TICKS = 6


@dataclass(frozen=True)
class Look:
    """Size in px, pixels of the screen to one, and the colours and the font of the widget."""

    width: int
    height: int
    ratio: float
    ground: QColor
    text: QColor
    faint: QColor
    hairline: QColor
    font: QFont


@dataclass(frozen=True, eq=False)
class TimePicture:
    """image: of all rows over the frames from `first` to `last`."""

    image: QImage
    first: int
    last: int


def draw_rows(
    rows: Sequence[TimeRow], times_s: npt.NDArray[np.float64], is_timed: bool, first: int, last: int, look: Look
) -> TimePicture:
    """The frames from first to last along x, each row in a strip of its own. times_s [N]: for the labels."""
    image = QImage(
        round(look.width * look.ratio), round(look.height * look.ratio), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(look.ratio)
    image.fill(look.ground)
    painter = QPainter(image)
    painter.setFont(look.font)
    line = QFontMetrics(look.font).height()
    height = (look.height - line - 4) / max(len(rows), 1)
    for place, row in enumerate(rows):
        area = QRectF(
            LEFT_PX, place * height + line, max(look.width - LEFT_PX - RIGHT_PX, 1), max(height - line - 4, 1)
        )
        _draw_row(painter, row, area, first, last, look)
    _draw_times(painter, times_s, is_timed, first, last, look)
    painter.end()
    return TimePicture(image, first, last)


def _draw_row(painter: QPainter, row: TimeRow, area: QRectF, first: int, last: int, look: Look) -> None:
    values = row.values[first : last + 1]
    second = None if row.second is None else row.second[first : last + 1]
    shown = values if second is None else np.concatenate([values, second])
    known = shown[np.isfinite(shown)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    high = max(high, low + 1e-3)
    painter.setPen(look.hairline)
    painter.drawRect(area)
    line = QFontMetrics(look.font).height()
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.setPen(look.faint)
    for value, y in ((high, area.top() + line / 2), (low, area.bottom() - line / 2)):
        painter.drawText(
            QRectF(0, y - line / 2, LEFT_PX - 4, line), right, f"{value:.2g}" if high < 10 else f"{value:.0f}"
        )
    _draw_names(painter, row, area, line, look)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)
    for curves, style in zip([values] if second is None else [values, second], styles, strict=False):
        for number in range(curves.shape[1]):
            painter.setPen(QPen(QColor(LINES[number % len(LINES)]), 1.2, style))
            for polygon in _polygons(curves[:, number], area, low, high):
                painter.drawPolyline(polygon)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _draw_names(painter: QPainter, row: TimeRow, area: QRectF, line: int, look: Look) -> None:
    """The title, and beside it the names of a few curves."""
    metrics = QFontMetrics(look.font)
    painter.setPen(look.text)
    x, y = area.left(), area.top() - 4
    painter.drawText(QPointF(x, y), row.title)
    if not 1 < len(row.names) <= _MOST_NAMED:
        return
    x += metrics.horizontalAdvance(row.title) + line
    for number, name in enumerate(row.names):
        painter.setPen(QColor(LINES[number]))
        painter.drawText(QPointF(x, y), name)
        x += metrics.horizontalAdvance(name) + line / 2


def _polygons(values: npt.NDArray[np.floating], area: QRectF, low: float, high: float) -> list[QPolygonF]:
    """The known stretches of a curve; of many values, the least and the largest of each column of pixels."""
    count, width = len(values), int(area.width())
    x = area.left() + np.arange(count) / max(count - 1, 1) * area.width()
    if count > 2 * width:
        starts = np.arange(width) * count // width
        filled = np.where(np.isfinite(values), values, np.inf)
        least = np.minimum.reduceat(filled, starts)
        largest = -np.minimum.reduceat(np.where(np.isfinite(values), -values, np.inf), starts)
        values = np.stack([least, largest], axis=1).ravel()
        values = np.where(np.isfinite(values), values, np.nan)
        x = np.repeat(x[starts], 2)
    y = area.bottom() - (values - low) / (high - low) * area.height()
    is_known = np.isfinite(y)
    edges = np.flatnonzero(np.diff(is_known.astype(np.int8), prepend=0, append=0))
    points = [QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]
    stretches = zip(edges[::2], edges[1::2], strict=True)
    # a frame alone is a dot: a line of one point has no length
    return [QPolygonF([*points[start:stop], points[stop - 1] + QPointF(0.5, 0)]) for start, stop in stretches]


def _draw_times(
    painter: QPainter, times_s: npt.NDArray[np.float64], is_timed: bool, first: int, last: int, look: Look
) -> None:
    """Seconds, or the numbers of the frames if their times are not known."""
    line = QFontMetrics(look.font).height()
    painter.setPen(look.faint)
    width = look.width - LEFT_PX - RIGHT_PX
    for tick in range(_TICKS):
        share = tick / (_TICKS - 1)
        index = round(first + share * (last - first))
        text = f"{times_s[index]:.1f} s" if is_timed else str(index + 1)
        box = QRectF(LEFT_PX + share * width - 40, look.height - line - 2, 80, line)
        if tick == 0:
            box.moveLeft(LEFT_PX)
        if tick == _TICKS - 1:
            box.moveRight(look.width - 2)
        side = {0: Qt.AlignmentFlag.AlignLeft, _TICKS - 1: Qt.AlignmentFlag.AlignRight}
        painter.drawText(box, side.get(tick, Qt.AlignmentFlag.AlignHCenter), text)
