"""The 3D view under mouse and keys: turning, naming, pulling and pinning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence, QMouseEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from explorer_app.explore.hand3d import opengl
from explorer_app.explore.hand3d.panel import SkeletonPanel
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.model.scene import PRESETS, Orbit
from explorer_app.session.session import Session
from explorer_app.shell.main_window import MainWindow
from lsps_core.skeleton import HAND21

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
EMPTY = QPoint(4, 4)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def panel(qtbot: QtBot, session: Session, model: HandModel) -> SkeletonPanel:
    panel = SkeletonPanel(session)
    qtbot.addWidget(panel)
    panel.resize(500, 560)
    panel.show()
    qtbot.waitExposed(panel)
    session.set_model(model)
    return panel


def test_a_narrow_view_shows_the_whole_name_of_each_direction(panel: SkeletonPanel) -> None:
    panel.resize(panel.minimumSizeHint())
    widest = max(panel.preset.fontMetrics().horizontalAdvance(name) for name in (*PRESETS, "Free"))
    options = QStyleOptionComboBox()
    panel.preset.initStyleOption(options)
    text = QStyle.SubControl.SC_ComboBoxEditField
    field = panel.preset.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, options, text, panel.preset)
    assert field.width() >= widest


def _px(panel: SkeletonPanel, joint: int) -> QPoint:
    """Where a joint is on the view."""
    view = panel.view
    dots, _, _ = panel.control.orbit.project(panel.figures()[0].points, view.width(), view.height())
    return QPointF(*dots[joint]).toPoint()


def _move(panel: SkeletonPanel, position: QPoint) -> None:
    """Straight to the view: QTest moves the real pointer instead, and X11 tells of that when it likes."""
    there, button = QPointF(position), Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, there, panel.view.mapToGlobal(there), button, button, PLAIN)
    QApplication.sendEvent(panel.view, event)


def _drag(
    qtbot: QtBot, panel: SkeletonPanel, start: QPoint, move: QPoint, button: Qt.MouseButton = LEFT, keys=PLAIN
) -> None:
    qtbot.mousePress(panel.view, button, keys, start)
    for share in (0.25, 0.5, 0.75, 1.0):
        _move(panel, start + move * share)
    qtbot.mouseRelease(panel.view, button, keys, start + move)


def _lonely_joint(panel: SkeletonPanel) -> int:
    """One that no other is drawn near to."""
    dots = np.array([_px(panel, joint).toTuple() for joint in range(21)])
    gaps = np.linalg.norm(dots[:, None] - dots[None], axis=2) + 1e3 * np.eye(21)
    return int(gaps.min(axis=1).argmax())


def test_dragging_beside_the_joints_turns_and_changes_no_latent(
    qtbot: QtBot, panel: SkeletonPanel, session: Session
) -> None:
    before = pixels(panel.view)
    _drag(qtbot, panel, EMPTY, QPoint(60, 20))
    assert panel.control.orbit.azimuth_deg == pytest.approx(-30)
    assert panel.control.orbit.elevation_deg == pytest.approx(10)
    assert panel.view.orbit == panel.control.orbit
    assert panel.preset.currentIndex() == -1
    assert session.undo_stack.count() == 0
    assert (pixels(panel.view) != before).any()
    qtbot.mouseClick(panel.reset, LEFT)
    assert panel.control.orbit == Orbit()
    assert panel.preset.currentText() == "Camera"


@pytest.mark.parametrize(("button", "keys"), [(MIDDLE, PLAIN), (LEFT, SHIFT)])
def test_the_middle_button_and_shift_move_the_view(qtbot: QtBot, panel: SkeletonPanel, button, keys) -> None:
    before = _px(panel, 0)
    _drag(qtbot, panel, EMPTY, QPoint(40, 20), button, keys)
    moved = _px(panel, 0) - before
    assert moved.x() == pytest.approx(40, abs=12)  # nearer than the centre moves more, further less
    assert moved.y() == pytest.approx(20, abs=7)


def test_the_wheel_zooms(panel: SkeletonPanel) -> None:
    centre = QPointF(panel.view.rect().center())
    event = QWheelEvent(
        centre, centre, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, PLAIN, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(panel.view, event)
    assert panel.control.orbit.distance < Orbit().distance


def test_keys_turn_and_zoom_the_view_that_has_the_focus_from_the_keyboard(qtbot: QtBot, panel: SkeletonPanel) -> None:
    stepped = []
    step = QAction(panel)
    step.setShortcut(QKeySequence("Right"))
    step.triggered.connect(lambda: stepped.append(1))
    panel.addAction(step)
    qtbot.mouseClick(panel.view, LEFT, pos=EMPTY)
    assert panel.overlay.marks.has_focus == panel.view.hasFocus()  # Xvfb has nobody to activate windows
    has_focus = panel.view.hasFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    assert len(stepped) == has_focus
    stepped.clear()
    panel.view.clearFocus()
    panel.view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    qtbot.keyClick(panel.view, Qt.Key.Key_Up)
    qtbot.keyClick(panel.view, Qt.Key.Key_Plus)
    assert panel.control.orbit.azimuth_deg > 0
    assert panel.control.orbit.elevation_deg > 0
    assert panel.control.orbit.distance < Orbit().distance
    assert not stepped


def test_presets_and_orthographic_go_both_ways(panel: SkeletonPanel) -> None:
    for index, name in enumerate(PRESETS):
        panel.preset.setCurrentIndex(index)
        panel.preset.activated.emit(index)
        assert panel.control.orbit.has_same_side(PRESETS[name])
    panel.menu.orthographic.trigger()
    assert panel.view.orbit.is_orthographic
    panel.control.set_orbit(PRESETS["Side"])
    assert panel.preset.currentText() == "Side"
    assert not panel.menu.orthographic.isChecked()


def test_a_joint_under_the_mouse_has_a_name(panel: SkeletonPanel) -> None:
    joint = _lonely_joint(panel)
    _move(panel, _px(panel, joint))
    assert panel.overlay.marks.label == HAND21.joints[joint].replace("_", " ")
    _move(panel, EMPTY)
    assert panel.overlay.marks.label == ""


def test_pulling_a_joint_takes_it_along_and_is_one_undo_step(
    qtbot: QtBot, panel: SkeletonPanel, session: Session
) -> None:
    joint = _lonely_joint(panel)
    start, before = _px(panel, joint), session.latent
    _drag(qtbot, panel, start, QPoint(12, 8))
    assert (_px(panel, joint) - start - QPoint(12, 8)).manhattanLength() <= 4
    assert not session.is_editing
    assert session.undo_stack.count() == 1
    assert session.undo_stack.undoText() == f"pull {HAND21.joints[joint].replace('_', ' ')}"
    session.undo_stack.undo()
    assert session.latent == before
    assert (_px(panel, joint) - start).manhattanLength() <= 1


def test_a_click_on_a_joint_changes_nothing(qtbot: QtBot, panel: SkeletonPanel, session: Session) -> None:
    qtbot.mouseClick(panel.view, LEFT, pos=_px(panel, _lonely_joint(panel)))
    assert session.undo_stack.count() == 0
    assert session.latent == LatentCode()


def test_escape_lets_go_and_goes_back(qtbot: QtBot, panel: SkeletonPanel, session: Session) -> None:
    joint = _lonely_joint(panel)
    start = _px(panel, joint)
    qtbot.mousePress(panel.view, LEFT, pos=start)
    _move(panel, start + QPoint(15, 10))
    assert session.latent != LatentCode()
    qtbot.keyClick(panel.view, Qt.Key.Key_Escape)
    assert session.latent == LatentCode()
    assert session.undo_stack.count() == 0
    qtbot.mouseRelease(panel.view, LEFT, pos=start)


def test_another_model_ends_a_pull(
    qtbot: QtBot, panel: SkeletonPanel, session: Session, other_model_path: Path
) -> None:
    start = _px(panel, _lonely_joint(panel))
    qtbot.mousePress(panel.view, LEFT, pos=start)
    _move(panel, start + QPoint(15, 10))
    session.set_model(HandModel.load(other_model_path, "cpu"))
    assert not session.is_editing
    _move(panel, start + QPoint(30, 10))
    qtbot.mouseRelease(panel.view, LEFT, pos=start)
    assert session.latent == LatentCode()


def test_a_right_click_pins_a_joint_and_frees_it(qtbot: QtBot, panel: SkeletonPanel) -> None:
    joint = _lonely_joint(panel)
    assert not panel.menu.unpin.isEnabled()
    for expected in ({joint}, set(), {joint}):
        qtbot.mouseClick(panel.view, RIGHT, pos=_px(panel, joint))
        assert panel.overlay.marks.pinned == expected
    panel.menu.unpin.trigger()
    assert not panel.overlay.marks.pinned


def test_joints_that_are_pointed_out_have_a_halo(panel: SkeletonPanel, session: Session) -> None:
    before = pixels(panel)
    session.set_highlight(np.eye(21)[8])
    assert (pixels(panel) != before).any()
    session.set_highlight(np.ones(5))  # of another skeleton
    np.testing.assert_array_equal(pixels(panel), before)
    session.set_highlight(None)
    np.testing.assert_array_equal(pixels(panel), before)


def test_what_is_not_wanted_is_not_drawn(panel: SkeletonPanel) -> None:
    before = pixels(panel)
    panel.menu.grid.trigger()
    assert panel.overlay.marks.scale == ""
    assert (pixels(panel) != before).any()
    panel.menu.grid.trigger()
    np.testing.assert_array_equal(pixels(panel), before)


def test_the_painter_says_why_it_has_neither_volume_nor_cloud(panel: SkeletonPanel) -> None:
    for action in (panel.menu.volume, panel.menu.cloud):
        assert not action.isEnabled()
        assert "OpenGL" in action.toolTip()


@pytest.mark.parametrize("is_expected", [True, False])
def test_where_opengl_is_missed_the_legend_says_so(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch, is_expected: bool
) -> None:
    monkeypatch.setattr(opengl, "is_expected", lambda: is_expected)
    panel = SkeletonPanel(session)
    qtbot.addWidget(panel)
    texts = [label.text() for label in panel.findChildren(QLabel)]
    assert any("without OpenGL" in text for text in texts) == is_expected


def test_errors_lead_to_the_annotation_and_the_label_says_how_far(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    panel = window.skeleton
    qtbot.waitUntil(lambda: len(panel.figures()) == 2, timeout=WAIT_MS)
    marks = panel.overlay.marks
    np.testing.assert_array_equal(marks.truth, panel.figures()[1].points)
    grey = panel.view.figures[1].colours
    panel.setPalette(QPalette(QColor(40, 40, 40)))
    assert panel.view.figures[1].colours != grey
    joint = _lonely_joint(panel)
    _move(panel, _px(panel, joint))
    far_mm = np.linalg.norm(marks.truth[joint] - marks.points[joint]) * 125
    assert panel.overlay.marks.label.endswith(f"{far_mm:.0f} mm off")
    panel.menu.errors.trigger()
    assert panel.overlay.marks.truth is None


def test_the_annotation_leaves_with_the_pose_and_comes_back(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    panel, session = window.skeleton, window.session
    qtbot.waitUntil(lambda: len(panel.figures()) == 2, timeout=WAIT_MS)
    assert session.error_mm is not None
    code = session.latent
    far = code
    while session.is_near_frame:  # of an untrained model, whose poses hardly move
        far = far.with_value(0, far.values[0] + 500)
        session.set_latent(far)
    assert len(panel.figures()) == 1
    assert panel.overlay.marks.truth is None
    assert session.error_mm is None
    assert "differ" in window.strip.result.text()
    session.set_latent(code)
    assert len(panel.figures()) == 2
    assert panel.overlay.marks.truth is not None


@pytest.mark.gl
def test_volume_and_cloud_are_drawn_with_opengl(
    qtbot: QtBot, panel: SkeletonPanel, session: Session, model: HandModel
) -> None:
    if not opengl.is_usable():
        pytest.skip("no OpenGL 2.1 on this platform; run under Xvfb (xvfb-run -a pytest -n 0 -m gl)")
    from explorer_app.explore.hand3d.gl import SkeletonGl

    panel.control.set_orbit(PRESETS["Oblique"])
    panel.use(SkeletonGl())
    assert panel.view.orbit == PRESETS["Oblique"]
    qtbot.waitExposed(panel.view)
    session.set_pictures(model.decode(session.latent))
    for action in (panel.menu.volume, panel.menu.cloud):
        before = pixels(panel.view)
        action.trigger()
        assert (pixels(panel.view) != before).any()
        action.trigger()
        np.testing.assert_array_equal(pixels(panel.view), before)
    joint = _lonely_joint(panel)
    start = _px(panel, joint)
    _drag(qtbot, panel, start, QPoint(10, 6))
    assert (_px(panel, joint) - start - QPoint(10, 6)).manhattanLength() <= 4
