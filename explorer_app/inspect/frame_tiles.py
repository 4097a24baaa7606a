"""Tiles of frames with predicted and annotated skeletons, drawn in small batches in a thread."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QPen

from explorer_app.inspect.failures import Failures
from explorer_app.model.colours import Rgb
from explorer_app.model.pose_error import annotated_pose
from explorer_app.model.scene import Figure, figure
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.colour_choice import colour_choice
from explorer_app.widgets.depth_image import depth_image

if TYPE_CHECKING:
    from explorer_app.model.data import Data, FrameView
    from explorer_app.model.hand_model import HandModel

TILE_PX = 128
_BATCH = 4
_KEPT = 400
_ANNOTATED = (255, 255, 255)


class FrameTiles(QObject):
    """Images by frame, of the session's data and the table's codes; visible ones are drawn first."""

    changed = Signal()

    def __init__(self, session: Session, failures: Failures, background: Background, name: str) -> None:
        super().__init__()
        self._session, self._failures = session, failures
        self._images: dict[int, QImage] = {}
        self._wanted: list[int] = []
        self._stamp: object = None
        self._palette = QPalette()
        self._worker = background.add_worker(name, self._on_images, self._on_failed)
        failures.table_changed.connect(self.forget)
        colour_choice.changed.connect(self.forget)

    def image(self, frame: int) -> QImage | None:
        return self._images.get(frame)

    @property
    def has_wanted(self) -> bool:
        return bool(self._wanted)

    def want(self, frames: Iterable[int], palette: QPalette) -> None:
        """Request these tiles, replacing the previous request."""
        self._palette = palette
        self._wanted = list(frames)
        if len(self._images) > _KEPT:
            self._images = {frame: self._images[frame] for frame in self._wanted if frame in self._images}
        if not self._worker.is_busy:
            self._ask()

    @Slot()
    def forget(self) -> None:
        """The frames or the colours have changed."""
        self._images.clear()
        self._wanted = []
        self._stamp = object()
        self.changed.emit()

    def _ask(self) -> None:
        session, table = self._session, self._failures.table
        frames = [frame for frame in self._wanted if frame not in self._images][:_BATCH]
        if not frames or session.model is None or session.data is None or table is None:
            return
        latents = table.results.pose_latent[frames]
        colour = theme.picture_background(self._palette)
        background = (colour.red(), colour.green(), colour.blue())
        work = partial(_images, session.data, session.model, frames, latents, background, colour_choice.table)
        self._worker.ask(self._stamp, work)

    @Slot(object, object)
    def _on_images(self, stamp: object, images: dict[int, QImage]) -> None:
        if stamp is self._stamp:
            self._images |= images
            self.changed.emit()
        self._ask()

    @Slot(object, str)
    def _on_failed(self, stamp: object, line: str) -> None:
        if stamp is self._stamp:
            self._wanted = []  # or it would be tried for ever
            self._session.message.emit(line)
        else:
            self._ask()


def _images(
    data: Data,
    model: HandModel,
    frames: list[int],
    latents: npt.NDArray[np.floating],
    background: Rgb,
    table: npt.NDArray[np.uint8],
) -> dict[int, QImage]:
    poses = model.decode_poses(latents)
    images = {}
    for frame, pose in zip(frames, poses, strict=True):
        view = data.view(frame)
        images[frame] = tile(view, figure(model.skeleton, view.pixels_of(pose)), background, table)
    return images


def tile(view: FrameView, predicted: Figure | None, background: Rgb, table: npt.NDArray[np.uint8]) -> QImage:
    """The depth image with the annotation in white and a predicted skeleton in colour. For use in threads."""
    values, half_mm = view.input_mm, view.frame.half_mm
    height, width = values.shape
    image = QImage(TILE_PX, TILE_PX, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, TILE_PX, TILE_PX), depth_image(values, half_mm, background, table))
    painter.scale(TILE_PX / width, TILE_PX / height)
    pose = annotated_pose(view.frame)
    if pose is not None and view.data.skeleton is not None:
        _draw(painter, figure(view.data.skeleton, view.pixels_of(pose), _ANNOTATED), width)
    if predicted is not None:
        _draw(painter, predicted, width)
    painter.end()
    return image


def _draw(painter: QPainter, drawn: Figure, width: int) -> None:
    """Over a dark outline, so that it is visible over every depth."""
    dots = [QPointF(x, y) for x, y in (drawn.points + 0.5).tolist()]
    unit = width / TILE_PX
    for is_outline in (True, False):
        for parent, child in drawn.known_bones:
            pen = QPen(QColor(20, 20, 24) if is_outline else QColor(*drawn.colours[child]))
            pen.setWidthF((3.4 if is_outline else 1.8) * unit)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(dots[parent], dots[child])
