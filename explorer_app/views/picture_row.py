"""Pictures of one height beside each other, as large as fits, with their legend right below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.views.depth_legend import DepthLegend
from explorer_app.views.depth_picture import DepthPicture

_GAP = 12
_LEAST_LEGEND = 330


class PictureRow(QWidget):
    """Lays out by hand: Qt's layouts keep no aspect ratio, and these pictures must stay square and equally large.

    The legend spans the pictures that it speaks for: all but those `beside`, which come first. Left of it: `controls`.
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
        self._controls = controls
        for child in (*self._pictures, self.legend, controls):
            if child is not None:
                child.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        shown = self._shown()
        width = sum(picture.sizeHint().width() for picture in shown) + _GAP * (len(shown) - 1)
        height = max(picture.sizeHint().height() for picture in shown) + self.legend.sizeHint().height()
        return QSize(width, height)

    def minimumSizeHint(self) -> QSize:
        least = self._pictures[0].minimumSizeHint()
        return QSize(len(self._shown()) * (least.width() + _GAP), least.height() + self.legend.sizeHint().height())

    def arrange(self) -> None:
        """Give every child its place; call it when a picture was hidden, shown or changed its aspect."""
        shown = self._shown()
        title, caption = shown[0].title_height, shown[0].caption_height
        legend = self.legend.sizeHint().height()
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
        if self._controls is not None:
            wanted = self._controls.sizeHint()
            self._controls.setGeometry(QRect(0, below, wanted.width(), min(wanted.height(), legend - 4)))
            legend_left = max(legend_left, wanted.width() + 2 * _GAP)
            width = max(width, min(legend_left + _LEAST_LEGEND, self.width()))
        self.legend.setGeometry(QRect(legend_left, below, width - legend_left, legend - 4))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # the controls want another width
            self.arrange()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _shown(self) -> list[DepthPicture]:
        return [picture for picture in self._pictures if not picture.isHidden()]
