"""The legend of pictures: its labels never overlap."""

from __future__ import annotations

import numpy as np
import pytest
from app_helpers import pixels
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from explorer_app.widgets.pictures.depth_picture import DepthPicture
from explorer_app.widgets.pictures.picture_row import DepthLegend, fitting_labels

LABELS = ("−30 mm, nearer", "0", "+30 mm, farther")


@pytest.mark.parametrize("width", [60, 120, 200, 400])
def test_labels_fit_into_the_bar_or_lose_their_words(qtbot: QtBot, width: int) -> None:
    legend = DepthLegend()
    qtbot.addWidget(legend)
    metrics = QFontMetrics(legend.font())
    labels = fitting_labels(LABELS, width, metrics)
    wide = sum(map(metrics.horizontalAdvance, LABELS))
    assert labels == (LABELS if width >= wide + 16 else ("−30 mm", "0", "+30 mm"))


def colours_in(picture: DepthPicture) -> int:
    """Different colours of the image, without its frame and its title."""
    shown = pixels(picture)[picture.title_height + 2 : -2, 2:-2]
    return len(np.unique(shown.reshape(-1, 3), axis=0))


def test_pictures_are_smooth_until_single_pixels_are_large(qtbot: QtBot) -> None:
    picture = DepthPicture("")
    qtbot.addWidget(picture)
    picture.resize(64, 64 + picture.title_height)
    halves = np.repeat([[-100.0, 100.0]], 32, axis=0).repeat(16, axis=1)  # 32 x 32 px, of two depths
    picture.show_depth(halves, -125, 125)
    assert colours_in(picture) > 2
    DepthPicture.has_hard_edges = True
    try:
        assert colours_in(picture) == 2
    finally:
        DepthPicture.has_hard_edges = False
    picture.show_depth(halves[:4, 14:18], -125, 125)  # 4 x 4 px
    assert colours_in(picture) == 2


@pytest.mark.parametrize("width", range(160, 420, 20))
def test_the_line_below_the_legend_is_not_cut_off(qtbot: QtBot, width: int) -> None:
    legend = DepthLegend()
    qtbot.addWidget(legend)
    legend.set_cube(125.0, 605.0)
    legend.resize(width, legend.sizeHint().height())
    image = legend.grab().toImage()
    note = range(image.height() - legend.fontMetrics().height(), image.height())
    colours = [[image.pixelColor(column, row).name() for row in note] for column in range(image.width())]
    ground = legend.palette().window().color().name()
    assert set(colours[0]) == set(colours[-1]) == {ground}
    assert any(set(column) != {ground} for column in colours)
