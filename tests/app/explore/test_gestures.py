"""Named gestures: one click, one undo step, in the orientation of the shown hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.resources import resource
from explorer_app.session.session import Session
from explorer_app.shell.main_window import MainWindow
from lsps_core import checkpoint
from lsps_core.simulator.gestures import NAMED_GESTURES
from lsps_core.skeleton import NYU36


@pytest.fixture(scope="module")
def bundled() -> HandModel:
    return HandModel.load(resource("models", "compact.safetensors"), "cpu")


def entry(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == text)


def go(qtbot: QtBot, session: Session, action: QAction) -> None:
    with qtbot.waitSignal(session.latent_changed, timeout=WAIT_MS):
        action.trigger()


def test_a_click_sets_the_sliders_to_a_gesture_and_can_be_undone(
    qtbot: QtBot, window: MainWindow, bundled: HandModel
) -> None:
    session, panel = window.session, window.explore.latent
    assert not panel.header.gestures.isEnabled()
    session.set_model(bundled)
    assert panel.header.gestures.isEnabled()
    menu = panel.header.gestures.menu()
    assert [a.text() for a in menu.actions() if a.text() in NAMED_GESTURES] == list(NAMED_GESTURES)
    start = bundled.prior.turned(bundled.prior.gesture("Five", None), 1.5)
    session.set_latent(start)
    go(qtbot, session, entry(menu, "Fist"))
    assert session.latent == bundled.prior.gesture("Fist", start)
    assert session.undo_stack.undoText() == "Fist"
    session.undo_stack.undo()
    assert session.latent == start
    entry(menu, "&Keep the orientation").trigger()
    go(qtbot, session, entry(menu, "Fist"))
    upright = session.latent
    assert upright == bundled.prior.gesture("Fist", None)
    assert np.linalg.norm(bundled.decode_pose(upright) - bundled.decode_pose(start), axis=1).mean() > 0.2


def test_a_gesture_that_comes_too_late_is_dropped(qtbot: QtBot, window: MainWindow, bundled: HandModel) -> None:
    window.session.set_model(bundled)
    entry(window.explore.latent.gestures, "Fist").trigger()
    moved = LatentCode().with_value(3, 1.0)
    window.session.set_latent(moved)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert window.session.latent == moved


def test_models_of_other_joints_have_no_gestures(
    qtbot: QtBot, tmp_path: Path, model_path: Path, window: MainWindow
) -> None:
    source = checkpoint.load(model_path)
    joints = replace(NYU36, joints=NYU36.joints[:21], parents=(-1, *range(20)), fingers=NYU36.fingers[:21])
    path = tmp_path / "other.safetensors"
    checkpoint.save(replace(source, skeleton=joints), path)
    window.session.set_model(HandModel.load(path, "cpu"))
    header = window.explore.latent.header
    assert not header.gestures.isEnabled()
    assert "does not have" in header.gestures.toolTip()
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
