from __future__ import annotations

import numpy as np
import pytest
from app_helpers import pixels
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMenu

from explorer_app.model.colours import COLOUR_MAPS, depth_colours, difference_colours, difference_table, one_only_colour
from explorer_app.preferences import Preferences
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.pictures.colour_choice import ColourMenu, colour_choice
from explorer_app.widgets.pictures.depth_picture import DepthPicture
from explorer_app.widgets.pictures.picture_row import DepthLegend

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_nearer_is_brighter_in_every_map(name: str) -> None:
    brightness = COLOUR_MAPS[name].astype(float) @ _LUMINANCE
    assert (np.diff(brightness) > -0.8).all()
    assert brightness[-1] > brightness[0] + 100


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_both_ends_stay_apart_from_both_backgrounds(name: str) -> None:
    ends = COLOUR_MAPS[name][[0, -1]].astype(float)
    for background in ((24, 25, 28), (255, 255, 255)):
        assert np.linalg.norm(ends - background, axis=1).min() > 40


def test_depth_takes_the_colours_of_the_table() -> None:
    picture = depth_colours(np.array([[-125.0, np.nan]]), -125, 125, (9, 9, 9), COLOUR_MAPS["grey"])
    assert picture[0, :, :3].tolist() == [COLOUR_MAPS["grey"][-1].tolist(), [9, 9, 9]]


@pytest.mark.parametrize("is_dark", [False, True])
def test_differences_are_blue_where_nearer_and_orange_where_farther(is_dark: bool) -> None:
    mm = np.array([[-90.0, -30.0, 0.0, 30.0, 90.0, np.nan, np.nan]])
    mask = np.array([[False] * 6 + [True]])
    colours = difference_colours(mm, mask, 30, (9, 9, 9), is_dark)[0, :, :3].astype(int)
    nearer, alike, farther = colours[1], colours[2], colours[3]
    assert nearer[2] > nearer[0] + 100
    assert farther[0] > farther[2] + 100
    assert np.ptp(alike) < 15
    assert colours[[0, 4]].tolist() == colours[[1, 3]].tolist()
    assert colours[5].tolist() == [9, 9, 9]
    assert tuple(colours[6]) == one_only_colour(is_dark)


@pytest.mark.parametrize("is_dark", [False, True])
def test_in_one_only_is_told_from_every_difference_by_brightness_alone(is_dark: bool) -> None:
    brightness = difference_table(is_dark).astype(float) @ _LUMINANCE
    assert np.abs(brightness - np.array(one_only_colour(is_dark)) @ _LUMINANCE).min() > 20


def test_a_chosen_map_colours_pictures_and_legends_at_once_and_is_remembered(window: MainWindow) -> None:
    preferences = Preferences()
    menu = ColourMenu(preferences, window)
    picture = window.pictures.real
    picture.show_depth(np.full((8, 8), 20.0), -125, 125)
    legend = window.pictures.findChild(DepthLegend)
    before = pixels(picture), pixels(legend)
    next(action for action in menu.actions() if action.data() == "magma").trigger()
    assert colour_choice.name == "magma"
    assert (pixels(picture) != before[0]).any()
    assert (pixels(legend) != before[1]).any()
    colour_choice.choose("viridis")
    assert [action.data() for action in menu.actions() if action.isChecked()] == ["viridis"]
    assert (pixels(picture) == before[0]).all()
    ColourMenu(preferences, window)
    assert colour_choice.name == "magma"
    colour_choice.choose("no such map")
    assert colour_choice.name == "viridis"


def test_the_view_menu_has_the_colours(window: MainWindow) -> None:
    assert [action.data() for action in window.findChild(ColourMenu).actions()] == list(COLOUR_MAPS)
    assert any(menu.title() == "&View" for menu in window.menuBar().findChildren(QMenu))


def test_a_picture_reads_out_mm_under_the_mouse(qtbot) -> None:
    picture = DepthPicture("Depth")
    qtbot.addWidget(picture)
    picture.resize(100, 100 + picture.title_height)
    picture.show_depth(np.array([[-12.0, np.nan], [1.0, 2.0]]), -125, 125)
    top = picture.title_height
    assert picture.text_at(QPointF(20, top + 20)) == "-12 mm"
    assert picture.text_at(QPointF(80, top + 20)) == "no reading"
    assert picture.text_at(QPointF(20, 2)) is None
