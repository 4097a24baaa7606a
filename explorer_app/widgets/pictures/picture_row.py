"""Images of equal height side by side, as large as fits, with their legend below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.model.colours import difference_table, one_only_colour
from explorer_app.widgets import theme
from explorer_app.widgets.pictures.colour_choice import colour_choice
from explorer_app.widgets.pictures.depth_picture import DepthPicture

_BAR_HEIGHT = 10


class DifferenceWords(NamedTuple):
    """What a legend of differences says of values below and above 0, of all, and of the colour beside the bar."""

    below: str
    above: str
    note: str
    beside: str


TO_INPUT = DifferenceWords("nearer", "farther", "difference to the input", "in one only")


class _Scale(NamedTuple):
    """A colour bar [N, 3] with labels below its ends and its middle, and one colour beside it."""

    table: npt.NDArray[np.uint8]
    labels: tuple[str, str, str]
    note: str
    swatch: QColor
    swatch_label: str


class DepthLegend(QWidget):
    """From the cube's near face to its far face, relative to its centre, and the colour for no reading.

    While `difference_limit_mm` is set, it is the legend of differences.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._half_mm: float | None = None
        self._center_mm: float | None = None
        self.difference_limit_mm: float | None = None
        self._words = TO_INPUT
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colours of depth, in mm")
        colour_choice.changed.connect(self._repaint)

    def set_cube(self, half_mm: float | None, center_mm: float | None = None) -> None:
        """half_mm: half the cube's edge; center_mm: the distance of its centre, if there is a camera."""
        self._half_mm, self._center_mm = half_mm, center_mm
        self.update()

    def show_differences(self, limit_mm: float | None, words: DifferenceWords = TO_INPUT) -> None:
        """Show the legend of differences up to `limit_mm`, or of depth again."""
        self.difference_limit_mm, self._words = limit_mm, words
        self.setAccessibleName("Colours of depth, in mm" if limit_mm is None else "Colours of differences, in mm")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _BAR_HEIGHT + 2 * self.fontMetrics().height() + 10)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    @Slot()
    def _repaint(self) -> None:
        self.update()

    def _depth_scale(self) -> _Scale:
        half, note = self._half_mm, ""
        labels = ("near", "", "far") if half is None else (f"−{half:.0f} mm, near", "0", f"+{half:.0f} mm, far")
        if half is not None:
            note = "depth from the cube’s centre"
            if self._center_mm is not None:
                note += f", {self._center_mm:.0f} mm away"
        return _Scale(colour_choice.table[::-1], labels, note, theme.picture_background(self.palette()), "nothing")

    def _difference_scale(self, limit_mm: float) -> _Scale:
        is_dark, words = theme.is_dark(self.palette()), self._words
        labels = (f"−{limit_mm:.0f} mm, {words.below}", "0", f"+{limit_mm:.0f} mm, {words.above}")
        swatch = QColor(*one_only_colour(is_dark))
        return _Scale(difference_table(is_dark), labels, words.note, swatch, words.beside)

    def paintEvent(self, _event: QPaintEvent) -> None:
        limit_mm = self.difference_limit_mm
        scale = self._depth_scale() if limit_mm is None else self._difference_scale(limit_mm)
        painter = QPainter(self)
        metrics = self.fontMetrics()
        beside = metrics.horizontalAdvance(scale.swatch_label) + 16
        bar = QRectF(0, 2, max(self.width() - beside, 60), _BAR_HEIGHT)
        colours = np.ascontiguousarray(scale.table)
        painter.drawImage(bar, QImage(colours.data, len(colours), 1, 3 * len(colours), QImage.Format.Format_RGB888))
        swatch = QRectF(self.width() - beside + 12, 2, beside - 12, _BAR_HEIGHT)
        painter.fillRect(swatch, scale.swatch)
        painter.setPen(theme.hairline(self.palette()))
        painter.drawRect(swatch.adjusted(0, 0, -1, -1))
        painter.setPen(theme.faint(self.palette()))
        line = QRectF(bar.left(), bar.bottom() + 2, bar.width(), metrics.height())
        beside_line = QRectF(swatch.left(), line.top(), swatch.width(), line.height())
        painter.drawText(beside_line, Qt.AlignmentFlag.AlignHCenter, scale.swatch_label)
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for label, side in zip(fitting_labels(scale.labels, bar.width(), metrics), sides, strict=True):
            painter.drawText(line, side, label)
        line.translate(0, line.height())
        if metrics.horizontalAdvance(scale.note) > line.width():
            line.setWidth(self.width())  # below the swatch as well
        note = metrics.elidedText(scale.note, Qt.TextElideMode.ElideRight, int(line.width()) - 2)
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, note)


def fitting_labels(labels: tuple[str, str, str], width: float, metrics: QFontMetrics) -> tuple[str, str, str]:
    """The labels below a bar, or only their numbers where the words would overlap."""
    if sum(metrics.horizontalAdvance(label) for label in labels) + 2 * _LABEL_GAP <= width:
        return labels
    low, middle, high = (label.partition(",")[0] for label in labels)
    return low, middle, high


_GAP = theme.MARGIN
_LABEL_GAP = theme.GAP
_LEAST_LEGEND = 330


class PictureRow(QWidget):
    """A custom layout: Qt's layouts keep no aspect ratio, and these images must be square and of equal size.

    The legend spans all images except those `beside`, which come first. Left of it: `controls`.
    """

    def __init__(
        self,
        pictures: Sequence[DepthPicture],
        beside: Sequence[DepthPicture] = (),
        controls: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._pictures, self._beside = (*beside, *pictures), tuple(beside)
        self.legend = DepthLegend()
        self.controls = controls
        for child in (*self._pictures, self.legend, controls):
            if child is not None:
                child.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_legend(self, is_on: bool) -> None:
        """Whether there is one; without it the pictures are larger."""
        if is_on == self.legend.isHidden():
            self.legend.setVisible(is_on)
            self.arrange()

    @property
    def _below(self) -> int:
        """px below the pictures."""
        controls = self.controls.sizeHint().height() + 4 if self.controls is not None else 0
        return controls if self.legend.isHidden() else max(controls, self.legend.sizeHint().height())

    def sizeHint(self) -> QSize:
        shown = self._shown()
        width = sum(picture.sizeHint().width() for picture in shown) + _GAP * (len(shown) - 1)
        height = max(picture.sizeHint().height() for picture in shown) + self.legend.sizeHint().height()
        return QSize(width, height)

    def minimumSizeHint(self) -> QSize:
        least = self._pictures[0].minimumSizeHint()
        return QSize(len(self._shown()) * (least.width() + _GAP), least.height() + self.legend.sizeHint().height())

    def width_for(self, height: int) -> int:
        """The width that pictures as large as this height allows need."""
        shown = self._shown()
        edge = height - shown[0].title_height - shown[0].caption_height - self._below
        return int(max(edge, 1) * sum(picture.aspect for picture in shown)) + _GAP * (len(shown) - 1)

    def arrange(self) -> None:
        """Set the geometry of all children; call it when an image was hidden, shown or changed its aspect ratio."""
        shown = self._shown()
        title, caption = shown[0].title_height, shown[0].caption_height
        legend = self._below
        room = self.width() - _GAP * (len(shown) - 1)
        aspects = sum(picture.aspect for picture in shown)
        edge = max(int(min(room / aspects, self.height() - title - caption - legend)), 1)
        width = int(edge * aspects) + _GAP * (len(shown) - 1)
        x = legend_left = 0
        for picture in shown:
            own_width = int(edge * picture.aspect)
            picture.setGeometry(QRect(x, 0, own_width, title + edge + caption))
            x += own_width + _GAP
            if picture in self._beside:
                legend_left = x
        below = title + edge + caption + 4
        if self.controls is not None:
            wanted = self.controls.sizeHint()
            self.controls.setGeometry(QRect(0, below, wanted.width(), min(wanted.height(), legend - 4)))
            legend_left = max(legend_left, wanted.width() + 2 * _GAP)
            width = max(width, min(legend_left + _LEAST_LEGEND, self.width()))
        height = min(self.legend.sizeHint().height(), legend) - 4
        self.legend.setGeometry(QRect(legend_left, below, width - legend_left, height))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # the controls need another width
            self.arrange()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _shown(self) -> list[DepthPicture]:
        return [picture for picture in self._pictures if not picture.isHidden()]
