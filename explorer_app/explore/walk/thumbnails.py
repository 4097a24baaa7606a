"""Small decoded pictures of latents, made a few at a time in a thread and kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage, QPalette, QPixmap

from explorer_app.model.colours import depth_colours
from explorer_app.model.latent import LatentCode
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.colour_choice import colour_choice

if TYPE_CHECKING:
    from explorer_app.model.hand_model import HandModel, Pictures

THUMBNAIL_PX = 64
_BATCH = 4
"""So many are decoded in one go: the first should not wait for the last."""
_KEPT = 500


class Thumbnails(QObject):
    """The synthetic picture of each latent, as the session's model decodes it."""

    changed = Signal()
    """There are more of them, or they are those of another model, or in other colours."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._values: dict[LatentCode, npt.NDArray[np.float32]] = {}
        self._pixmaps: dict[tuple[LatentCode, bool, str], QPixmap] = {}
        self._wanted: dict[str, list[LatentCode]] = {}
        self._decoding = background.add_worker("thumbnails", self._on_pictures)
        session.model_changed.connect(self._forget)
        colour_choice.changed.connect(self.changed)

    def want(self, who: str, codes: Iterable[LatentCode]) -> None:
        """Have the pictures of these made, in place of what the same asker wanted before."""
        self._wanted[who] = list(codes)
        self._drop_old()
        if not self._decoding.is_busy:
            self._ask()

    def pixmap(self, code: LatentCode, palette: QPalette) -> QPixmap | None:
        """The picture, if it is there."""
        values, model = self._values.get(code), self._session.model
        if values is None or model is None:
            return None
        key = (code, theme.is_dark(palette), colour_choice.name)
        if key not in self._pixmaps:
            colour = theme.picture_background(palette)
            background = (colour.red(), colour.green(), colour.blue())
            rgba = depth_colours(values, -model.half_mm, model.half_mm, background, colour_choice.table)
            height, width = values.shape
            image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
            self._pixmaps[key] = QPixmap.fromImage(image.copy())  # Qt does not keep the buffer
        return self._pixmaps[key]

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
        """Forget what nobody shows any more, once there is much of it."""
        if len(self._values) > _KEPT:
            wanted = {code for codes in self._wanted.values() for code in codes}
            self._values = {code: values for code, values in self._values.items() if code in wanted}
            self._pixmaps = {key: pixmap for key, pixmap in self._pixmaps.items() if key[0] in wanted}


def _small(pictures: Pictures) -> npt.NDArray[np.float32]:
    """Every other pixel: a mean would mix the hand with the background."""
    step = max(pictures.synthetic.shape[0] // THUMBNAIL_PX, 1)
    return pictures.synthetic[::step, ::step].copy()
