"""One depth image, or the difference of two, with a title, and skeletons and the crop window drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QEnterEvent, QFontMetrics, QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer_app.model.pose_error import Difference
from explorer_app.model.scene import Figure
from explorer_app.widgets import theme
from explorer_app.widgets.pictures.colour_choice import colour_choice
from explorer_app.widgets.pictures.depth_image import DepthLook, depth_image, difference_image
from explorer_app.widgets.pictures.skeleton_drawing import paint_over

OR_SHORTER = "\x9c"
"""Qt's separator between variants of a text."""
_BOX_COLOUR = QColor(255, 90, 60)
_LARGEST_SMOOTH = 6
"""px of the screen for a pixel of the image"""


class DepthPicture(QWidget):
    """Shows depth in mm as colour, near is bright; `placeholder` is shown while there is no image.

    `caption` is a line below the image; with None there is no space for one. It and the title may have shorter
    variants, longest first, joined by `OR_SHORTER`.
    """

    pointed_at = Signal(bool)
    """The mouse has entered or left."""
    has_hard_edges: ClassVar[bool] = False
    """Of all pictures, while an image of the window is drawn whose background is then removed by its colour."""

    def __init__(self, title: str, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self._placeholder = placeholder
        self.caption: str | None = None
        self.aspect = 1.0
        self._values: npt.NDArray[np.floating] | None = None
        self._difference: Difference | None = None
        self._names = ("", "")
        self._range = (0.0, 1.0)
        self._image: QImage | None = None
        self.figures: tuple[Figure, ...] = ()
        self._box: tuple[float, float, float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        colour_choice.changed.connect(self._colour)

    @property
    def is_empty(self) -> bool:
        return self._values is None

    @property
    def title_height(self) -> int:
        return self.fontMetrics().height() + 6

    @property
    def caption_height(self) -> int:
        return QFontMetrics(theme.caption(self.font())).height() + 2 if self.caption is not None else 0

    def sizeHint(self) -> QSize:
        return QSize(int(220 * self.aspect), 220 + self.title_height + self.caption_height)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 64 + self.title_height + self.caption_height)

    @property
    def placeholder(self) -> str:
        return self._placeholder

    @placeholder.setter
    def placeholder(self, text: str) -> None:
        if text != self._placeholder:
            self._placeholder = text
            self.update()

    def set_caption(self, caption: str) -> None:
        if caption == self.caption:
            return
        self.caption = caption
        self.setAccessibleDescription(caption.split(OR_SHORTER)[0])
        self.update()

    def show_depth(self, values: npt.NDArray[np.floating], near: float, far: float) -> None:
        """values [H, W] in mm, NaN = nothing there; `near` and `far` are the ends of the colours."""
        if values is self._values and self._difference is None and self._range == (near, far):
            return  # moving a cube over a raw image shows the same image repeatedly
        self._values, self._difference, self._range = values, None, (near, far)
        self.aspect = values.shape[1] / values.shape[0]
        self._colour()

    def show_difference(
        self,
        difference: Difference,
        limit_mm: float,
        in_one_only: str = "hand in one only",
        in_neither: str = "no hand in either",
    ) -> None:
        """A signed difference in mm, whose colours end at `limit_mm`; what a pixel without one is called."""
        self._names = in_one_only, in_neither
        self._values, self._difference, self._range = difference.mm, difference, (-limit_mm, limit_mm)
        self.aspect = 1.0
        self._colour()

    def set_overlay(
        self, figures: Sequence[Figure] = (), box_px: tuple[float, float, float, float] | None = None
    ) -> None:
        """Skeletons with points in px of the image, the last on top, and a window (u0, v0, u1, v1)."""
        self.figures, self._box = tuple(figures), box_px
        self.update()

    def clear(self) -> None:
        if self.is_empty and not self.figures and self._box is None:
            return
        self._values = self._difference = self._image = None
        self.set_overlay()

    def value_at(self, position: QPointF) -> float | None:
        """The mm under a point of this widget: None outside the image, NaN for no reading."""
        pixel = self.index_at(position)
        return None if pixel is None or self._values is None else float(self._values[pixel])

    def text_at(self, position: QPointF) -> str | None:
        """The same as text, also for a difference."""
        pixel, value = self.index_at(position), self.value_at(position)
        if pixel is None or value is None:
            return None
        if self._difference is None:
            return f"{value:.0f} mm" if np.isfinite(value) else "no reading"
        if np.isfinite(value):
            return f"{value:+.0f} mm".replace("-", "−")
        in_one_only, in_neither = self._names
        return in_one_only if self._difference.is_in_one_only[pixel] else in_neither

    def index_at(self, position: QPointF) -> tuple[int, int] | None:
        area = self._picture_area()
        if self._values is None or not area.contains(position):
            return None
        height, width = self._values.shape
        column = int((position.x() - area.left()) / area.width() * width)
        row = int((position.y() - area.top()) / area.height() * height)
        return min(row, height - 1), min(column, width - 1)

    @Slot()
    def _colour(self) -> None:
        """Colour it anew when it is painted: a picture behind a tab costs nothing while frames are played."""
        self._image = None
        self.update()

    def _coloured(self) -> QImage | None:
        if self._values is None:
            return None
        look = DepthLook.of(self.palette())
        if self._difference is None:
            return depth_image(self._values, *self._range, look)
        return difference_image(self._difference, self._range[1], look)

    def _picture_area(self) -> QRectF:
        top = self.title_height
        room = self.height() - top - self.caption_height
        width = min(float(self.width()), room * self.aspect)
        height = width / self.aspect
        return QRectF((self.width() - width) / 2, top + (room - height) / 2, width, height)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.text_at(QPointF(event.pos()))
            if text is not None:
                QToolTip.showText(event.globalPos(), text, self)
                return True
        return super().event(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.pointed_at.emit(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed_at.emit(False)
        super().leaveEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self._picture_area()
        self._paint_texts(painter, area)
        self._image = self._image or self._coloured()
        if self._image is None:
            self._paint_placeholder(painter, area)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._is_smooth(area))
        painter.drawImage(area, self._image)
        painter.setPen(theme.hairline(self.palette()))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(area)
        width = self._image.width()
        painter.translate(area.topLeft())
        painter.scale(area.width() / width, area.height() / self._image.height())
        self._paint_box(painter)
        for figure in self.figures:
            paint_over(painter, figure, width / area.width())

    def _is_smooth(self, area: QRectF) -> bool:
        """Not where single pixels are so large that they are looked at, nor in a picture without its background."""
        is_large = self._image is not None and area.width() > _LARGEST_SMOOTH * self._image.width()
        return not is_large and not DepthPicture.has_hard_edges

    def _paint_texts(self, painter: QPainter, area: QRectF) -> None:
        title = QRectF(area.left(), area.top() - self.title_height, area.width(), self.title_height - 4)
        painter.setPen(self.palette().text().color())
        text = self._fitting(self.title, title.width(), self.fontMetrics())
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)
        if self.caption:
            below = QRectF(area.left(), area.bottom() + 2, area.width(), self.caption_height)
            painter.setPen(theme.faint(self.palette()))
            painter.setFont(theme.caption(self.font()))
            text = self._fitting(self.caption, below.width(), painter.fontMetrics())
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)

    def _fitting(self, text: str, width: float, metrics: QFontMetrics) -> str:
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(width))

    def _paint_placeholder(self, painter: QPainter, area: QRectF) -> None:
        painter.fillRect(area, theme.picture_background(self.palette()))
        painter.setPen(theme.hairline(self.palette()))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.setPen(theme.faint(self.palette()))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(area.adjusted(8, 8, -8, -8), flags, self.placeholder)

    def _paint_box(self, painter: QPainter) -> None:
        if self._box is None:
            return
        u0, v0, u1, v1 = self._box
        for colour, width in ((QColor(0, 0, 0, 160), 4.0), (_BOX_COLOUR, 2.0)):
            pen = QPen(colour, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawRect(QRectF(u0 + 0.5, v0 + 0.5, u1 - u0, v1 - v0))  # pixel centres are at integers
