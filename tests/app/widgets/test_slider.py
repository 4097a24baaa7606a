"""A slider of the window: a click in the groove jumps, as a drag from there would begin."""

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from explorer_app.widgets.fields import Slider


@pytest.fixture
def slider(qtbot: QtBot) -> Slider:
    slider = Slider()
    qtbot.addWidget(slider)
    slider.setRange(0, 99)
    slider.resize(300, 24)
    slider.show()
    return slider


def test_a_click_in_the_groove_jumps_there_and_drags_on(qtbot: QtBot, slider: Slider) -> None:
    pressed = []
    slider.sliderPressed.connect(lambda: pressed.append(slider.value()))
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(225, 12))
    assert abs(slider.value() - 74) < 3
    assert len(pressed) == 1
    qtbot.mouseMove(slider, QPoint(75, 12))
    assert abs(slider.value() - 25) < 3
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(75, 12))
    assert not slider.isSliderDown()


def test_a_press_on_the_handle_moves_nothing(qtbot: QtBot, slider: Slider) -> None:
    slider.setValue(50)
    for x in range(147, 154):
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(x, 12))
        assert slider.value() == 50
