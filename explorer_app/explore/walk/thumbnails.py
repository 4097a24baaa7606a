"""Thumbnails of latents: small decoded images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from explorer_app.model.latent import LatentCode
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets.pictures.depth_image import DepthLook, depth_image
from explorer_app.widgets.pictures.small_pictures import SmallPictures

if TYPE_CHECKING:
    from explorer_app.model.hand.model import Pictures

THUMBNAIL_PX = 64

_Decoded = tuple[npt.NDArray[np.float32], float]
"""depth [H, W] in mm, half_mm"""


class Thumbnails(SmallPictures[LatentCode, _Decoded]):
    """The synthetic image of each latent, decoded by the session's model."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(background.add_worker, "thumbnails", batch=4, limit=500, parent=parent)
        self._session = session
        self.failed.connect(session.message)
        session.model_changed.connect(self.forget)

    def work(self, keys: list[LatentCode]) -> Callable[[], list[_Decoded]] | None:
        model = self._session.model
        if model is None:
            return None
        return lambda: [(_small(pictures), model.half_mm) for pictures in model.decode_many(keys)]

    def draw(self, value: _Decoded, look: DepthLook) -> QImage:
        depth_mm, half_mm = value
        return depth_image(depth_mm, -half_mm, half_mm, look)


def _small(pictures: Pictures) -> npt.NDArray[np.float32]:
    """Every other pixel: a mean would blend the hand with the background."""
    step = max(pictures.synthetic.shape[0] // THUMBNAIL_PX, 1)
    return pictures.synthetic[::step, ::step].copy()
