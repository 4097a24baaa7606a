"""Menus whose lines depend on what there is: recent files, presets, devices, views, themes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from explorer_app.appearance import set_theme
from explorer_app.model.latent import LatentCode
from explorer_app.preferences import THEMES
from explorer_app.views.presets_dialog import PresetsDialog
from lsps_core.files import kind_of

if TYPE_CHECKING:
    from explorer_app.main_window import MainWindow


def add_action(menu: QMenu, title: str, do: Callable[[], object], *keys: str, tip: str = "") -> QAction:
    action: QAction = menu.addAction(title)
    action.setShortcuts(list(keys))
    action.setStatusTip(tip)
    action.triggered.connect(lambda: do())
    return action


def filled_on_show(menu: QMenu, title: str, fill: Callable[[QMenu], None]) -> QMenu:
    """A submenu that is made anew whenever it opens."""
    submenu = menu.addMenu(title)

    def refill() -> None:
        submenu.clear()
        for group in submenu.findChildren(QActionGroup):  # which clear() leaves
            group.deleteLater()
        fill(submenu)

    submenu.aboutToShow.connect(refill)
    return submenu


def fill_recent(window: MainWindow, menu: QMenu) -> None:
    """What was opened, by name; those of one name with their folder, those that are gone in grey."""
    recent = window.preferences.recent
    names = [path.name for path in recent]
    for path in recent:
        title = path.name if names.count(path.name) == 1 else f"{path.name}  ({path.parent.name})"
        action = add_action(menu, title.replace("&", "&&"), partial(window.opener.open_paths, [path]))
        action.setToolTip(str(path))
    menu.setToolTipsVisible(True)
    window.background.looking.ask("a recent file", partial(_gone, recent), partial(_grey, menu), lambda _: None)
    menu.addSeparator()
    add_action(menu, "&Clear", partial(setattr, window.preferences, "recent", [])).setEnabled(bool(recent))


def _gone(paths: list[Path]) -> set[str]:
    return {str(path) for path in paths if not kind_of(path)}


def _grey(menu: QMenu, gone: set[str]) -> None:
    for action in menu.actions():
        if action.toolTip() in gone:
            action.setEnabled(False)
            action.setToolTip(f"{action.toolTip()} is gone")


def fill_presets(window: MainWindow, menu: QMenu) -> None:
    session = window.session
    add_action(menu, "Mean code", partial(session.set_latent, LatentCode(), "mean code"))
    if session.model is not None:
        for name, code in window.presets.of(session.model.name).items():
            add_action(menu, name.replace("&", "&&"), partial(session.set_latent, code, name))


def show_presets(window: MainWindow) -> None:
    """Where presets of the open model are saved, renamed and deleted."""
    if window.session.model is None:
        window.session.message.emit("presets belong to a model, and there is none yet; open one with File ▸ Open")
        return
    dialog = PresetsDialog(window.presets, window.session, window)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def fill_pictures(window: MainWindow, menu: QMenu) -> None:
    """Every view that is on screen; a tab behind another has no size yet that it could be drawn in."""
    views = {"Decoded pictures": window.pictures, "Skeleton": window.skeleton}
    views |= {title: dock.widget() for title, dock in window.docks.items()}
    for title, view in views.items():
        action = add_action(menu, f"{title} …", partial(window.view_pictures.ask, title.lower(), view))
        action.setEnabled(not view.visibleRegion().isEmpty())


def fill_devices(window: MainWindow, menu: QMenu) -> None:
    group = QActionGroup(menu)
    for device in devices():
        action = add_action(menu, device, partial(window.opener.set_device, device))
        action.setCheckable(True)
        action.setChecked(device == window.opener.device)
        group.addAction(action)


def devices() -> list[str]:
    """What a model can compute on; those besides the CPU are known once a model has brought torch along."""
    found = ["auto", "cpu"]
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "cuda"):  # not yet, or half imported in a thread
        return found
    found += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return found + (["mps"] if torch.backends.mps.is_available() else [])


def build_themes(window: MainWindow, menu: QMenu) -> None:
    themes = menu.addMenu("&Theme")
    group = QActionGroup(themes)
    for theme in THEMES:
        title = "As the &system has it" if theme == THEMES[0] else f"&{theme.capitalize()}"
        action = add_action(themes, title, partial(_choose_theme, window, theme))
        action.setCheckable(True)
        action.setChecked(theme == window.preferences.theme)
        group.addAction(action)


def _choose_theme(window: MainWindow, theme: str) -> None:
    window.preferences.theme = theme
    set_theme(theme)
