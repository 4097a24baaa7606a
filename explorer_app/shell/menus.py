"""Menus and shortcuts of the main window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from explorer_app.explore.menus import fill_edit_menu, fill_frame_menu, fill_latent_menu, fill_view_menu
from explorer_app.explore.views import ExploreViews
from explorer_app.inspect.label_queue import LabelQueue
from explorer_app.inspect.panel import FailuresPanel
from explorer_app.model.devices import devices
from explorer_app.preferences import THEMES, Preferences
from explorer_app.session.background import Background
from explorer_app.shell.appearance import set_theme
from explorer_app.shell.clipboard import Clipboard
from explorer_app.shell.help.windows import HelpWindows
from explorer_app.shell.opener import Opener
from explorer_app.shell.save_pictures import ViewPictures
from explorer_app.shell.workspace_keys import WorkspaceKeys
from explorer_app.shell.workspaces import Workspaces
from explorer_app.train.dialogs import TrainingDialogs
from explorer_app.widgets.menus import add_action, filled_on_show
from explorer_app.widgets.pictures.colour_choice import ColourMenu
from explorer_app.workspace_names import EXPLORE, INSPECT
from lsps_core.data.recordings.camera_names import CAMERAS
from lsps_core.files import kind_of

SAMPLES = {"Simulated sensor frames": "sensor.h5", "Simulated synthetic frames": "synthetic.h5"}


@dataclass(frozen=True, kw_only=True)
class MenuTargets:
    """The objects that the menus act on."""

    window: QMainWindow
    background: Background
    preferences: Preferences
    opener: Opener
    clipboard: Clipboard
    view_pictures: ViewPictures
    help: HelpWindows
    workspaces: Workspaces
    keys: WorkspaceKeys
    docks: Mapping[str, QDockWidget]
    explore: ExploreViews
    failures_panel: FailuresPanel
    label_queue: LabelQueue
    training_dialogs: TrainingDialogs
    evaluate: Callable[[], None]
    reset_layout: Callable[[], None]
    start_tour: Callable[[], None]


def fill_recent(on: MenuTargets, menu: QMenu) -> None:
    """Recent files by name; equal names with their folder, missing ones in grey."""
    recent = on.preferences.recent
    names = [path.name for path in recent]
    for path in recent:
        title = path.name if names.count(path.name) == 1 else f"{path.name}  ({path.parent.name})"
        action = add_action(menu, title.replace("&", "&&"), partial(on.opener.open_paths, [path]))
        action.setToolTip(str(path))
    menu.setToolTipsVisible(True)
    on.background.looking.ask("a recent file", partial(_gone, recent), partial(_grey, menu), lambda _: None)
    menu.addSeparator()
    add_action(menu, "&Clear", partial(setattr, on.preferences, "recent", [])).setEnabled(bool(recent))


def _gone(paths: list[Path]) -> set[str]:
    return {str(path) for path in paths if not kind_of(path)}


def _grey(menu: QMenu, gone: set[str]) -> None:
    for action in menu.actions():
        if action.toolTip() in gone:
            action.setEnabled(False)
            action.setToolTip(f"{action.toolTip()} no longer exists")


def fill_pictures(on: MenuTargets, menu: QMenu) -> None:
    """Every view that is on screen; a tab behind another has no size yet that it could be drawn in."""
    views: dict[str, QWidget] = {"Decoded images": on.explore.pictures.row, "Skeleton": on.explore.skeleton.scene}
    views |= {title: dock.widget() for title, dock in on.docks.items()}
    for title, view in views.items():
        action = add_action(menu, f"{title} …", partial(on.view_pictures.ask, title.lower(), view))
        action.setEnabled(not view.visibleRegion().isEmpty())


def fill_devices(on: MenuTargets, menu: QMenu) -> None:
    group = QActionGroup(menu)
    for device in devices():
        action = add_action(menu, device, partial(on.opener.set_device, device))
        action.setCheckable(True)
        action.setChecked(device == on.opener.device)
        group.addAction(action)


def build_themes(on: MenuTargets, menu: QMenu) -> None:
    themes = menu.addMenu("&Theme")
    group = QActionGroup(themes)
    for theme in THEMES:
        title = "Follow the &system" if theme == THEMES[0] else f"&{theme.capitalize()}"
        action = add_action(themes, title, partial(_choose_theme, on, theme))
        action.setCheckable(True)
        action.setChecked(theme == on.preferences.theme)
        group.addAction(action)


def _choose_theme(on: MenuTargets, theme: str) -> None:
    on.preferences.theme = theme
    set_theme(theme)


def build_menus(on: MenuTargets) -> None:
    bar = on.window.menuBar()
    _build_file_menu(on, bar.addMenu("&File"))
    _build_edit_menu(on, bar.addMenu("&Edit"))
    frame, latent = bar.addMenu("F&rame"), bar.addMenu("&Latent")
    fill_frame_menu(on.explore, frame)
    fill_latent_menu(on.explore, latent)
    on.keys.keep([*frame.actions(), *latent.actions()], EXPLORE, INSPECT)
    model = bar.addMenu("&Model")
    filled_on_show(model, "&Device", partial(fill_devices, on))
    add_action(model, "&Model info", on.help.show_model_info, "Ctrl+I")
    inspect = bar.addMenu("&Inspect")
    on.failures_panel.fill_menu(inspect, on.evaluate)
    inspect.addAction(on.label_queue.action)
    on.keys.keep(on.failures_panel.selection_actions.marks, INSPECT)
    on.training_dialogs.fill_menu(bar.addMenu("&Train"))
    _build_view_menu(on, bar.addMenu("&View"))
    help_menu = bar.addMenu("&Help")
    add_action(help_menu, "Find a &command …", on.help.show_commands, "Ctrl+K")
    add_action(help_menu, "&Guide", on.help.show_guide)
    add_action(help_menu, "&Tour", on.start_tour)
    add_action(help_menu, "&Shortcuts", on.help.show_shortcuts, "?", "F1")
    add_action(help_menu, "&Log", on.help.show_log, "Ctrl+L")
    add_action(help_menu, "&About LSPS Explorer", on.help.show_about)


def _build_file_menu(on: MenuTargets, menu: QMenu) -> None:
    opener, skeleton = on.opener, on.explore.skeleton
    skeleton.menu.save_image.triggered.connect(lambda: on.view_pictures.ask("skeleton", skeleton.scene))
    add_action(menu, "&Open …", opener.ask_for_files, "Ctrl+O")
    add_action(menu, "Open &folder of images …", opener.ask_for_folder, "Ctrl+Shift+O")
    filled_on_show(menu, "Open &recent", partial(fill_recent, on))
    samples = menu.addMenu("Open &bundled")
    add_action(samples, "&Model", opener.open_bundled_model)
    for title, name in SAMPLES.items():
        add_action(samples, title, partial(opener.open_sample, name))
    cameras = menu.addMenu("&Camera")
    for name, title in CAMERAS.items():
        add_action(cameras, title, partial(opener.open_camera, name))
    menu.addSeparator()
    add_action(menu, "&Save session …", opener.ask_where_to_save, "Ctrl+S")
    menu.addSeparator()
    menu.addMenu(on.explore.time.exporting.menu)
    filled_on_show(menu, "Save &image of", partial(fill_pictures, on))
    add_action(menu, "Save s&creenshot …", on.view_pictures.ask_for_screenshot, "Ctrl+Shift+S")
    menu.addSeparator()
    add_action(menu, "&Quit", on.window.close, "Ctrl+Q")


def _build_edit_menu(on: MenuTargets, menu: QMenu) -> None:
    clipboard = on.clipboard
    fill_edit_menu(on.explore, menu)
    menu.addSeparator()
    add_action(menu, "Copy as &Python", clipboard.copy_python, "Ctrl+Shift+C")
    add_action(menu, "Copy as &command", clipboard.copy_command, "Ctrl+Alt+C")
    add_action(menu, "Copy &latent as JSON", clipboard.copy_latent, "Ctrl+Shift+L")
    menu.addSeparator()
    add_action(menu, "Paste l&atent", clipboard.paste_latent, "Ctrl+Shift+V")


def _build_view_menu(on: MenuTargets, menu: QMenu) -> None:
    for action in on.workspaces.actions.values():
        menu.addAction(action)
    menu.addSeparator()
    before = len(menu.actions())
    fill_view_menu(on.explore, menu)
    on.keys.keep(menu.actions()[before:], EXPLORE, INSPECT)
    menu.addMenu(ColourMenu(on.preferences, on.window))
    build_themes(on, menu)
    menu.addSeparator()
    for dock in on.docks.values():
        menu.addAction(dock.toggleViewAction())
    add_action(menu, "Reset la&yout", on.reset_layout)
    add_action(menu, "F&ull screen", partial(_switch_full_screen, on.window), "F11")


def _switch_full_screen(window: QMainWindow) -> None:
    window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)
