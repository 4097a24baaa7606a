"""Pictures of one height beside each other, as large as fits, with their legend right below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer_app.views.depth_legend import DepthLegend
from explorer_app.views.depth_picture import DepthPicture

_GAP = 12


class PictureRow(QWidget):
    """Lays out by hand: Qt's layouts keep no aspect ratio, and these pictures must stay square and equally large.

    The legend spans the pictures that it speaks for: all but those `beside`, which come first.
    """

    def __init__(
        self, pictures: Sequence[DepthPicture], beside: Sequence[DepthPicture] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._pictures, self._beside = (*beside, *pictures), tuple(beside)
        self.legend = DepthLegend()
        for child in (*self._pictures, self.legend):
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
        title = shown[0].title_height
        legend = self.legend.sizeHint().height()
        room = self.width() - _GAP * (len(shown) - 1)
        aspects = sum(picture.aspect for picture in shown)
        edge = max(int(min(room / aspects, self.height() - title - legend)), 1)
        width = int(edge * aspects) + _GAP * (len(shown) - 1)
        x = legend_left = 0
        for picture in shown:
            own_width = int(edge * picture.aspect)
            picture.setGeometry(QRect(x, 0, own_width, title + edge))
            x += own_width + _GAP
            if picture in self._beside:
                legend_left = x
        self.legend.setGeometry(QRect(legend_left, title + edge + 4, width - legend_left, legend - 4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _shown(self) -> list[DepthPicture]:
        return [picture for picture in self._pictures if not picture.isHidden()]
