from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from explorer_app.preferences import Preferences
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.switches import Switches


def test_a_switch_is_found_as_it_was_left(qtbot: QtBot, tmp_path: Path) -> None:
    path = str(tmp_path / "settings.ini")
    owner = QObject()
    for expected in (True, False):
        settings = QSettings(path, QSettings.Format.IniFormat)
        preferences = Preferences(settings)
        action, box = QAction(owner, checkable=True, checked=True), QCheckBox(checked=True)
        qtbot.addWidget(box)
        Switches(preferences, owner).keep(action=action, box=box)
        assert (action.isChecked(), box.isChecked()) == (expected, True)
        action.setChecked(False)
        settings.sync()


def test_damaged_switches_are_set_aside(tmp_path: Path) -> None:
    for text in ("[]", '{"grid": 1}', "{", "[" * 100_000):
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        settings.setValue("views/switches", text)
        preferences = Preferences(settings)
        assert preferences.switches == {}
        assert "what the views show" in preferences.left_aside[0]


def test_the_window_keeps_what_its_views_show(qtbot: QtBot) -> None:
    preferences = Preferences()
    for is_first in (True, False):
        window = MainWindow("cpu", preferences)
        qtbot.addWidget(window)
        menu, pictures = window.skeleton.menu, window.pictures
        shown = [menu.grid.isChecked(), menu.volume.isChecked(), menu.cloud.isChecked(), pictures.skeleton.isChecked()]
        assert shown == ([True, True, True, False] if is_first else [False, True, True, True])
        menu.grid.setChecked(False)
        pictures.skeleton.setChecked(True)
        window.close()
