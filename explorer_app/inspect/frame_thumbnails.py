"""Thumbnails of the opened data's frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon, QImage, QPalette

from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets.pictures.depth_image import DepthLook, depth_image
from explorer_app.widgets.pictures.small_pictures import SmallPictures

if TYPE_CHECKING:
    from explorer_app.model.data import Data

THUMBNAIL_PX = 32

_Read = tuple[npt.NDArray[np.float32], float]
"""depth [H, W] in mm, half_mm"""


class FrameThumbnails(SmallPictures[int, _Read]):
    """The depth image of each frame of `Session.data`.

    A frame that cannot be read is reported when it is opened; here it only has no image.
    """

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(background.add_worker, "rows", batch=8, limit=1000, parent=parent)
        self._session = session
        session.data_changed.connect(self.forget)

    def icon(self, frame: int, palette: QPalette) -> QIcon | None:
        """The image, if it has been read."""
        pixmap = self.pixmap(frame, palette)
        if pixmap is None:
            return None
        icon = QIcon(pixmap)
        icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else its colours, which mean depth, are tinted
        return icon

    def work(self, keys: list[int]) -> Callable[[], list[_Read]] | None:
        data = self._session.data
        return partial(_read, data, keys) if data is not None else None

    def draw(self, value: _Read, look: DepthLook) -> QImage:
        depth_mm, half_mm = value
        return depth_image(depth_mm, -half_mm, half_mm, look)


def _read(data: Data, frames: list[int]) -> list[_Read]:
    """Every nth pixel: a mean would blend the hand with the background."""
    views = [data.view(frame) for frame in frames]
    steps = [max(view.frame.depth_mm.shape[0] // THUMBNAIL_PX, 1) for view in views]
    return [(view.input_mm[::step, ::step].copy(), view.frame.half_mm) for view, step in zip(views, steps, strict=True)]
