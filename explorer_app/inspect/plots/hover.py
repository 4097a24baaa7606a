"""The picture of a frame in a plot's tooltip."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QPalette

from explorer_app.inspect.frame_tiles import FrameTiles


class HoverPictures(QObject):
    """Pictures of frames with their skeletons, as HTML; one that is not there yet is requested."""

    arrived = Signal()

    def __init__(self, tiles: FrameTiles, parent: QObject) -> None:
        super().__init__(parent)
        self._tiles = tiles
        tiles.changed.connect(self.arrived)

    def html(self, frame: int, palette: QPalette) -> str:
        """An image; empty until it is drawn, when `arrived` follows."""
        picture = self._tiles.pixmap(frame, palette)
        if picture is None:
            self._tiles.want_tiles([frame], palette)
            return ""
        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(buffer, "PNG")
        return f'<img src="data:image/png;base64,{content.toBase64().toStdString()}">'
