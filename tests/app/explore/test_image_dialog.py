"""The camera, unit and packing of images are asked for, and tried on the first one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot

from explorer_app.explore.inspector.image_dialog import ImageDialog
from explorer_app.model.opening import ImageSettings
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import Camera

CAMERA = ImageSettings(camera=Camera(fx=475, fy=475, cx=320, cy=240))


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def test_the_dialog_shows_what_its_fields_make_of_the_first_image(
    qtbot: QtBot, window: MainWindow, image_path: Path
) -> None:
    window.open_paths([image_path])
    dialog = window.findChild(ImageDialog)
    dialog.fields.show_settings(replace(CAMERA, unit_mm=20.0))
    dialog.fields.unit.setValue(21.0)
    _settle(qtbot, window)
    assert not dialog.preview.is_empty
    assert "perhaps the unit is 1 mm" in dialog.verdict.text()
    dialog.fields.unit.setValue(1.0)
    _settle(qtbot, window)
    assert dialog.verdict.text().startswith("Hand at 500 mm")
    assert dialog.open_button.isEnabled()
    dialog.packed.click()
    _settle(qtbot, window)
    assert dialog.preview.is_empty
    assert "“Packed”" in dialog.verdict.text()
    assert "--" not in dialog.verdict.text()
    assert not dialog.open_button.isEnabled()
    assert window.session.data is None
    dialog.reject()


@pytest.mark.parametrize("is_shown", [True, False])
@pytest.mark.parametrize(("field", "value", "why"), [("cx", 5000, "outside the image"), ("fx", 9000, "4° across")])
def test_a_camera_that_cannot_be_is_not_remembered(
    qtbot: QtBot, window: MainWindow, image_path: Path, field: str, value: float, why: str, is_shown: bool
) -> None:
    before = window.preferences.image_settings
    window.open_paths([image_path])
    dialog = window.image_dialog
    dialog.fields.show_settings(CAMERA)
    _settle(qtbot, window)
    getattr(dialog, field).setValue(value)
    if is_shown:  # else Open is clicked before the image is read again
        _settle(qtbot, window)
        assert why in dialog.verdict.text()
    dialog.open_button.click()
    _settle(qtbot, window)
    assert window.session.data is not None
    assert window.preferences.image_settings == before
