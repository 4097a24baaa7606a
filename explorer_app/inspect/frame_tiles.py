"""Tiles of frames with predicted and annotated skeletons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPalette

from explorer_app.inspect.failures import Failures
from explorer_app.model.colours import ANNOTATED
from explorer_app.model.pose_error import annotated_pose
from explorer_app.model.scene import Figure, figure
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets.pictures.colour_choice import colour_choice
from explorer_app.widgets.pictures.depth_image import DepthLook, depth_image
from explorer_app.widgets.pictures.skeleton_drawing import paint_over
from explorer_app.widgets.pictures.small_pictures import SmallPictures

if TYPE_CHECKING:
    from explorer_app.model.data import Data, FrameView
    from explorer_app.model.hand.model import HandModel

TILE_PX = 128
_BONE_PX = 1.8


class FrameTiles(SmallPictures[int, QImage]):
    """Images by frame, of the session's data and the table's codes; a thread draws them with their skeletons."""

    def __init__(self, session: Session, failures: Failures, background: Background, name: str) -> None:
        super().__init__(background.add_worker, name, batch=4, limit=400, parent=None)
        self._session, self._failures = session, failures
        self._look: DepthLook | None = None
        self.failed.connect(session.message)
        failures.table_changed.connect(self.forget)
        colour_choice.changed.connect(self.forget)

    def want_tiles(self, frames: Iterable[int], palette: QPalette) -> None:
        """Request these tiles in the current colours, replacing the previous request."""
        look = DepthLook.of(palette)
        if look != self._look:
            self._look = look
            self.forget()
        self.want(frames)

    def work(self, keys: list[int]) -> Callable[[], list[QImage]] | None:
        session, table = self._session, self._failures.table
        if session.model is None or session.data is None or table is None or self._look is None:
            return None
        return partial(_images, session.data, session.model, keys, table.results.pose_latent[keys], self._look)

    def draw(self, value: QImage, _look: DepthLook) -> QImage:
        return value


def _images(
    data: Data, model: HandModel, frames: list[int], latents: npt.NDArray[np.floating], look: DepthLook
) -> list[QImage]:
    views, poses = (data.view(frame) for frame in frames), model.decode_poses(latents)
    return [
        tile(view, figure(model.skeleton, view.pixels_of(pose)), look) for view, pose in zip(views, poses, strict=True)
    ]


def tile(view: FrameView, predicted: Figure | None, look: DepthLook) -> QImage:
    """What the camera saw, with the annotation in white and a predicted skeleton in its colours. Works in threads."""
    values, half_mm = view.input_mm, view.frame.half_mm
    height, width = values.shape
    image = QImage(TILE_PX, TILE_PX, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, TILE_PX, TILE_PX), depth_image(values, -half_mm, half_mm, look))
    painter.scale(TILE_PX / width, TILE_PX / height)
    pose = annotated_pose(view.frame)
    if pose is not None and view.data.skeleton is not None:
        annotated = figure(view.data.skeleton, view.pixels_of(pose), ANNOTATED)
        paint_over(painter, annotated, width / TILE_PX, _BONE_PX, has_joints=False)
    if predicted is not None:
        paint_over(painter, predicted, width / TILE_PX, _BONE_PX, has_joints=False)
    painter.end()
    return image
