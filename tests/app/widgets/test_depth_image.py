"""Depth as pictures: the colours are those of the window, and pictures in earlier ones are not kept."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPalette

from explorer_app.widgets.pictures.depth_image import DepthLook, PixmapCache, depth_image

pytestmark = pytest.mark.usefixtures("qapp")
DEPTH = np.full((4, 6), np.nan, dtype=np.float32)
DEPTH[1, 2] = 10.0


def palette(is_dark: bool) -> QPalette:
    return QPalette(QColor(30, 30, 30) if is_dark else QColor(240, 240, 240))


def test_an_image_has_the_size_of_its_depth_and_its_background_where_nothing_is() -> None:
    image = depth_image(DEPTH, -125.0, 125.0, DepthLook((1, 2, 3)))
    assert (image.width(), image.height()) == (6, 4)
    assert image.pixelColor(0, 0).getRgb()[:3] == (1, 2, 3)
    assert image.pixelColor(2, 1).getRgb()[:3] != (1, 2, 3)


def test_an_image_outlives_the_array_it_was_made_of() -> None:
    look = DepthLook((0, 0, 0))
    images = [depth_image(np.full((64, 64), value), -125.0, 125.0, look) for value in (-100.0, 0.0, 100.0)]
    assert len({image.pixelColor(5, 5).name() for image in images}) == 3


def draw(look: DepthLook) -> QImage:
    return depth_image(DEPTH, -125.0, 125.0, look)


def test_a_pixmap_is_made_once_and_pixmaps_of_another_theme_are_dropped() -> None:
    pixmaps: PixmapCache[int] = PixmapCache(10)
    light = [pixmaps.pixmap(key, palette(is_dark=False), draw) for key in (1, 2, 1)]
    assert light[0] is light[2]
    dark = pixmaps.pixmap(1, palette(is_dark=True), draw)
    assert dark.toImage() != light[0].toImage()
    assert len(pixmaps) == 1


def test_of_more_than_the_limit_those_painted_longest_ago_are_dropped() -> None:
    pixmaps: PixmapCache[int] = PixmapCache(3)
    first, second = (pixmaps.pixmap(key, palette(is_dark=False), draw) for key in (1, 2))
    for key in (3, 1, 4):
        pixmaps.pixmap(key, palette(is_dark=False), draw)
    assert len(pixmaps) == 3
    assert pixmaps.pixmap(1, palette(is_dark=False), draw) is first
    assert pixmaps.pixmap(2, palette(is_dark=False), draw) is not second
