"""Menus and shortcuts of the main window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from explorer_app.menu_lists import (
    add_action,
    build_themes,
    fill_devices,
    fill_pictures,
    fill_presets,
    fill_recent,
    filled_on_show,
    show_presets,
)
from explorer_app.views.colour_choice import ColourMenu
from explorer_app.views.shortcuts import NAME_PROPERTY

if TYPE_CHECKING:
    from explorer_app.main_window import MainWindow

SAMPLES = {"Simulated sensor frames": "sensor.h5", "Simulated synthetic frames": "synthetic.h5"}


def build_menus(window: MainWindow) -> None:
    bar = window.menuBar()
    _build_file_menu(window, bar.addMenu("&File"))
    _build_copy_menu(window, bar.addMenu("&Copy"))
    frames = bar.addMenu("F&rame")
    add_action(frames, "&Next frame", window.strip.step_on, "Right", ".")
    add_action(frames, "&Previous frame", window.strip.step_back, "Left", ",")
    add_action(frames, "&Encode", window.session.want_encoding, "E")
    _build_latent_menu(window, bar.addMenu("&Latent"))
    model = bar.addMenu("&Model")
    filled_on_show(model, "&Device", partial(fill_devices, window))
    add_action(model, "&Model info", window.help.show_model_info, "Ctrl+I")
    _build_inspect_menu(window, bar.addMenu("&Inspect"))
    _build_train_menu(window, bar.addMenu("&Train"))
    _build_view_menu(window, bar.addMenu("&View"))
    help_menu = bar.addMenu("&Help")
    add_action(help_menu, "&Shortcuts", window.help.show_shortcuts, "?", "F1")
    add_action(help_menu, "&Log", window.help.show_log, "Ctrl+L")
    add_action(help_menu, "&About LSPS Explorer", window.help.show_about)


def _build_file_menu(window: MainWindow, menu: QMenu) -> None:
    opener = window.opener
    add_action(menu, "&Open …", opener.ask_for_files, "Ctrl+O")
    add_action(menu, "Open &folder of images …", opener.ask_for_folder, "Ctrl+Shift+O")
    filled_on_show(menu, "Open &recent", partial(fill_recent, window))
    samples = menu.addMenu("Open &bundled")
    add_action(samples, "&Model", opener.open_bundled_model)
    for title, name in SAMPLES.items():
        add_action(samples, title, partial(opener.open_sample, name))
    menu.addSeparator()
    add_action(menu, "&Save session …", opener.ask_where_to_save, "Ctrl+S")
    menu.addSeparator()
    filled_on_show(menu, "Save &picture of", partial(fill_pictures, window))
    add_action(menu, "Save s&creenshot …", partial(window.view_pictures.ask, "the window", window, 1), "Ctrl+Shift+S")
    menu.addSeparator()
    add_action(menu, "&Quit", window.close, "Ctrl+Q")


def _build_copy_menu(window: MainWindow, menu: QMenu) -> None:
    clipboard = window.clipboard
    add_action(menu, "Copy as &Python", clipboard.copy_python, "Ctrl+Shift+C")
    add_action(menu, "Copy as &command", clipboard.copy_command, "Ctrl+Alt+C")
    add_action(menu, "Copy &latent as JSON", clipboard.copy_latent, "Ctrl+Shift+L")
    menu.addSeparator()
    add_action(menu, "Paste l&atent", clipboard.paste_latent, "Ctrl+Shift+V")


def _build_latent_menu(window: MainWindow, menu: QMenu) -> None:
    stack = window.session.undo_stack
    for name, action, keys in (
        ("Undo", stack.createUndoAction(window, "&Undo"), QKeySequence.StandardKey.Undo),
        ("Redo", stack.createRedoAction(window, "&Redo"), QKeySequence.StandardKey.Redo),
    ):
        action.setProperty(NAME_PROPERTY, name)
        action.setShortcut(keys)
        menu.addAction(action)
    menu.addSeparator()
    add_action(menu, "&Sample prior", window.latent.sample_next, "R")
    add_action(menu, "R&eset all", window.latent.reset, "0", "Ctrl+0")
    menu.addSeparator()
    add_action(menu, "P&resets …", partial(show_presets, window), "Ctrl+P")
    filled_on_show(menu, "&Go to preset", partial(fill_presets, window))


def _build_inspect_menu(window: MainWindow, menu: QMenu) -> None:
    add_action(menu, "&Evaluate this data", window.evaluate, "F5")
    add_action(menu, "&Stop evaluating", window.evaluation.stop)
    menu.addSeparator()
    window.failures_panel.selection_actions.fill(menu)


def _build_train_menu(window: MainWindow, menu: QMenu) -> None:
    dialogs = window.training_dialogs
    add_action(menu, "&New run …", dialogs.new_run, "Ctrl+T")
    add_action(menu, "&Resume a run …", dialogs.resume_run)
    menu.addSeparator()
    add_action(menu, "&Simulate data …", dialogs.simulate)
    add_action(menu, "&Import data …", dialogs.import_data)
    filled_on_show(menu, "&Jobs at work", dialogs.fill_menu)


def _build_view_menu(window: MainWindow, menu: QMenu) -> None:
    for action in window.workspaces.actions.values():
        menu.addAction(action)
    menu.addSeparator()
    add_action(menu, "&Reset view of the skeleton", window.skeleton.reset_view, "V")
    menu.addSeparator()
    menu.addAction(window.pictures.skeleton)
    menu.addAction(window.strip.pictures.controls.differences)
    menu.addMenu(ColourMenu(window.preferences, window))
    build_themes(window, menu)
    menu.addSeparator()
    for dock in window.docks.values():
        menu.addAction(dock.toggleViewAction())
    add_action(menu, "Reset la&yout", window.reset_layout)
