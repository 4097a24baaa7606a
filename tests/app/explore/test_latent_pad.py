from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer_app.explore.latent.pad import LatentPad
from explorer_app.model.latent import RAW, LatentAxes, LatentCode
from explorer_app.session.session import Session

NAMES = [f"z{axis + 1}" for axis in range(20)]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def pad(qtbot: QtBot, session: Session) -> LatentPad:
    pad = LatentPad(session)
    pad.show_axes(LatentAxes(), NAMES, (3, 5))
    qtbot.addWidget(pad)
    pad.resize(280, 240)
    pad.show()
    qtbot.waitExposed(pad)
    return pad


def values(session: Session) -> tuple[float, float]:
    return session.latent.values[3], session.latent.values[5]


def test_a_drag_moves_both_axes_and_is_one_step_back(qtbot: QtBot, session: Session, pad: LatentPad) -> None:
    session.set_latent(LatentCode().with_value(0, 0.7))
    before, count = session.latent, session.undo_stack.count()
    square = pad.square
    qtbot.mousePress(square, LEFT, pos=square.point_of(0, 0).toPoint())
    assert session.is_editing
    for x, y in ((0.5, 0.5), (1.0, -1.0), (2.0, -1.5)):
        qtbot.mouseMove(square, square.point_of(x, y).toPoint())
    qtbot.mouseRelease(square, LEFT, pos=square.point_of(2.0, -1.5).toPoint())
    assert not session.is_editing
    assert values(session) == pytest.approx((2.0, -1.5), abs=0.03)
    assert session.latent.values[0] == 0.7
    assert session.undo_stack.count() == count + 1
    session.undo_stack.undo()
    assert session.latent == before


def test_a_drag_beyond_the_square_ends_at_its_edge(qtbot: QtBot, session: Session, pad: LatentPad) -> None:
    square = pad.square
    qtbot.mousePress(square, LEFT, pos=square.point_of(0, 0).toPoint())
    qtbot.mouseMove(square, square.point_of(0, 0).toPoint() * 20)
    qtbot.mouseRelease(square, LEFT)
    assert values(session) == (3.0, -3.0)


def test_arrow_keys_move_the_dot_and_a_double_click_centres_it(qtbot: QtBot, session: Session, pad: LatentPad) -> None:
    pad.square.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(pad.square, key)
    assert values(session) == pytest.approx((0.1, -0.1))
    assert session.undo_stack.count() == 1
    qtbot.mouseDClick(pad.square, LEFT, pos=pad.square.point_of(2, 2).toPoint())
    assert values(session) == (0, 0)


def test_the_dot_shows_the_latent_without_changing_it(session: Session, pad: LatentPad) -> None:
    exact = LatentCode().with_value(3, 1.23456).with_value(5, -8.0)
    session.set_latent(exact)
    before = pad.square.grab().toImage()
    assert session.latent == exact
    session.set_latent(exact.with_value(3, -1.0))
    assert pad.square.grab().toImage() != before
    session.set_latent(exact)
    assert pad.square.grab().toImage() == before


def test_its_boxes_choose_the_axes_which_are_never_the_same(qtbot: QtBot, session: Session, pad: LatentPad) -> None:
    pad.across.setFocus()
    qtbot.keyClick(pad.across, Qt.Key.Key_Down)
    assert (pad.across.currentIndex(), pad.upwards.currentIndex()) == (4, 5)
    qtbot.keyClick(pad.across, Qt.Key.Key_Down)
    assert (pad.across.currentIndex(), pad.upwards.currentIndex()) == (5, 4)
    qtbot.keyClick(pad.square, Qt.Key.Key_Right)
    assert session.latent == LatentCode().with_value(5, 0.1)
    assert session.undo_stack.undoText() == "move z6 and z5"


def test_a_locked_axis_stays_and_two_of_them_leave_nothing_to_drag(
    qtbot: QtBot, session: Session, pad: LatentPad
) -> None:
    axes = LatentAxes(RAW).with_lock(3, True)
    pad.show_axes(axes, NAMES)
    qtbot.mouseClick(pad.square, LEFT, pos=pad.square.point_of(1, 1).toPoint())
    assert session.latent.values[3] == 0
    assert session.latent.values[5] == pytest.approx(1, abs=0.03)
    pad.show_axes(axes.with_lock(5, True), NAMES)
    assert not pad.square.isEnabled()
