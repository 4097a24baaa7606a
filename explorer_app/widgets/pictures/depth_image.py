"""Depth as QImage. Images may be created in any thread, pixmaps only in the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage, QPalette, QPixmap

from explorer_app.model.colours import COLOUR_MAPS, DEFAULT_COLOUR_MAP, Rgb, depth_colours, difference_colours
from explorer_app.model.pose_error import Difference
from explorer_app.widgets import theme
from explorer_app.widgets.pictures.colour_choice import colour_choice

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class DepthLook:
    """The colours of depth: a map by its name, and what is behind the hand. A thread may use it."""

    background: Rgb
    colour_map: str = DEFAULT_COLOUR_MAP
    is_dark: bool = False

    @staticmethod
    def of(palette: QPalette) -> DepthLook:
        """That of the window now."""
        colour = theme.picture_background(palette)
        background = (colour.red(), colour.green(), colour.blue())
        return DepthLook(background, colour_choice.name, theme.is_dark(palette))


def depth_image(values: npt.NDArray[np.floating], near_mm: float, far_mm: float, look: DepthLook) -> QImage:
    """Depth [H, W] in mm (NaN = nothing there), coloured from `near_mm` to `far_mm`."""
    return _rgba_image(depth_colours(values, near_mm, far_mm, look.background, COLOUR_MAPS[look.colour_map]))


def difference_image(difference: Difference, limit_mm: float, look: DepthLook) -> QImage:
    """A signed difference, whose colours end at `limit_mm`."""
    mask = difference.is_in_one_only
    return _rgba_image(difference_colours(difference.mm, mask, limit_mm, look.background, look.is_dark))


def _rgba_image(rgba: npt.NDArray[np.uint8]) -> QImage:
    """Opaque rgba [H, W, 4] as an image that owns its pixels, in the format that is painted without a conversion."""
    height, width = rgba.shape[:2]
    image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


class PixmapCache(Generic[Key]):
    """Pixmaps of small pictures, drawn when they are first painted, in the colours that the window has then.

    Those in earlier colours are dropped: with two themes and six colour maps there would be twelve times as many. Of
    more than `limit`, those painted longest ago are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pixmaps: dict[Key, QPixmap] = {}
        self._look: DepthLook | None = None

    def __len__(self) -> int:
        return len(self._pixmaps)

    def pixmap(self, key: Key, palette: QPalette, draw: Callable[[DepthLook], QImage]) -> QPixmap:
        """draw: makes the image; it must make the same one for a key until `clear`."""
        look = DepthLook.of(palette)
        if look != self._look:
            self._look = look
            self._pixmaps.clear()
        pixmap = self._pixmaps.pop(key, None) or QPixmap.fromImage(draw(look))
        self._pixmaps[key] = pixmap  # the last of them now
        if len(self._pixmaps) > self._limit:
            del self._pixmaps[next(iter(self._pixmaps))]
        return pixmap

    def clear(self) -> None:
        self._pixmaps.clear()
