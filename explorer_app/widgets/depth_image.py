"""Depth as QImage. Images may be created in any thread, pixmaps only in the GUI thread."""

from __future__ import annotations

from collections.abc import Container
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage, QPalette, QPixmap

from explorer_app.model.colours import DEPTH_TABLE, Rgb, depth_colours
from explorer_app.widgets import theme
from explorer_app.widgets.colour_choice import colour_choice

Key = TypeVar("Key")


def rgba_image(rgba: npt.NDArray[np.uint8]) -> QImage:
    """rgba [H, W, 4] as an image that owns its pixels."""
    height, width = rgba.shape[:2]
    return QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def depth_image(
    values: npt.NDArray[np.floating], half_mm: float, background: Rgb, table: npt.NDArray[np.uint8] = DEPTH_TABLE
) -> QImage:
    """Depth [H, W] in mm from the middle of a cube (NaN = nothing there), coloured over the depth of the cube."""
    return rgba_image(depth_colours(values, -half_mm, half_mm, background, table))


class DepthPixmaps(Generic[Key]):
    """Pixmaps of small depth images, made when they are first painted, in the colours that the window has then.

    Those in earlier colours are dropped: with two themes and six colour tables they would be twelve times as many.
    """

    def __init__(self) -> None:
        self._pixmaps: dict[Key, QPixmap] = {}
        self._look: tuple[bool, str] | None = None

    def __len__(self) -> int:
        return len(self._pixmaps)

    def pixmap(self, key: Key, values: npt.NDArray[np.floating], half_mm: float, palette: QPalette) -> QPixmap:
        """values [H, W]: as of `depth_image`; they must be the same for a key until `clear`."""
        look = (theme.is_dark(palette), colour_choice.name)
        if look != self._look:
            self._look = look
            self._pixmaps.clear()
        if key not in self._pixmaps:
            colour = theme.picture_background(palette)
            background = (colour.red(), colour.green(), colour.blue())
            image = depth_image(values, half_mm, background, colour_choice.table)
            self._pixmaps[key] = QPixmap.fromImage(image)
        return self._pixmaps[key]

    def keep(self, keys: Container[Key]) -> None:
        """Drop all others."""
        self._pixmaps = {key: pixmap for key, pixmap in self._pixmaps.items() if key in keys}

    def clear(self) -> None:
        self._pixmaps.clear()
