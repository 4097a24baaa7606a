from __future__ import annotations

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from explorer_app.main_window import MainWindow
from explorer_app.model.hand_model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.model.scene import Figure, figure
from explorer_app.views import opengl, theme
from explorer_app.views.skeleton_painter import SkeletonPainter
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


def test_the_mouse_orbits_the_wheel_is_for_zoom_and_reset_goes_back(qtbot: QtBot, painter: SkeletonPainter) -> None:
    painter.show_figures([_hand(0)])
    before = pixels(painter)
    qtbot.mousePress(painter, Qt.MouseButton.LeftButton, pos=QPoint(150, 150))
    qtbot.mouseMove(painter, QPoint(190, 130))
    qtbot.mouseRelease(painter, Qt.MouseButton.LeftButton, pos=QPoint(190, 130))
    painter._set_orbit(painter.orbit.turned(-20, 10))  # offscreen moves carry no buttons
    assert (pixels(painter) != before).any()
    painter.reset_view()
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
        pytest.skip("no OpenGL 2.1 on this platform; run under Xvfb (xvfb-run -a pytest)")


@pytest.mark.gl
@pytest.mark.usefixtures("needs_opengl")
def test_opengl_takes_the_painters_place_and_draws(qtbot: QtBot, window: MainWindow, model: HandModel) -> None:
    assert isinstance(window.skeleton.stage, SkeletonPainter)
    window.opengl_stage.start()
    qtbot.waitUntil(lambda: not isinstance(window.skeleton.stage, SkeletonPainter), timeout=WAIT_MS)
    stage = window.skeleton.stage
    qtbot.waitExposed(stage)
    assert _share_of_colour(stage) == 0
    window.session.set_model(model)
    qtbot.waitUntil(lambda: _share_of_colour(stage) > 0.001, timeout=WAIT_MS)
    first = pixels(stage)
    window.session.set_latent(LatentCode().with_value(0, 3.0))
    qtbot.waitUntil(lambda: bool((pixels(stage) != first).any()), timeout=WAIT_MS)
    stage.failed.emit()
    qtbot.waitUntil(lambda: isinstance(window.skeleton.stage, SkeletonPainter), timeout=WAIT_MS)


@pytest.mark.gl
@pytest.mark.usefixtures("needs_opengl")
def test_both_views_show_the_same(qtbot: QtBot, painter: SkeletonPainter) -> None:
    from explorer_app.views.skeleton_gl import SkeletonGl

    view = SkeletonGl()
    qtbot.addWidget(view)
    for each in (view, painter):
        each.resize(300, 300)
        each.show()
        qtbot.waitExposed(each)
        each.show_figures([_hand(0)])
    background = QColor(theme.stage_background(painter.palette())).getRgb()[:3]
    seen = [np.abs(pixels(each).astype(int) - background).max(axis=2) > 60 for each in (view, painter)]
    assert (seen[0] & seen[1]).sum() / (seen[0] | seen[1]).sum() > 0.6
