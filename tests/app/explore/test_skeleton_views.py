from __future__ import annotations

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from explorer_app.explore.hand3d import opengl
from explorer_app.explore.hand3d.gl_loader import OpenGlLoader
from explorer_app.explore.hand3d.painter import SkeletonPainter
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.model.scene import Figure, Orbit, figure, grid
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets import theme
from lsps_core.skeleton import HAND21


def _hand(seed: int) -> Figure:
    return figure(HAND21, np.random.default_rng(seed).uniform(-0.6, 0.6, (21, 3)))


def _share_of_colour(widget: QWidget) -> float:
    """How much of a view is neither its background nor the grey of the cube."""
    shown = pixels(widget).astype(int)
    return float((shown.max(axis=2) - shown.min(axis=2) > 40).mean())


@pytest.fixture
def painter(qtbot: QtBot) -> SkeletonPainter:
    view = SkeletonPainter()
    qtbot.addWidget(view)
    view.resize(300, 300)
    return view


def test_the_painter_draws_each_pose_otherwise(painter: SkeletonPainter) -> None:
    empty = pixels(painter)
    painter.show_figures([_hand(0)])
    first = pixels(painter)
    painter.show_figures([_hand(1)])
    assert (first != empty).any(axis=2).mean() > 0.01
    assert (pixels(painter) != first).any(axis=2).mean() > 0.01


def test_the_painter_leaves_unknown_joints_out(painter: SkeletonPainter) -> None:
    empty = pixels(painter)
    painter.show_figures([figure(HAND21, np.full((21, 3), np.nan))])
    np.testing.assert_array_equal(pixels(painter), empty)


def test_another_orbit_is_another_view(painter: SkeletonPainter) -> None:
    painter.show_figures([_hand(0)])
    before = pixels(painter)
    for orbit in (Orbit().turned(20, 10), Orbit().zoomed(0.8), Orbit(pan=(0.3, 0)), Orbit(is_orthographic=True)):
        painter.set_orbit(orbit)
        assert (pixels(painter) != before).any()
    painter.set_orbit(Orbit())
    np.testing.assert_array_equal(pixels(painter), before)


def test_up_is_up_and_right_is_right(painter: SkeletonPainter) -> None:
    points = np.full((21, 3), np.nan)
    points[0] = [0.5, 0.5, 0.0]
    painter.show_figures([figure(HAND21, points, (255, 0, 0))])
    shown = pixels(painter).astype(int)
    rows, columns = np.nonzero(shown[..., 0] - shown[..., 2] > 100)
    assert rows.mean() < 150 < columns.mean()


def test_opengl_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:  # noqa: ARG001
    monkeypatch.setenv("LSPS_NO_OPENGL", "1")
    assert not opengl.is_usable()


@pytest.fixture
def needs_opengl(qtbot: QtBot) -> None:  # noqa: ARG001
    if not opengl.is_usable():
        pytest.skip("no OpenGL 2.1 on this platform; run under Xvfb (xvfb-run -a pytest -n 0 -m gl)")


@pytest.mark.gl
@pytest.mark.usefixtures("needs_opengl")
def test_opengl_takes_the_painters_place_and_draws(qtbot: QtBot, window: MainWindow, model: HandModel) -> None:
    assert isinstance(window.skeleton.view, SkeletonPainter)
    window.opengl.start()
    qtbot.waitUntil(lambda: not isinstance(window.skeleton.view, SkeletonPainter), timeout=WAIT_MS)
    view = window.skeleton.view
    qtbot.waitExposed(view)
    assert _share_of_colour(view) == 0
    window.session.set_model(model)
    qtbot.waitUntil(lambda: _share_of_colour(view) > 0.001, timeout=WAIT_MS)
    first = pixels(view)
    window.session.set_latent(LatentCode().with_value(0, 3.0))
    qtbot.waitUntil(lambda: bool((pixels(view) != first).any()), timeout=WAIT_MS)
    view.set_orbit(window.skeleton.control.orbit)


@pytest.mark.gl
@pytest.mark.usefixtures("needs_opengl")
@pytest.mark.parametrize("broken", ["initializeGL", "paintGL"])
def test_opengl_that_fails_leaves_the_painter_and_one_line(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    from pyqtgraph.opengl import GLViewWidget

    def fail(_self: GLViewWidget) -> None:
        raise RuntimeError("no such driver")

    monkeypatch.setattr(GLViewWidget, broken, fail)
    told = []
    window.session.message.connect(told.append)
    window.opengl.start()
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
    assert isinstance(window.skeleton.view, SkeletonPainter)
    window.repaint()
    qtbot.wait(50)
    assert len(told) == 1
    assert "OpenGL" in told[0]


def test_opengl_that_cannot_be_imported_is_told_once(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_name: str) -> None:
        raise ImportError("libGL.so.1: cannot open shared object file")

    view = OpenGlLoader(window.skeleton)
    told = []
    view.gave_up.connect(told.append)
    monkeypatch.setattr("explorer_app.explore.hand3d.gl_loader.load", fail)
    view.start()
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
    assert isinstance(window.skeleton.view, SkeletonPainter)
    view.close()


@pytest.mark.gl
@pytest.mark.usefixtures("needs_opengl")
@pytest.mark.parametrize(
    "orbit",
    [
        Orbit(),
        Orbit(azimuth_deg=40, elevation_deg=25, distance=4, pan=(0.2, -0.3)),
        Orbit(azimuth_deg=-100, elevation_deg=-30, is_orthographic=True),
    ],
)
def test_both_views_show_the_same(qtbot: QtBot, painter: SkeletonPainter, orbit: Orbit) -> None:
    from explorer_app.explore.hand3d.gl import SkeletonGl

    view = SkeletonGl()
    qtbot.addWidget(view)
    for each in (view, painter):
        each.resize(340, 300)
        each.set_orbit(orbit)
        each.show_grid(grid(125.0, orbit))
        each.show()
        qtbot.waitExposed(each)
        each.show_figures([_hand(0)])
    background = QColor(theme.view_background(painter.palette())).getRgb()[:3]
    seen = [np.abs(pixels(each).astype(int) - background).max(axis=2) > 60 for each in (view, painter)]
    assert (seen[0] & seen[1]).sum() / (seen[0] | seen[1]).sum() > 0.6


@pytest.mark.gl
@pytest.mark.usefixtures("needs_opengl")
@pytest.mark.parametrize("samples", [0, 4])
def test_bones_have_the_colours_of_the_legend(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, samples: int) -> None:
    from explorer_app.explore.hand3d.gl import SkeletonGl

    monkeypatch.setattr(opengl, "samples", lambda: samples)
    view = SkeletonGl()
    qtbot.addWidget(view)
    view.resize(340, 300)
    view.show()
    qtbot.waitExposed(view)
    view.show_figures([_hand(0)])
    qtbot.waitUntil(lambda: _share_of_colour(view) > 0.001, timeout=WAIT_MS)
    seen = pixels(view).reshape(-1, 3).astype(int)
    for colour in set(_hand(0).colours):
        assert np.abs(seen - colour).max(axis=1).min() <= 12, colour
    if not samples:  # no pixels between hand and background
        is_hand = seen.max(axis=1) - seen.min(axis=1) > 40
        darkest = min(max(colour) for colour in _hand(0).colours)
        assert seen[is_hand].max(axis=1).min() >= 0.7 * darkest
