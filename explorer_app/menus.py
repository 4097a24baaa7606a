"""Menus and shortcuts of the main window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from explorer_app.views.colour_choice import ColourMenu

if TYPE_CHECKING:
    from explorer_app.main_window import MainWindow

SAMPLES = {"Simulated sensor frames": "sensor.h5", "Simulated synthetic frames": "synthetic.h5"}


def build_menus(window: MainWindow) -> None:
    _build_file_menu(window)
    frames = window.menuBar().addMenu("F&rame")
    _add(frames, "&Next frame", window.strip.step_on, "Right", ".")
    _add(frames, "&Previous frame", window.strip.step_back, "Left", ",")
    _add(frames, "&Encode", window.session.want_encoding, "E")
    latent = window.menuBar().addMenu("&Latent")
    for action, keys in (
        (window.session.undo_stack.createUndoAction(window, "&Undo"), QKeySequence.StandardKey.Undo),
        (window.session.undo_stack.createRedoAction(window, "&Redo"), QKeySequence.StandardKey.Redo),
    ):
        action.setShortcut(keys)
        latent.addAction(action)
    latent.addSeparator()
    _add(latent, "&Sample prior", window.latent.sample_next, "R")
    _add(latent, "&Reset all", window.latent.reset, "0", "Ctrl+0")
    view = window.menuBar().addMenu("&View")
    _add(view, "&Reset view of the skeleton", window.skeleton.reset_view, "V")
    view.addSeparator()
    view.addAction(window.pictures.skeleton)
    view.addAction(window.strip.pictures.controls.differences)
    view.addMenu(ColourMenu(window._preferences, window))
    view.addSeparator()
    for dock in window.docks.values():
        view.addAction(dock.toggleViewAction())
    _add(view, "Reset &layout", window.reset_layout)
    help_menu = window.menuBar().addMenu("&Help")
    _add(help_menu, "&Model info", window.show_model_info, "Ctrl+I")
    _add(help_menu, "&About LSPS Explorer", window.show_about)


def _build_file_menu(window: MainWindow) -> None:
    menu = window.menuBar().addMenu("&File")
    _add(menu, "&Open …", window.ask_for_files, "Ctrl+O")
    _add(menu, "Open &folder of images …", window.ask_for_folder, "Ctrl+Shift+O")
    samples = menu.addMenu("Open &bundled")
    _add(samples, "&Model", window.open_bundled_model)
    for title, name in SAMPLES.items():
        _add(samples, title, partial(window.open_sample, name))
    menu.addSeparator()
    _add(menu, "&Save screenshot …", window.ask_for_screenshot, "Ctrl+S")
    menu.addSeparator()
    _add(menu, "&Quit", window.close, "Ctrl+Q")


def _add(menu: QMenu, title: str, do: Callable[[], object], *keys: str) -> None:
    action: QAction = menu.addAction(title)
    action.setShortcuts([QKeySequence(key) for key in keys])
    action.triggered.connect(lambda: do())
