from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from explorer_app.model.hand_model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.session import Session
from explorer_app.views.latent_panel import LatentPanel


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> LatentPanel:
    panel = LatentPanel(session)
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


def test_view_to_model_to_view(session: Session, panel: LatentPanel) -> None:
    other = LatentPanel(session)
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
