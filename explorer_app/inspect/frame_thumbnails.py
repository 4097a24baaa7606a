"""Thumbnails of the opened data's frames, read in small batches in a thread, and cached."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QIcon, QPalette

from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets.colour_choice import colour_choice
from explorer_app.widgets.depth_image import DepthPixmaps

if TYPE_CHECKING:
    from explorer_app.model.data import Data

THUMBNAIL_PX = 32
_BATCH = 8
_KEPT = 1000


class FrameThumbnails(QObject):
    """The depth image of each frame of `Session.data`."""

    changed = Signal()
    """Thumbnails were added, or the colours have changed."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._values: dict[int, tuple[npt.NDArray[np.float32], float] | None] = {}
        self._pixmaps: DepthPixmaps[int] = DepthPixmaps()
        self._wanted: list[int] = []
        self._reading = background.add_worker("rows", self._on_read, self._on_unread)
        session.data_changed.connect(self._forget)
        colour_choice.changed.connect(self.changed)

    def want(self, frames: Iterable[int]) -> None:
        """Request these frames, replacing the previous request."""
        self._wanted = list(frames)
        if len(self._values) > _KEPT:
            self._values = {frame: self._values[frame] for frame in self._wanted if frame in self._values}
            self._pixmaps.keep(self._values)
        if not self._reading.is_busy:
            self._ask()

    def icon(self, frame: int, palette: QPalette) -> QIcon | None:
        """The image, if it has been read."""
        found = self._values.get(frame)
        if found is None:
            return None
        values, half_mm = found
        pixmap = self._pixmaps.pixmap(frame, values, half_mm, palette)
        icon = QIcon(pixmap)
        icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else its colours, which mean depth, are tinted
        return icon

    @Slot()
    def _forget(self) -> None:
        self._values.clear()
        self._pixmaps.clear()
        self._wanted = []

    def _ask(self) -> None:
        data = self._session.data
        missing = [frame for frame in self._wanted if frame not in self._values][:_BATCH]
        if data is not None and missing:
            self._reading.ask((data, missing), partial(_read, data, missing))

    @Slot(object, object)
    def _on_read(
        self, stamp: tuple[Data, list[int]], pictures: list[tuple[npt.NDArray[np.float32], float] | None]
    ) -> None:
        data, frames = stamp
        if data is self._session.data:
            self._values.update(zip(frames, pictures, strict=True))
            self.changed.emit()
        self._ask()

    @Slot(object, str)
    def _on_unread(self, stamp: tuple[Data, list[int]], _line: str) -> None:
        """A frame that cannot be read is reported when it is opened; here it only has no image."""
        if stamp[0] is self._session.data:
            self._values.update(dict.fromkeys(stamp[1]))
        self._ask()


def _read(data: Data, frames: list[int]) -> list[tuple[npt.NDArray[np.float32], float] | None]:
    """Every nth pixel: a mean would blend the hand with the background."""
    views = [data.view(frame) for frame in frames]
    steps = [max(view.frame.depth_mm.shape[0] // THUMBNAIL_PX, 1) for view in views]
    return [(view.input_mm[::step, ::step].copy(), view.frame.half_mm) for view, step in zip(views, steps, strict=True)]
