"""Depth as pictures: the colours are those of the window, and pictures in earlier ones are not kept."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QPalette

from explorer_app.widgets.depth_image import DepthPixmaps, depth_image

pytestmark = pytest.mark.usefixtures("qapp")
DEPTH = np.full((4, 6), np.nan, dtype=np.float32)
DEPTH[1, 2] = 10.0


def palette(is_dark: bool) -> QPalette:
    return QPalette(QColor(30, 30, 30) if is_dark else QColor(240, 240, 240))


def test_an_image_has_the_size_of_its_depth_and_its_background_where_nothing_is() -> None:
    image = depth_image(DEPTH, 125.0, (1, 2, 3))
    assert (image.width(), image.height()) == (6, 4)
    assert image.pixelColor(0, 0).getRgb()[:3] == (1, 2, 3)
    assert image.pixelColor(2, 1).getRgb()[:3] != (1, 2, 3)


def test_an_image_outlives_the_array_it_was_made_of() -> None:
    images = [depth_image(np.full((64, 64), value), 125.0, (0, 0, 0)) for value in (-100.0, 0.0, 100.0)]
    assert len({image.pixelColor(5, 5).name() for image in images}) == 3


def test_a_pixmap_is_made_once_and_pixmaps_of_another_theme_are_dropped() -> None:
    pixmaps: DepthPixmaps[int] = DepthPixmaps()
    light = [pixmaps.pixmap(key, DEPTH, 125.0, palette(is_dark=False)) for key in (1, 2, 1)]
    assert light[0] is light[2]
    dark = pixmaps.pixmap(1, DEPTH, 125.0, palette(is_dark=True))
    assert dark.toImage() != light[0].toImage()
    assert len(pixmaps) == 1


def test_only_what_is_kept_stays() -> None:
    pixmaps: DepthPixmaps[int] = DepthPixmaps()
    for key in range(5):
        pixmaps.pixmap(key, DEPTH, 125.0, palette(is_dark=False))
    pixmaps.keep({1, 3})
    assert len(pixmaps) == 2
