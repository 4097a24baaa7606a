from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from explorer_app.model.opening import CAMERA_PRESETS
from explorer_app.preferences import Preferences
from explorer_app.resources import resource


def test_what_the_app_ships_is_found() -> None:
    assert resource("icons", "lsps-explorer.svg").is_file()


def test_what_is_missing_is_one_line() -> None:
    with pytest.raises(FileNotFoundError, match="resources/models/none is missing"):
        resource("models", "none")


def test_image_settings_are_remembered(tmp_path: Path) -> None:
    path = str(tmp_path / "settings.ini")
    first = Preferences(QSettings(path, QSettings.Format.IniFormat))
    assert first.image_settings == CAMERA_PRESETS["sr305"]
    first.image_settings = CAMERA_PRESETS["nyu"]
    again = QSettings(path, QSettings.Format.IniFormat)
    assert Preferences(again).image_settings == CAMERA_PRESETS["nyu"]
    again.setValue("images/settings", "{broken")
    assert Preferences(again).image_settings == CAMERA_PRESETS["sr305"]
