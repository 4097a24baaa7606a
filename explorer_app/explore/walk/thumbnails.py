"""Thumbnails of latents, decoded in small batches in a thread, and cached."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QPalette, QPixmap

from explorer_app.model.latent import LatentCode
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets.colour_choice import colour_choice
from explorer_app.widgets.depth_image import DepthPixmaps

if TYPE_CHECKING:
    from explorer_app.model.hand_model import HandModel, Pictures

THUMBNAIL_PX = 64
_BATCH = 4
"""Batch size: the first must not wait for the last."""
_KEPT = 500


class Thumbnails(QObject):
    """The synthetic image of each latent, decoded by the session's model."""

    changed = Signal()
    """Thumbnails were added, or the model or the colours have changed."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._values: dict[LatentCode, npt.NDArray[np.float32]] = {}
        self._pixmaps: DepthPixmaps[LatentCode] = DepthPixmaps()
        self._wanted: dict[str, list[LatentCode]] = {}
        self._decoding = background.add_worker("thumbnails", self._on_pictures)
        session.model_changed.connect(self._forget)
        colour_choice.changed.connect(self.changed)

    def want(self, who: str, codes: Iterable[LatentCode]) -> None:
        """Request these thumbnails; replaces the previous request of the same owner."""
        self._wanted[who] = list(codes)
        self._drop_old()
        if not self._decoding.is_busy:
            self._ask()

    def pixmap(self, code: LatentCode, palette: QPalette) -> QPixmap | None:
        """The image, if it is decoded."""
        values, model = self._values.get(code), self._session.model
        if values is None or model is None:
            return None
        return self._pixmaps.pixmap(code, values, model.half_mm, palette)

    @Slot()
    def _forget(self) -> None:
        self._values.clear()
        self._pixmaps.clear()
        self.changed.emit()

    def _ask(self) -> None:
        model = self._session.model
        missing = [code for codes in self._wanted.values() for code in codes if code not in self._values]
        codes = list(dict.fromkeys(missing))[:_BATCH]
        if model is not None and codes:
            self._decoding.ask((model, codes), lambda: [_small(pictures) for pictures in model.decode_many(codes)])

    @Slot(object, object)
    def _on_pictures(self, stamp: tuple[HandModel, list[LatentCode]], pictures: list[npt.NDArray[np.float32]]) -> None:
        model, codes = stamp
        if model is self._session.model:
            self._values.update(zip(codes, pictures, strict=True))
            self.changed.emit()
        self._ask()

    def _drop_old(self) -> None:
        """Remove thumbnails that are no longer shown, when the cache is large."""
        if len(self._values) > _KEPT:
            wanted = {code for codes in self._wanted.values() for code in codes}
            self._values = {code: values for code, values in self._values.items() if code in wanted}
            self._pixmaps.keep(wanted)


def _small(pictures: Pictures) -> npt.NDArray[np.float32]:
    """Every other pixel: a mean would blend the hand with the background."""
    step = max(pictures.synthetic.shape[0] // THUMBNAIL_PX, 1)
    return pictures.synthetic[::step, ::step].copy()
