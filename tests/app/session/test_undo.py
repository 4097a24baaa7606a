from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer_app.model.hand.model import HandModel
from explorer_app.model.history import History
from explorer_app.model.latent import LatentCode
from explorer_app.session import undo
from explorer_app.session.session import Session
from explorer_app.session.undo import Merge

pytestmark = pytest.mark.usefixtures("qapp")

MEAN = LatentCode()
FIRST, SECOND = MEAN.with_value(0, 1.0), MEAN.with_value(1, -1.0)


@pytest.fixture
def session(model: HandModel) -> Session:
    session = Session()
    session.set_model(model)
    return session


def test_every_edit_is_undone_and_redone_in_order(session: Session) -> None:
    session.set_latent(FIRST, "first")
    session.set_latent(SECOND, "second")
    assert session.undo_stack.undoText() == "second"
    session.undo_stack.undo()
    assert session.latent == FIRST
    session.undo_stack.undo()
    assert session.latent == MEAN
    session.undo_stack.redo()
    session.undo_stack.redo()
    assert session.latent == SECOND
    assert (session.pose == session.model.decode_pose(SECOND)).all()


def test_a_drag_is_one_edit(session: Session) -> None:
    session.begin_edit("drag")
    for value in (0.2, 0.4, 0.8):
        session.set_latent(MEAN.with_value(0, value))
    assert session.is_editing
    session.end_edit()
    assert session.undo_stack.count() == 1
    assert [entry.code for entry in session.history] == [MEAN.with_value(0, 0.8)]
    session.undo_stack.undo()
    assert session.latent == MEAN


def test_quick_changes_of_one_kind_are_one_edit_and_one_visit(session: Session) -> None:
    for value in (0.1, 0.2, 0.3):
        session.set_latent(MEAN.with_value(4, value), "move z5", merge=Merge.AXIS)
    session.set_latent(MEAN.with_value(4, 0.3).with_value(5, 1.0), "move z6", merge=Merge.AXIS)
    assert session.undo_stack.count() == 2
    assert len(session.history) == 2


def test_changes_with_a_pause_between_them_are_edits_of_their_own(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "PAUSE_S", -1)
    for value in (0.1, 0.2, 0.3):
        session.set_latent(MEAN.with_value(4, value), "move z5", merge=Merge.AXIS)
    assert session.undo_stack.count() == 3


def test_a_preview_is_no_edit(session: Session) -> None:
    session.preview_latent(FIRST)
    assert session.latent == FIRST
    assert session.undo_stack.count() == 0
    session.set_latent(FIRST, "kept")  # what was a preview is settled on
    assert session.undo_stack.count() == 1
    session.preview_latent(SECOND)
    session.undo_stack.undo()
    assert session.latent == MEAN


def test_ctrl_z_undoes_in_the_window(qtbot: QtBot, window, open_and_wait, model_path) -> None:
    open_and_wait(model_path)
    window.latent.rows[2].field.setValue(1.5)
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.latent == MEAN
    assert window.latent.rows[2].field.value() == 0


def test_pinned_visits_stay_and_loose_ones_give_way() -> None:
    history = History()
    first = history.add(FIRST, "first")
    history.pin(first.number)
    history.rename(first.number, " keeper ")
    history.rename(first.number, "")
    for step in range(300):
        history.add(MEAN.with_value(2, step + 1), str(step))
    assert history[first.number].name == "keeper"
    assert len(history) == 201
    history.remove(first.number)
    assert first.number not in [entry.number for entry in history]


def test_the_same_latent_is_visited_once_in_a_row() -> None:
    history = History()
    assert history.add(FIRST, "a") is history.add(FIRST, "b")
    assert history.add(SECOND, "c").number != history.add(FIRST, "d").number
