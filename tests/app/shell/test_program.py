"""The program around the explorer: what it remembers, its menus, its log, and that all of it can be reached."""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from PIL import Image
from PySide6.QtCore import QSettings, Qt, QUrl
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer_app.explore.latent.presets_dialog import PresetsDialog
from explorer_app.log import LOG_NAME, LOGGER, log_to_file
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.preferences import RECENT_COUNT, Preferences
from explorer_app.shell.help.windows import AboutDialog, ShortcutSheet, shortcuts_of
from explorer_app.shell.main_window import MainWindow
from explorer_app.shell.picture_dialog import PictureDialog, PictureOptions
from explorer_app.widgets.small import paint_next_turn

INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def _menu(window: MainWindow, title: str) -> QMenu:
    menu = next(menu for menu in window.findChildren(QMenu) if menu.title().replace("&", "") == title)
    menu.aboutToShow.emit()
    return menu


def _action(menu: QMenu, title: str) -> QAction:
    return next(action for action in menu.actions() if action.text().replace("&", "") == title)


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def test_what_is_remembered_comes_back(settings: QSettings, tmp_path: Path) -> None:
    first = Preferences(settings)
    paths = [tmp_path / f"{number}, with comma.h5" for number in range(RECENT_COUNT + 3)]
    for path in [*paths, paths[5]]:
        first.add_recent(path)
    first.theme, first.last_folder, first.prior = "dark", "/somewhere", "normal"
    settings.sync()
    again = Preferences(QSettings(settings.fileName(), QSettings.Format.IniFormat))
    assert again.recent[:2] == [paths[5], paths[-1]]
    assert len(again.recent) == RECENT_COUNT
    assert (again.theme, again.last_folder, again.prior) == ("dark", "/somewhere", "normal")


@pytest.mark.parametrize("value", ["{", "3", '{"a": 1}', "null"])
def test_spoilt_settings_are_as_none(value: str, settings: QSettings) -> None:
    for key in ("files/recent", "images/settings", "window/theme", "window/geometry", "latent/prior"):
        settings.setValue(key, value)
    preferences = Preferences(settings)
    assert isinstance(preferences.recent, list)
    assert preferences.theme == "system"
    assert preferences.prior == "fitted"
    assert preferences.layout is None
    assert preferences.image_settings is not None


def test_the_prior_is_remembered(qtbot: QtBot, settings: QSettings, fitted_model: HandModel) -> None:
    for before, after in (("fitted", "normal"), ("normal", "fitted")):
        window = MainWindow("cpu", Preferences(settings))
        qtbot.addWidget(window)
        window.session.set_model(fitted_model)
        box = window.latent.sampling.prior
        assert box.currentData() == window.session.prior == before
        box.setCurrentIndex(box.findData(after))
        window.close()


def test_the_layout_is_remembered(qtbot: QtBot, settings: QSettings) -> None:
    first = MainWindow("cpu", Preferences(settings))
    qtbot.addWidget(first)
    first.show()
    first.resize(first.width(), 700)
    first.docks["Gallery"].hide()
    first.close()
    second = MainWindow("cpu", Preferences(settings))
    qtbot.addWidget(second)
    second.show()
    assert second.height() == first.height()
    assert second.docks["Gallery"].isHidden()
    second.reset_layout()
    assert not second.docks["Gallery"].isHidden()
    second.close()


def test_recent_files_open_and_the_missing_are_grey(
    qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    window.preferences.add_recent(tmp_path / "gone.h5")
    menu = _menu(window, "Open recent")
    assert not _action(menu, "gone.h5").isEnabled()
    assert {action.text() for action in menu.actions()} >= {store_path.name, model_path.name}
    window.session.set_index(2)
    _settle(qtbot, window)
    _action(menu, store_path.name).trigger()
    _settle(qtbot, window)
    assert window.session.index == 0
    _action(_menu(window, "Open recent"), "Clear").trigger()
    assert window.preferences.recent == []


def test_presets_are_saved_gone_to_renamed_and_deleted(qtbot: QtBot, window: MainWindow, model_path: Path) -> None:
    latent = _menu(window, "Latent")
    _action(latent, "Presets …").trigger()
    assert "presets belong to a model" in window.messages.text
    window.open_paths([model_path])
    _settle(qtbot, window)
    fist = LatentCode().with_value(2, -1.5)
    window.session.set_latent(fist)
    _action(latent, "Presets …").trigger()
    dialog = window.findChild(PresetsDialog)
    assert not dialog.save.isEnabled()
    qtbot.keyClicks(dialog.name, "fist")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert window.presets.of("tiny") == {"fist": fist}
    dialog.list.currentItem().setText("closed")
    assert list(window.presets.of("tiny")) == ["closed"]
    window.session.set_latent(LatentCode())
    _action(_menu(window, "Go to preset"), "closed").trigger()
    assert window.session.latent == fist
    _action(_menu(window, "Go to preset"), "Mean code").trigger()
    assert window.session.latent == LatentCode()
    dialog.go.click()
    assert window.session.latent == fist
    dialog.list.setFocus()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Delete)
    assert window.presets.of("tiny") == {}
    dialog.close()
    _settle(qtbot, window)


def test_another_device_keeps_the_latent(qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    moved = window.session.latent.with_value(1, 0.123456789)
    window.session.set_latent(moved)
    model = window.session.model
    _action(_menu(window, "Device"), "auto").trigger()
    _settle(qtbot, window)
    assert window.session.model is not model
    assert window.session.latent == moved
    assert window.opener.device == "auto"
    assert _action(_menu(window, "Device"), "auto").isChecked()


def test_a_picture_of_a_view_has_twice_its_px(
    qtbot: QtBot, window: MainWindow, model_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path])
    _settle(qtbot, window)
    path = tmp_path / "skeleton.png"
    paint_next_turn(window)  # as after another workspace: the picture must not wait for it
    assert window.view_pictures.save(str(path), window.skeleton, PictureOptions(scale=2))
    shown = np.asarray(Image.open(path).convert("RGB"))
    assert shown.shape[:2] == (2 * window.skeleton.height(), 2 * window.skeleton.width())
    assert shown.std() > 5
    menu = _menu(window, "Save image of")
    assert _action(menu, "Skeleton …").isEnabled()
    assert not _action(menu, "Gallery …").isEnabled()  # behind the tab Frame
    assert not window.view_pictures.save(str(tmp_path / "missing" / "a.png"), window.skeleton)
    assert "cannot be written" in window.messages.text


def test_a_picture_is_written_behind_the_dialog(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for path in (tmp_path / "shot.png", tmp_path / "missing" / "shot.png"):
        window.view_pictures.ask_for_screenshot()
        dialog = window.findChildren(QFileDialog)[-1]
        dialog.filesSelected.emit([str(path)])
        dialog.reject()
    qtbot.waitUntil((tmp_path / "shot.png").exists, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "missing" in window.messages.text, timeout=WAIT_MS)
    window.view_pictures.close_down()
    with Image.open(tmp_path / "shot.png") as shown:
        assert shown.size == (window.width(), window.height())


def test_a_picture_has_the_size_caption_and_background_that_were_chosen(
    qtbot: QtBot, window: MainWindow, model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr("explorer_app.shell.status.QDesktopServices.openUrl", opened.append)
    window.open_paths([model_path])
    _settle(qtbot, window)
    view, path = window.skeleton.scene, tmp_path / "skeleton.png"
    assert not window.statusBar().folder.isVisible()
    window.skeleton.menu.save_image.trigger()
    dialog = window.findChildren(PictureDialog)[-1]
    dialog.scale.setValue(3)
    dialog.caption.setText("A hand")
    dialog.is_transparent.setChecked(True)
    assert dialog.summary.text() == f"{3 * view.width()} × {3 * view.height()} px"
    dialog.accept()
    window.findChildren(QFileDialog)[-1].filesSelected.emit([str(path)])
    window.findChildren(QFileDialog)[-1].reject()
    qtbot.waitUntil(window.statusBar().folder.isVisible, timeout=WAIT_MS)
    with Image.open(path) as shown:
        pixels = np.asarray(shown)
    assert pixels.shape[1] == 3 * view.width()
    assert pixels.shape[0] > 3 * view.height()  # and the caption
    assert pixels.shape[2] == 4
    assert (pixels[..., 3] == 0).mean() > 0.5
    assert (pixels[3 * view.height() :, :, 3] > 0).any()
    qtbot.mouseClick(window.statusBar().folder, Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()) for url in opened] == [tmp_path]
    window.session.asked.emit()
    assert not window.statusBar().folder.isVisible()


def test_a_picture_of_a_view_has_no_controls(
    qtbot: QtBot, window: MainWindow, model_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path])
    _settle(qtbot, window)
    menu = _menu(window, "Save image of")
    for title, view in (("Skeleton …", window.skeleton.scene), ("Decoded images …", window.pictures.row)):
        _action(menu, title).trigger()
        dialog = window.findChildren(PictureDialog)[-1]
        assert dialog.summary.text() == f"{2 * view.width()} × {2 * view.height()} px", title
        dialog.reject()
    assert not window.skeleton.scene.findChildren(QAbstractButton)
    assert not window.skeleton.scene.findChildren(QComboBox)
    path, row = tmp_path / "decoded.png", window.pictures.row
    assert window.view_pictures.save(str(path), row)
    with Image.open(path) as shown:
        colours = shown.crop(row.controls.geometry().getCoords()).getcolors()
    assert len(colours) == 1


def test_a_message_has_cause_remedy_and_a_log(qtbot: QtBot, window: MainWindow) -> None:
    window.session.message.emit("a <b> is damaged; copy it again")
    assert window.messages.text == "a <b> is damaged; copy it again"
    assert "<b>a &lt;b&gt; is damaged</b>" in window.messages.label.text()
    qtbot.mouseClick(window.messages.log, Qt.MouseButton.LeftButton)
    assert window.help.log_window.isVisible()
    assert "a <b> is damaged" in window.help.log_window.text.toPlainText()
    window.session.message.emit("another")
    assert window.help.log_window.text.toPlainText().count("\n") == 1
    window.help.log_window.copy.click()
    assert QGuiApplication.clipboard().text().endswith("another")
    window.help.log_window.close()
    qtbot.mouseClick(window.messages.close_button, Qt.MouseButton.LeftButton)
    assert window.messages.text == ""


def test_the_log_is_written_where_it_is_told(tmp_path: Path) -> None:
    before = list(LOGGER.handlers)
    log_to_file(tmp_path / "data")
    LOGGER.warning("something happened")
    added = [handler for handler in LOGGER.handlers if handler not in before]
    for handler in added:
        LOGGER.removeHandler(handler)
        handler.close()
    assert "something happened" in (tmp_path / "data" / LOG_NAME).read_text(encoding="utf-8")
    (tmp_path / "blocked").write_text("a file")
    log_to_file(tmp_path / "blocked" / "data")
    assert LOGGER.handlers == before
    assert logging.getLogger().handlers is not None


def test_a_window_takes_its_log_handler_along(qtbot: QtBot) -> None:
    before = list(LOGGER.handlers)
    window = MainWindow("cpu")
    qtbot.addWidget(window)
    window.show()
    window.close()
    assert LOGGER.handlers == before


def test_the_shortcut_sheet_has_every_shortcut(qtbot: QtBot, window: MainWindow) -> None:
    groups = dict(shortcuts_of(window.menuBar()))
    assert ("Open", "Ctrl+O") in groups["File"]
    assert "Undo" in [name for name, _ in groups["Edit"]]
    keys = [key for rows in groups.values() for _, all_keys in rows for key in all_keys.split(" or ")]
    assert len(keys) == len(set(keys)), "a shortcut that two actions have does neither"
    qtbot.keyClick(window, Qt.Key.Key_Question)
    sheet = window.findChild(ShortcutSheet)
    assert "Ctrl+Shift+C" in sheet.text.toPlainText()
    sheet.close()


def test_about_says_where_the_model_comes_from(qtbot: QtBot, window: MainWindow, model_path: Path) -> None:
    window.open_paths([model_path])
    _settle(qtbot, window)
    window.help.show_about()
    about = window.findChild(AboutDialog)
    for words in ("1807.05380", "simulated data only", "MIT licence", "NYU"):
        assert words in about.text.text()
    about.close()


def _has_background(window: MainWindow, is_dark: bool) -> bool:
    return (window.palette().window().color().lightness() < 128) == is_dark


def test_the_theme_is_chosen_and_remembered(qtbot: QtBot, window: MainWindow) -> None:
    menu, before = _menu(window, "Theme"), window.palette().window().color()
    for title, theme in (("Dark", "dark"), ("Light", "light"), ("Follow the system", "system")):
        action = _action(menu, title)
        action.trigger()
        assert action.isChecked()
        assert window.preferences.theme == theme
        if theme != "system":
            qtbot.waitUntil(partial(_has_background, window, theme == "dark"), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.palette().window().color() == before, timeout=WAIT_MS)


def test_every_control_can_be_reached_and_named(
    qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path
) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    wrong = {line for widget in window.findChildren(QWidget) for line in _complaints(window, widget)}
    assert not wrong, "\n".join(sorted(wrong))


def _complaints(window: MainWindow, widget: QWidget) -> list[str]:
    if not isinstance(widget, INTERACTIVE) or _is_of_qt(widget):
        return []
    parents = []
    parent = widget.parentWidget()
    while parent is not None and parent is not window:
        parents.append(type(parent).__name__)
        parent = parent.parentWidget()
    what = f"{type(widget).__name__} {getattr(widget, 'text', str)()!r} in {' < '.join(parents[:4])}"
    buddies = {label.buddy() for label in window.findChildren(QLabel) if label.buddy() is not None}
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    # a sign such as an arrow is no name that can be read out
    has_name = bool(widget.accessibleName()) or widget in buddies or any(sign.isalpha() for sign in text)
    complaints = [] if has_name else [f"no name: {what}"]
    if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
        complaints.append(f"no focus: {what}")
    if not widget.toolTip() and not isinstance(widget, QAbstractItemView | QPlainTextEdit):
        complaints.append(f"no tooltip: {what}")
    return complaints


def _is_of_qt(widget: QWidget) -> bool:
    """Parts that Qt makes and serves itself."""
    inside = (QAbstractSpinBox, QComboBox, QLineEdit, QAbstractItemView, QTabBar)
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, inside):
        parent = parent.parentWidget()
    return parent is not None or isinstance(widget, QScrollBar) or widget.objectName().startswith("qt_")


def test_settings_are_readable_json() -> None:
    preferences = Preferences()
    preferences.image_settings = preferences.image_settings
    assert json.loads(preferences.get("images/settings"))["unit_mm"] == 0.125
    QApplication.processEvents()
