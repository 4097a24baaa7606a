from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QDial, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from explorer_app.explore.latent.panel import LatentPanel
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import RAW, LatentCode
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.shell.main_window import MainWindow
from lsps_core import checkpoint


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def background(session: Session) -> Iterator[Background]:
    background = Background(session)
    yield background
    background.close()


@pytest.fixture
def panel(qtbot: QtBot, session: Session, background: Background) -> LatentPanel:
    panel = LatentPanel(session, background)
    qtbot.addWidget(panel)
    return panel


def test_showing_a_latent_does_not_round_it(session: Session, panel: LatentPanel) -> None:
    exact = LatentCode().with_value(3, 0.123456)
    session.set_latent(exact)
    assert panel.sliders[3].value() == 12
    assert panel.rows[3].field.value() == pytest.approx(0.12)
    assert session.latent == exact


def test_a_value_beyond_the_slider_is_kept_and_shown(session: Session, panel: LatentPanel) -> None:
    far = LatentCode().with_value(0, 4.567).with_value(1, -12.0)
    session.set_latent(far)
    assert session.latent == far
    assert [panel.sliders[axis].value() for axis in (0, 1)] == [300, -300]
    assert [panel.rows[axis].field.value() for axis in (0, 1)] == [4.57, -12.0]
    panel.rows[5].field.setValue(1.0)
    assert session.latent.values[:2] == (4.567, -12.0)


def test_view_to_model_to_view(session: Session, background: Background, panel: LatentPanel) -> None:
    other = LatentPanel(session, background)
    panel.sliders[7].setValue(150)
    assert session.latent == LatentCode().with_value(7, 1.5)
    assert panel.rows[7].field.value() == other.rows[7].field.value() == 1.5
    other.rows[7].field.setValue(-0.25)
    assert session.latent.values[7] == -0.25
    assert panel.sliders[7].value() == -25
    other.deleteLater()


def test_an_equal_latent_is_no_news(qtbot: QtBot, session: Session) -> None:
    session.set_latent(LatentCode().with_value(0, 1.0))
    with qtbot.assertNotEmitted(session.latent_changed):
        session.set_latent(LatentCode().with_value(0, 1.0))


def test_resets_are_greyed_at_the_mean(session: Session, panel: LatentPanel) -> None:
    assert not panel.reset_all.isEnabled()
    session.set_latent(LatentCode().with_value(2, 1.0).with_value(4, 1.0))
    assert [row.reset.isEnabled() for row in panel.rows] == [axis in (2, 4) for axis in range(20)]
    panel.rows[2].reset.click()
    assert session.latent == LatentCode().with_value(4, 1.0)
    panel.reset_all.click()
    assert session.latent == LatentCode()
    assert not panel.reset_all.isEnabled()


def test_a_double_click_resets_and_arrow_keys_move(qtbot: QtBot, session: Session, panel: LatentPanel) -> None:
    panel.show()
    session.set_latent(LatentCode().with_value(0, 1.0))
    qtbot.keyClick(panel.sliders[0], Qt.Key.Key_Right)
    assert session.latent.values[0] == pytest.approx(1.1)
    qtbot.mouseDClick(panel.sliders[0], Qt.MouseButton.LeftButton)
    assert session.latent == LatentCode()


def test_sampling_needs_a_model_and_follows_its_seed(session: Session, panel: LatentPanel, model: HandModel) -> None:
    assert not panel.sample_button.isEnabled()
    session.set_model(model)
    panel.sample_button.click()
    first, seed = session.latent, panel.seed.value()
    assert first == model.sample(seed)
    panel.sample_button.click()
    assert session.latent != first
    assert panel.seed.value() == seed + 1
    panel.seed.setValue(seed)
    assert session.latent == first


def test_a_drag_begins_at_the_drawn_handle_and_is_told_of(qtbot: QtBot, session: Session, panel: LatentPanel) -> None:
    panel.resize(320, 700)
    panel.show()
    qtbot.waitExposed(panel)
    slider = panel.sliders[4]
    slider.setValue(150)
    y = slider.height() // 2
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.position_of(150)), y))
    assert slider.value() == 150
    assert session.is_editing
    qtbot.mouseMove(slider, QPoint(round(slider.position_of(-200)), y))
    assert abs(slider.value() + 200) < 10
    assert session.latent.values[4] == slider.value() / 100
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.position_of(-200)), y))
    assert not session.is_editing


def test_a_click_jumps_as_one_edit_and_shift_makes_a_drag_fine(
    qtbot: QtBot, session: Session, panel: LatentPanel
) -> None:
    panel.resize(320, 700)
    panel.show()
    qtbot.waitExposed(panel)
    slider, left = panel.sliders[4], Qt.MouseButton.LeftButton
    there = QPoint(round(slider.position_of(200)), slider.height() // 2)
    qtbot.mouseClick(slider, left, pos=there)
    assert abs(slider.value() - 200) < 10
    assert session.latent.values[4] == slider.value() / 100
    assert session.undo_stack.count() == 1
    qtbot.mouseClick(slider, Qt.MouseButton.RightButton, pos=QPoint(round(slider.position_of(-200)), there.y()))
    assert abs(slider.value() - 200) < 10
    before = slider.value()
    for modifiers, moved in ((Qt.KeyboardModifier.ShiftModifier, 10), (Qt.KeyboardModifier.NoModifier, 100)):
        slider.setValue(before)
        start = QPointF(slider.position_of(before), there.y())
        goal = QPointF(slider.position_of(before - 100), there.y())
        for kind, at, buttons in (
            (QEvent.Type.MouseButtonPress, start, left),
            (QEvent.Type.MouseMove, goal, left),
            (QEvent.Type.MouseButtonRelease, goal, Qt.MouseButton.NoButton),
        ):
            QApplication.sendEvent(slider, QMouseEvent(kind, at, slider.mapToGlobal(at), left, buttons, modifiers))
        assert slider.value() == pytest.approx(before - moved, abs=2)
        assert not session.is_editing


@pytest.fixture(scope="module")
def principal_model(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> HandModel:
    """The tiny model, with a covariance of its training codes."""
    mixing = np.random.default_rng(0).normal(size=(20, 20))
    covariance = tuple(map(tuple, (mixing @ mixing.T / 20).tolist()))
    path = tmp_path_factory.mktemp("model") / "principal.safetensors"
    checkpoint.save(dataclasses.replace(checkpoint.load(model_path), latent_covariance=covariance), path)
    return HandModel.load(path, "cpu")


def shown(panel: LatentPanel) -> list[float]:
    return [row.field.value() for row in panel.rows]


def order_on_screen(panel: LatentPanel) -> list[int]:
    return sorted(range(20), key=lambda axis: panel.rows[axis].y())


def test_rows_bear_the_names_that_their_effects_have(session: Session, panel: LatentPanel, model: HandModel) -> None:
    assert panel.rows[6].label.text() == "z7"
    session.set_model(model)
    effects = model.effects(RAW)
    assert panel.rows[6].label.text() == f"z7 {effects.names[6]}"
    assert "index" in panel.rows[6].label.toolTip()
    assert effects.names[6] in panel.sliders[6].accessibleName()


def test_a_locked_row_stays_but_for_an_encoded_code(session: Session, panel: LatentPanel, model: HandModel) -> None:
    session.set_model(model)
    start = LatentCode((0.5,) * 20)
    session.set_latent(start)
    panel.rows[4].lock.click()
    row = panel.rows[4]
    assert not any(widget.isEnabled() for widget in (row.slider, row.field, row.reset))
    for act in (panel.sample_next, panel.randomise_button.click, panel.hands.reset, panel.sample_button.click):
        act()
        assert session.latent.values[4] == 0.5
        assert all(value != 0.5 for axis, value in enumerate(session.latent.values) if axis != 4)
    session.set_latent(LatentCode((1.0,) * 20), "frame")
    assert row.field.value() == 1.0
    row.lock.click()
    panel.reset_all.click()
    assert session.latent == LatentCode()


def test_randomise_moves_its_seed_on_and_can_be_undone(session: Session, panel: LatentPanel, model: HandModel) -> None:
    assert not panel.randomise_button.isEnabled()
    session.set_model(model)
    panel.temperature.setValue(0.5)
    panel.randomise_button.click()
    first = session.latent
    panel.randomise_button.click()
    assert session.latent != first
    assert np.std(first.values) < 0.9
    session.undo_stack.undo()
    assert session.latent == first
    assert panel.rows[3].field.value() == pytest.approx(first.values[3], abs=0.006)


def test_the_temperature_widens_the_sample_of_the_same_seed(
    session: Session, panel: LatentPanel, model: HandModel
) -> None:
    session.set_model(model)
    panel.seed.setValue(7)
    panel.temperature.setValue(0.3)
    panel.temperature.setValue(0.35)
    assert session.latent == model.sample(7, 0.35)
    assert session.undo_stack.count() == 2
    panel.temperature.setValue(0)
    np.testing.assert_allclose(model.scale.to_latent(session.latent), 0, atol=1e-6)


def is_fitted_sample(model: HandModel, code: LatentCode) -> bool:
    """The fixture's codes are from 1 to 2; N(0, I) is hardly ever there."""
    latent = model.scale.to_latent(code)
    return bool((latent > 0.7).all() and (latent < 2.3).all())


def test_samples_come_from_the_chosen_prior(session: Session, panel: LatentPanel, fitted_model: HandModel) -> None:
    session.set_model(fitted_model)
    assert panel.sampling.prior.currentText() == "Fitted prior"
    for act in (panel.sample_next, panel.randomise):
        act()
        assert is_fitted_sample(fitted_model, session.latent)
    panel.sampling.prior.setCurrentText("N(0, I)")
    for act in (panel.sample_next, panel.randomise):
        act()
        assert not is_fitted_sample(fitted_model, session.latent)
    assert session.latent != fitted_model.sample(panel.seed.value())
    assert panel.sampling.prior.currentText() == "N(0, I)"


def test_randomise_keeps_locks_and_what_belongs_to_them(
    session: Session, panel: LatentPanel, fitted_model: HandModel
) -> None:
    session.set_model(fitted_model)
    drawn = fitted_model.prior.candidates(1, 1.0, "fitted")
    session.set_latent(drawn[40])
    panel.rows[2].lock.click()
    panel.randomise()
    assert session.latent == drawn[40]
    assert panel.seed.value() == 1


def click_and_wait(qtbot: QtBot, session: Session, button: QPushButton) -> None:
    """Click a button whose answer comes from a thread."""
    with qtbot.waitSignal(session.latent_changed, timeout=WAIT_MS):
        button.click()


def test_reset_goes_to_a_typical_hand_of_the_same_orientation(
    qtbot: QtBot, session: Session, background: Background, panel: LatentPanel, fitted_model: HandModel
) -> None:
    session.set_model(fitted_model)
    assert "most typical" in panel.reset_all.toolTip()
    start = LatentCode((0.3,) * 20)
    session.set_latent(start)
    click_and_wait(qtbot, session, panel.reset_all)
    typical = session.latent
    assert typical == fitted_model.prior.typical_near(start)
    assert is_fitted_sample(fitted_model, typical)
    assert not panel.reset_all.isEnabled()
    panel.hands.reset()
    qtbot.waitUntil(lambda: not background.is_busy, timeout=WAIT_MS)
    assert session.latent == typical
    session.undo_stack.undo()
    assert session.latent == start
    panel.rows[3].lock.click()
    click_and_wait(qtbot, session, panel.reset_all)
    assert session.latent == typical.with_value(3, 0.3)
    panel.rows[3].lock.click()
    assert panel.reset_all.isEnabled()
    panel.rows[5].reset.click()
    assert session.latent.values[5] == 0


def test_a_gauge_shows_how_usual_the_hand_is(
    qtbot: QtBot, window: MainWindow, open_and_wait, fitted_model_path: Path, model_path: Path
) -> None:
    open_and_wait(fitted_model_path)
    gauge, model = window.latent.gauge, window.session.model
    typical = max((model.sample(seed) for seed in range(20)), key=lambda code: model.prior.typicality([code])[0])
    for code, word in ((typical, "Typical"), (LatentCode((50.0,) * 20), "Outside the training poses")):
        window.session.set_latent(code)
        qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
        share = model.prior.typicality([code])[0]
        assert gauge.words.text() == f"{word}, {100 * share:.0f} %"
        assert gauge.bar.share == share
        assert window.statusBar().typicality.text() == gauge.words.text().replace(word[0], word[0].lower(), 1)
    assert gauge.isVisible()
    open_and_wait(model_path)
    assert not gauge.isVisible()
    assert window.statusBar().typicality.text() == ""


def place_on_dial(dial: QDial, degrees: float) -> QPoint:
    """degrees: clockwise from the top."""
    angle, center = math.radians(degrees), QPointF(dial.width() / 2, dial.height() / 2)
    return (center + 16 * QPointF(math.sin(angle), -math.cos(angle))).toPoint()


def test_a_drag_of_the_dial_turns_the_hand_from_where_it_began(
    qtbot: QtBot, session: Session, panel: LatentPanel, model: HandModel
) -> None:
    dial, left = panel.dial, Qt.MouseButton.LeftButton
    assert not dial.isEnabled()
    session.set_model(model)
    start = LatentCode((0.5,) * 20)
    session.set_latent(start)
    panel.resize(330, 800)
    panel.show()
    qtbot.waitExposed(panel)
    qtbot.mousePress(dial, left, pos=place_on_dial(dial, 90))
    assert session.latent == start
    assert session.is_editing
    begin = dial.value()
    for degrees in (120, 150, 200):
        qtbot.mouseMove(dial, place_on_dial(dial, degrees))
    clockwise = (dial.value() - begin) % 360
    assert clockwise == pytest.approx(110, abs=6)
    assert session.latent == model.prior.turned(start, -math.radians(clockwise))
    qtbot.mouseRelease(dial, left, pos=place_on_dial(dial, 200))
    assert not session.is_editing
    assert session.undo_stack.count() == 2
    qtbot.mousePress(dial, Qt.MouseButton.RightButton, pos=place_on_dial(dial, 10))
    assert not session.is_editing
    dial.setValue(begin)
    assert session.latent == start
    session.undo_stack.undo()
    session.undo_stack.undo()
    assert (session.latent, dial.value()) == (start, 0)


def test_the_dial_keeps_locked_sliders_and_arrow_keys_turn(
    qtbot: QtBot, session: Session, panel: LatentPanel, model: HandModel
) -> None:
    session.set_model(model)
    start = LatentCode((0.5,) * 20)
    session.set_latent(start)
    panel.rows[4].lock.click()
    panel.show()
    for _ in range(3):
        qtbot.keyClick(panel.dial, Qt.Key.Key_Right)
    assert panel.dial.value() == 6
    assert session.latent == model.prior.turned(start, -math.radians(6)).with_value(4, 0.5)
    assert session.undo_stack.count() == 2
    session.set_latent(LatentCode((1.0,) * 20))
    assert panel.dial.value() == 0


def test_grooves_show_where_hands_are(
    qtbot: QtBot, window: MainWindow, open_and_wait, fitted_model_path: Path, model_path: Path
) -> None:
    open_and_wait(fitted_model_path)
    session, sliders = window.session, window.latent.sliders
    code = session.model.sample(3)
    session.set_latent(code)

    def along(axis: int) -> list[float]:
        places = np.linspace(-3, 3, 41)
        return session.model.prior.typicality([code.with_value(axis, value) for value in places])

    qtbot.waitUntil(lambda: sliders[6].typicality == pytest.approx(along(6), abs=0.02), timeout=WAIT_MS)
    assert sliders[19].typicality == pytest.approx(along(19), abs=0.02)
    assert max(sliders[6].typicality) > 0
    coloured = pixels(sliders[6])
    open_and_wait(model_path)
    assert sliders[6].typicality is None
    assert (pixels(sliders[6]) != coloured).any()


def test_a_model_without_a_fitted_prior_says_why_there_is_no_choice(
    session: Session, panel: LatentPanel, model: HandModel, fitted_model: HandModel
) -> None:
    assert not panel.sampling.prior.isEnabled()
    session.set_model(model)
    assert not panel.sampling.prior.isEnabled()
    assert panel.sampling.prior.currentText() == "N(0, I)"
    assert "too old" in panel.sampling.prior.toolTip()
    session.set_model(fitted_model)
    assert panel.sampling.prior.isEnabled()
    assert panel.sampling.prior.currentText() == "Fitted prior"


def test_sorting_by_effect_moves_rows_and_tab_stops(
    qtbot: QtBot, session: Session, panel: LatentPanel, model: HandModel
) -> None:
    assert not panel.header.order.isEnabled()
    session.set_model(model)
    panel.resize(300, 800)
    panel.show()
    qtbot.waitExposed(panel)
    assert order_on_screen(panel) == list(range(20))
    panel.header.order.setFocus()
    qtbot.keyClick(panel.header.order, Qt.Key.Key_Down)
    QApplication.processEvents()
    order = list(model.effects(RAW).order)
    assert order_on_screen(panel) == order
    assert panel.rows[order[0]].reset.nextInFocusChain() is panel.sliders[order[1]]
    panel.sliders[order[0]].setValue(100)
    assert session.latent == LatentCode().with_value(order[0], 1.0)
    qtbot.keyClick(panel.header.order, Qt.Key.Key_Up)
    QApplication.processEvents()
    assert order_on_screen(panel) == list(range(20))


def test_principal_directions_need_a_model_that_has_them(
    session: Session, panel: LatentPanel, model: HandModel
) -> None:
    assert not panel.header.principal.isEnabled()
    session.set_model(model)
    assert not panel.header.principal.isEnabled()
    assert "train the model again" in panel.header.principal.toolTip()


def test_in_principal_directions_sliders_show_and_move_coordinates(
    session: Session, panel: LatentPanel, model: HandModel, principal_model: HandModel
) -> None:
    session.set_model(principal_model)
    code = principal_model.sample(1)
    session.set_latent(code)
    panel.header.principal.click()
    assert session.latent == code
    basis = principal_model.principal
    assert basis is not None
    assert shown(panel) == pytest.approx(basis.coordinates(code), abs=0.006)
    assert panel.rows[0].label.text().startswith("p1 ")
    panel.sliders[3].setValue(-150)
    assert basis.coordinates(session.latent)[3] == pytest.approx(-1.5)
    assert session.undo_stack.undoText() == "move p4"
    panel.rows[3].reset.click()
    assert not panel.rows[3].reset.isEnabled()
    panel.reset_all.click()
    assert session.latent == LatentCode()
    session.set_latent(LatentCode().with_value(2, 1.0))
    session.set_model(model)
    assert panel.header.dimensions.isChecked()
    assert shown(panel) == list(session.latent.values)


def test_locks_belong_to_the_basis_that_they_were_set_in(
    session: Session, panel: LatentPanel, principal_model: HandModel
) -> None:
    session.set_model(principal_model)
    panel.rows[2].lock.click()
    panel.header.principal.click()
    assert not panel.rows[2].lock.isChecked()
    panel.rows[1].lock.click()
    before = shown(panel)[1]
    panel.sample_button.click()
    assert shown(panel)[1] == before
    panel.header.dimensions.click()
    assert [row.lock.isChecked() for row in panel.rows] == [axis == 2 for axis in range(20)]


def test_a_row_at_the_mouse_or_the_keyboard_points_out_its_joints(
    qtbot: QtBot, session: Session, panel: LatentPanel, model: HandModel
) -> None:
    with qtbot.waitActive(panel, timeout=WAIT_MS):
        panel.show()
        panel.activateWindow()
    send(panel.rows[0], is_entered=True)
    assert session.highlight is None
    session.set_model(model)
    send(panel.rows[5], is_entered=True)
    assert session.highlight is not None
    np.testing.assert_allclose(session.highlight, model.effects(RAW).weights(5))
    assert session.highlight.max() == 1
    send(panel.rows[6], is_entered=True)
    send(panel.rows[5], is_entered=False)
    np.testing.assert_allclose(session.highlight, model.effects(RAW).weights(6))
    send(panel.rows[6], is_entered=False)
    assert session.highlight is None
    panel.sliders[2].setFocus(Qt.FocusReason.TabFocusReason)
    np.testing.assert_allclose(session.highlight, model.effects(RAW).weights(2))
    panel.seed.setFocus(Qt.FocusReason.TabFocusReason)
    assert session.highlight is None


def send(row: QWidget, *, is_entered: bool) -> None:
    """The mouse comes, or goes."""
    place = QPointF(2, 2)
    event = QEnterEvent(place, place, row.mapToGlobal(place)) if is_entered else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(row, event)


def test_the_pad_opens_on_the_two_strongest_axes_and_follows_locks(
    session: Session, panel: LatentPanel, model: HandModel
) -> None:
    panel.show()
    assert not panel.pad.isVisible()
    panel.pad_button.click()
    assert panel.pad.isVisible()
    session.set_model(model)
    chosen = (panel.pad.across.currentIndex(), panel.pad.upwards.currentIndex())
    assert chosen == model.effects(RAW).order[:2]
    assert panel.pad.across.currentText() == panel.rows[chosen[0]].label.text()
    other = next(axis for axis in range(20) if axis not in chosen)
    panel.pad.across.setCurrentIndex(other)
    panel.header.order.setCurrentIndex(1)
    assert panel.pad.across.currentIndex() == other
    panel.pad.across.setCurrentIndex(chosen[0])
    for axis in chosen:
        panel.rows[axis].lock.click()
    assert not panel.pad.square.isEnabled()


def test_every_control_says_what_it_is(panel: LatentPanel) -> None:
    stops = [stop for row in panel.rows for stop in row.stops]
    stops += [panel.reset_all, panel.randomise_button, panel.header.order, panel.header.principal, panel.sample_button]
    stops += [panel.seed, panel.temperature, panel.pad_button, panel.pad.across, panel.pad.upwards, panel.pad.square]
    for stop in stops:
        assert stop.toolTip()
        assert stop.accessibleName() or stop.text()
        assert stop.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_lock_and_reset_show_where_the_focus_or_a_shut_lock_is(qtbot: QtBot, window: MainWindow) -> None:
    row, other = window.latent.rows[2], window.latent.rows[3]
    assert not row.tools.isVisible()
    row.slider.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: row.lock.isVisible() and row.reset.isVisible(), timeout=WAIT_MS)
    assert not other.tools.isVisible()
    assert row.tools.geometry().right() < row.slider.x()
    row.lock.click()
    other.field.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: other.lock.isVisible(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not row.reset.isVisible(), timeout=WAIT_MS)
    assert row.lock.isVisible()
